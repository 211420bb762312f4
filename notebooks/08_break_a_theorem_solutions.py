# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Solutions to 08 Break a theorem
#
# One way to answer each exercise of [08 Break a theorem](08_break_a_theorem.ipynb), and why it is right.

# %%
from checks.ready import ready

ready("notebooks")

import jax
import jax.numpy as jnp

import w2s_theory as w2s
from checks import break_a_theorem as checks
from w2s_theory import Cite, FlooredTables, Instance, Leq, Status
from w2s_theory.claim import claim
from w2s_theory.testing import smallest_violation

FULL = False  # True: the adversary attacks the surviving claim too; a minute
jax.config.update("jax_enable_x64", True)

# %% [markdown]
# ### Exercise 1
#
# Truth $(1,0)$, teacher $(\frac12,\frac12)$, student $(p,1-p)$: left $\sqrt{-\log p}$, right
# $\sqrt{\log2}+\sqrt{\frac12\log\frac1{4p(1-p)}}$. The smaller $p$, the larger the violation.

# %%
answer = {"weights": [1.0], "truth": [[1.0, 0.0]], "weak": [[0.5, 0.5]], "strong": [[0.001, 0.999]]}

# %%
checks.exercise_1(answer)

# %% [markdown]
# ### Exercise 2
#
# The root is taken after the average over the inputs.


# %%
@claim(
    cite=Cite("lecam1986asymptotic"),
    status=Status.open,
    worlds=(FlooredTables(1, 2), FlooredTables(3, 3)),
)
def hellinger_triangle(i: Instance) -> Leq:
    r"""$\sqrt{\mathbb E H^2(F^*,F_{sw})}\le\sqrt{\mathbb E H^2(F^*,F_w)}+\sqrt{\mathbb E H^2(F_w,F_{sw})}$."""
    left = jnp.sqrt(w2s.expectation(i.weights, w2s.squared_hellinger(i.truth, i.strong)))
    first = jnp.sqrt(w2s.expectation(i.weights, w2s.squared_hellinger(i.truth, i.weak)))
    second = jnp.sqrt(w2s.expectation(i.weights, w2s.squared_hellinger(i.weak, i.strong)))
    return Leq(left, first + second)


answer = hellinger_triangle

# %%
checks.exercise_2(answer)

# %% [markdown]
# It is true: $\sqrt{\mathbb E H^2}$ is, up to a factor, the Euclidean length of the difference of $\sqrt{F}$. Attacks
# find nothing, which is evidence.

# %%
(row,) = w2s.verify(answer, instances=2_000)
print(f"{row.violations} violations in {row.instances:,} instances")
print("Hypothesis:", smallest_violation(answer, at_least=1e-6, examples=100))
if FULL:
    print(w2s.falsify(answer, store=None).sentence)

# %% [markdown]
# ### Exercise 3
#
# Two classes, rows close together around one half: there KL is $2\,\mathrm{TV}^2$ to leading order.

# %%
answer = {"weights": [1.0], "truth": [[0.5, 0.5]], "weak": [[0.5, 0.5]], "strong": [[0.501, 0.499]]}
print(f"{w2s.evaluate('pinsker', answer).tightness:.7f}")

# %%
checks.exercise_3(answer)

# %% [markdown]
# ### Exercise 4
#
# A certain truth makes the revealed miscalibration as large as it can be, and a student still closer to its teacher
# makes the right side small. Merged at one half, the teacher is calibrated; the student separates the two inputs by a
# hair, and every error that the merging hid comes to light.

# %%
answer = {
    "weights": ["1/2", "1/2"],
    "truth": [["1", "0"], ["0", "1"]],
    "weak": [["1/2", "1/2"], ["1/2", "1/2"]],
    "strong": [["5001/10000", "4999/10000"], ["4999/10000", "5001/10000"]],
}

# %%
checks.exercise_4(answer)

# %% [markdown]
# ### Exercise 5
#
# A sweep is evidence, however long. An uncertified violation is a candidate. A certificate refutes. `certify` proves
# the inequality on its box of instances, with one input and two classes, and says nothing beyond.

# %%
answer = {
    "a sweep of a million instances shows no violation": "evidence",
    "falsify reports a violation that is not certified": "candidate",
    "the verifier accepts a certificate of a violation": "refuted",
    "certify accepts a box of two-class instances": "proved on the box",
}

# %%
checks.exercise_5(answer)

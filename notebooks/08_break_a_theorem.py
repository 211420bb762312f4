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
# # 08 Break a theorem
#
# You have read bounds, checked bounds and bent their assumptions. Now you write one yourself, in ten lines, and
# then do your best to destroy it: by thought, by chance, by shrinking, by gradient search, and at last by exact
# arithmetic. A claim that survives this is not proved. A claim that does not survive is finished, and you will hold
# the certificate.
#
# ## What you will be able to do
#
# - write a claim of your own that the whole toolkit understands;
# - property-test it, search for its worst instance, and read what comes back;
# - tell a candidate counterexample from a certified one, and certify one;
# - say of every outcome exactly what has been shown.
#
# You need [01 The setting](01_the_setting.ipynb) and [03 Which calibration](03_which_calibration.ipynb).

# %%
from checks.ready import ready

ready("notebooks")

import jax
import jax.numpy as jnp
import numpy as np
from rich.console import Console

import w2s_theory as w2s
from checks import break_a_theorem as checks
from checks.sliders import Slider, sliders
from w2s_theory import Cite, FlooredTables, Instance, Leq, Status, exact
from w2s_theory.claim import claim
from w2s_theory.exact.certificate import digest
from w2s_theory.report.figures import style
from w2s_theory.report.rows import evaluation_table, falsification_table
from w2s_theory.testing import smallest_violation

FULL = False  # True: the adversary certifies counterexamples, too; minutes
console = Console(width=92)
jax.config.update("jax_enable_x64", True)  # double precision throughout

# %% [markdown]
# ## 1. A theorem in ten lines
#
# For the *squared* loss the root of the risk is a distance, and so it obeys the triangle inequality:
# $\sqrt{L(F_{sw})}\le\sqrt{L(F_w)}+\sqrt d$. That is the claim `generalization-squared` of [05
# Balance](05_balance.ipynb). Would it not be nice to have the same for the KL risk? No floor, no constant.
#
# A claim is a function from an instance to two sides. The decorator adds what the toolkit needs to know: a source,
# a status (`open`: nobody has proved or refuted it), and *worlds*, which generate instances. The name of the
# function is the claim's id and its docstring is the statement.


# %%
@claim(
    cite=Cite("w2stheory", "an exercise"),
    status=Status.open,
    worlds=(FlooredTables(1, 2), FlooredTables(3, 3)),
)
def root_triangle(i: Instance) -> Leq:
    r"""$\sqrt{L(F_{sw})}\le\sqrt{L(F_w)}+\sqrt{d_P(F_w,F_{sw})}$."""
    left = jnp.sqrt(w2s.risk(i.weights, i.truth, i.strong))
    right = jnp.sqrt(w2s.risk(i.weights, i.truth, i.weak)) + jnp.sqrt(
        w2s.disagreement(i.weights, i.weak, i.strong)
    )
    return Leq(left, right)


# %% [markdown]
# That is all. The claim can be evaluated on an instance, like any other:

# %%
pair = {"weights": [1.0], "truth": [[0.7, 0.3]], "weak": [[0.6, 0.4]], "strong": [[0.4, 0.6]]}
console.print(evaluation_table(root_triangle, w2s.evaluate(root_triangle, pair)))

# %% [markdown]
# It holds there. The *error budget* is computed from the size of the numbers: a slack within it would be called
# `tight`. The next cell evaluates the claim on 120 × 120 instances at once. Look at the whole square of teachers
# and students for a truth that you choose.
#
# **Predict:** is there any red, where the left side is larger? For which truths?


# %%
def slack_map(truth):
    grid = np.linspace(0.002, 0.998, 120)
    weak, strong = (
        np.stack([part, 1 - part], axis=-1)[..., None, :] for part in np.meshgrid(grid, grid)
    )
    one, row = np.ones((120, 120, 1)), np.broadcast_to([truth, 1 - truth], weak.shape)
    sides = jax.vmap(jax.vmap(root_triangle.sides))(Instance(one, row, weak, strong, one[..., 0]))
    with w2s.Sheet(f"Slack of the claim for a truth of {truth:.2f}", size=(5.4, 4.4)) as sheet:
        drawn = sheet.axes.pcolormesh(
            grid, grid, np.asarray(sides.slack), cmap="RdBu", vmin=-0.4, vmax=0.4
        )
        sheet.axes.contour(
            grid, grid, np.asarray(sides.slack), levels=[0.0], colors=style.BLACK, linewidths=0.8
        )
        sheet.canvas.colorbar(drawn, ax=sheet.axes, label="slack: rhs − lhs")
        sheet.axes.set(
            xlabel="teacher's first probability",
            ylabel="student's first probability",
            aspect="equal",
        )
        sheet.axes.set_title(
            f"truth ({truth:.2f}, {1 - truth:.2f}); the line is where the slack is zero", loc="left"
        )
    return sheet


sliders(slack_map, truth=Slider(0.5, 1.0, start=0.98))

# %% [markdown]
# ### Exercise 1: break it by thought
#
# Give an instance on which the claim is violated by at least 0.1. The answer is a dictionary like `pair` above.

# %%
answer = ...

# %%
checks.exercise_1(answer)

# %% [markdown]
# ## 2. Break it by chance
#
# `w2s.verify` draws random instances from the claim's worlds and evaluates the claim on each. It takes ids of the
# catalogue and claims of your own.

# %%
(row,) = w2s.verify(root_triangle, instances=2_000)
print(
    f"{row.id}: {row.violations} violations in {row.instances:,} instances, worst slack {row.min_slack:.2f}"
)

# %% [markdown]
# Chance was enough. But the instances it finds are ugly: twelve digits in every entry. A counterexample is worth
# more if a reader can check it by hand.
#
# ## 3. Shrink it
#
# Property-testing libraries do not only find a failing example, they *shrink* it. In a test file you would write,
# with Hypothesis,
#
# ```python
# @given(instances(FlooredTables(1, 2)))
# def test_root_triangle(i):
#     assert w2s.evaluate(root_triangle, i).verdict is not w2s.Verdict.violated
# ```
#
# `smallest_violation` is the same in one line. Shrinking makes everything small, also the violation itself, down to
# one that rounding could almost explain. So we ask for a violation of at least 0.01.

# %%
small = w2s.instance_to_json(smallest_violation(root_triangle, at_least=0.01))
for name in ("weights", "truth", "weak", "strong"):
    print(f"{name:8}", np.round(small[name], 4).tolist())

# %% [markdown]
# One input, two classes, a teacher at one half: there is no simpler shape. Note how the truth and the student lie on
# opposite sides of the teacher.
#
# ## 4. Break it on purpose
#
# The adversary climbs along the gradient of lhs − rhs from thousands of starts at once, and then looks for the
# *plainest* instance near what it found: fewest inputs, roundest numbers.
#
# **Predict:** which truth will it choose? Which student?

# %%
found = w2s.falsify(root_triangle, store=None)
console.print(falsification_table(root_triangle, found))

# %% [markdown]
# A one-hot truth, a teacher that tosses a coin, a student that is nearly sure of the wrong class. With $p$ the
# probability the student gives to the truth, the left side is $\sqrt{-\log p}$, and the disagreement is about
# *half* of what is under that root. So the left side wins as $p\to0$. KL is no distance.
#
# The last line says *candidate*. All of this was floating-point arithmetic. Here the violation is huge compared
# with any rounding, and yet: the toolkit says `certified` only where an independent verifier with exact arithmetic
# has agreed, and that verifier has no rule for a claim you invented a minute ago. For the claims of the catalogue
# it has.
#
# ## 5. A claim that survives
#
# Is no root of a divergence a distance? The *Hellinger distance* is: $H^2(p,q)=1-\sum_i\sqrt{p_iq_i}$, in the package
# `w2s.squared_hellinger(p, q)`, one value an input. `w2s.expectation(weights, values)` averages over the inputs.
#
# ### Exercise 2: write it
#
# Write the triangle inequality for $\sqrt{\mathbb E H^2}$ as a claim,
#
# $$\sqrt{\mathbb E H^2(F^\ast,F_{sw})}\le\sqrt{\mathbb E H^2(F^\ast,F_w)}+\sqrt{\mathbb E H^2(F_w,F_{sw})},$$
#
# on the same worlds, and let the answer be the claim. (Copy the ten lines from above and change them.)

# %%
answer = ...

# %%
checks.exercise_2(answer)

# %% [markdown]
# When it is accepted, attack it: `w2s.verify(answer)`, `smallest_violation(answer)` and `w2s.falsify(answer,
# store=None)` all take it. **Predict** what they say before you run them. In the solutions you find what they said
# here.
#
# ## 6. Sharp or not?
#
# A true claim can still be attacked: try to make it *better*. If some instance has equal sides, no smaller constant
# will do, and the claim is called sharp. Pinsker's inequality [@cover2006elements] says $\mathbb E\,\mathrm{TV}\le
# \sqrt{d/2}$.
#
# ### Exercise 3
#
# Give an instance on which the left side of `pinsker` is at least 0.999 of the right side. (The models have to
# differ: at zero against zero there is no ratio.) `w2s.evaluate("pinsker", instance).tightness` is that ratio.

# %%
answer = ...

# %%
checks.exercise_3(answer)

# %% [markdown]
# ## 7. Certify it
#
# Now for a counterexample that nobody can doubt. The claim is `calibration-score-conditional`, one reading of a
# bound of [@yao2025understanding]: the calibration error, conditioned on the score, moves by at most
# $2\sqrt{1-e^{-d}}$. You met it in notebook 03; other readings hold.
#
# Write the instance in *rational numbers*, as strings, so that nothing is rounded. The verifier (`w2s_theory.exact`)
# shares no code with the rest. It checks that rows sum to one exactly, computes the calibration errors as rationals,
# and encloses the square root in a *ball*: an interval that surely contains it.

# %%
instance = {
    "kind": "simplex",
    "weights": ["1/2", "1/2"],
    "truth": [["9/10", "1/10"], ["1/10", "9/10"]],
    "weak": [["1/2", "1/2"], ["1/2", "1/2"]],
    "strong": [["501/1000", "499/1000"], ["499/1000", "501/1000"]],
}
certificate = exact.sealed(
    claim="calibration-score-conditional", dropped=None, factor="1", instance=instance
)
for key in ("claim", "lhs", "rhs", "at_least"):
    print(f"{key:9}", certificate[key])

# %% [markdown]
# `lhs` and `rhs` are enclosed between two decimals each, and `at_least` is a rational number that lhs − rhs
# exceeds, for this very instance. That *refutes* the reading. Anybody can check it again from the file alone:

# %%
print(exact.check(certificate).at_least)

# %% [markdown]
# **Predict:** what happens if somebody claims a bit more than is true? And if they also repair the file's digest, the
# number that shows that it was altered?

# %%
altered = {**certificate, "at_least": "9/10"}
for forged in (altered, {**altered, "digest": digest(altered)}):
    try:
        exact.check(forged)
    except exact.CertificateError as problem:
        print(f"rejected: {problem}.")

# %% [markdown]
# ### Exercise 4
#
# Change the instance so that the violation is at least 99/100. The answer is a dictionary of weights, truth, weak and
# strong, all numbers as strings.

# %%
answer = ...

# %%
checks.exercise_4(answer)

# %% [markdown]
# For a claim of the catalogue the adversary does all of it: search, shrink, write the certificate, and have it
# verified in a process of its own. `w2s.falsify("floored-log-ratio", drop="floor")` does the same after switching
# an assumption off. This takes a while:

# %%
if FULL:
    print(w2s.falsify("calibration-score-conditional", store="certificates").sentence)
    print(w2s.falsify("floored-log-ratio", drop="floor", store="certificates").sentence)

# %% [markdown]
# ## 8. Say what was done
#
# ### Exercise 5
#
# Which word may you use, after each of four outcomes? Choose from `"evidence"`, `"candidate"`, `"refuted"`,
# `"proved on the box"` and `"proved"`.

# %%
answer = {
    "a sweep of a million instances shows no violation": ...,
    "falsify reports a violation that is not certified": ...,
    "the verifier accepts a certificate of a violation": ...,
    "certify accepts a box of two-class instances": ...,
}

# %%
checks.exercise_5(answer)

# %%
print(w2s.reference("cover2006elements", "yao2025understanding"))

# %% [markdown]
# ## What is proved, what is only observed
#
# - **Refuted, certified:** the score-conditional reading of the calibration bound, by the instance above, in exact
#   and ball arithmetic. Which reading a paper means is a question about its text, not about arithmetic.
# - **Candidate:** the counterexample to `root_triangle`, found in floating point. For this one you can finish the job
#   with pencil and paper: one input, $p\to0$.
# - **Proved elsewhere:** Pinsker's inequality, and the triangle inequality of the Hellinger distance, which is a
#   Euclidean distance of square roots.
# - **Only observed:** that searches found nothing against the latter. If all you have is a search that found nothing,
#   say so, with the number of instances, and go on looking.

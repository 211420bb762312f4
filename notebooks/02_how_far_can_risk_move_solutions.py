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
# # Solutions to 02 How far can risk move?
#
# One way to answer each exercise of [02 How far can risk move?](02_how_far_can_risk_move.ipynb), and why it is right.

# %%
from checks.ready import ready

ready("notebooks")

import jax
import numpy as np

import w2s_theory as w2s
from checks import how_far_can_risk_move as checks
from w2s_theory.functionals.instance_envelope import line_students

jax.config.update("jax_enable_x64", True)
given = checks.teacher_and_truth()
weights, truth, weak = (np.asarray(given[key]) for key in ("weights", "truth", "weak"))

# %% [markdown]
# ### Exercise 1
#
# Both bounds are multiples of $\sqrt d$, so their ratio is the same everywhere; it is $1/(2\sqrt{\gamma(1-\gamma)})$.

# %%
answer = w2s.naive_risk_bound(1.0, 0.001) / w2s.log_ratio_bound(1.0, 0.001)

# %%
checks.exercise_1(answer)

# %% [markdown]
# ### Exercise 2
#
# The envelope is flat once the teacher is at the top, $1-\gamma$, and the student at the floor.

# %%
answer = w2s.kl_divergence([0.99, 0.01], [0.01, 0.99])

# %%
checks.exercise_2(answer)

# %% [markdown]
# ### Exercise 3
#
# The best student lies between teacher and truth. Walk from the teacher until the disagreement is used up.

# %%
steps = np.linspace(0, 0.8, 161)
students = [line_students(truth, weak, step) for step in steps]
far = np.array([w2s.disagreement(weights, weak, student) for student in students])
answer = students[np.flatnonzero(far <= 0.02)[-1]]
print(np.round(answer, 4))

# %%
checks.exercise_3(answer)

# %% [markdown]
# ### Exercise 4
#
# The worst student walks away from the truth, on the same line.

# %%
students = [line_students(truth, weak, -step) for step in steps]
far = np.array([w2s.disagreement(weights, weak, student) for student in students])
answer = students[np.flatnonzero(far <= 0.02)[-1]]
print(np.round(answer, 4))

# %%
checks.exercise_4(answer)

# %% [markdown]
# ### Exercise 5
#
# The last point of a fine grid at which even the worst log-loss of the student is no larger than the teacher's.

# %%
unlabelled = [checks.UNLABELLED[key] for key in ("weights", "weak", "strong")]
losses = np.linspace(0.46, 0.56, 51)
worst = np.array([w2s.label_free_range(*unlabelled, loss).upper for loss in losses])
answer = losses[np.flatnonzero(worst <= losses)[-1]]

# %%
checks.exercise_5(answer)

# %% [markdown]
# ### Exercise 6
#
# The truth is certain, and the teacher gives it one part in a thousand. The declared floor is 0.3, which the teacher
# does not keep. The change of risk is large, and the constant for 0.3 is small.

# %%
answer = {
    "weights": [1.0],
    "truth": [[1.0, 0.0]],
    "weak": [[0.001, 0.999]],
    "strong": [[0.5, 0.5]],
    "floor": 0.3,
}

# %%
checks.exercise_6(answer)

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
# # Solutions to 03 Which calibration?
#
# One way to answer each exercise of [03 Which calibration?](03_which_calibration.ipynb), and why it is right.

# %%
from checks.ready import ready

ready("notebooks")

import jax
import numpy as np

import w2s_theory as w2s
from checks import which_calibration as checks

jax.config.update("jax_enable_x64", True)
given = checks.pair(0.002)

# %% [markdown]
# ### Exercise 1
#
# The score 0.501 occurs on the first input only, where class 1 has frequency 0.9: off by 0.399. The same on the other
# input, and again for the other class: 2 · 0.399.

# %%
answer = w2s.marginal_calibration_error(given["weights"], given["truth"], given["strong"])

# %%
checks.exercise_1(answer)

# %% [markdown]
# ### Exercise 2
#
# The same trick on most of the inputs, and an honest second score on the rest.

# %%
answer = {
    "weights": [0.4, 0.4, 0.2],
    "truth": [[1.0, 0.0], [0.0, 1.0], [0.8, 0.2]],
    "weak": [[0.5, 0.5], [0.5, 0.5], [0.8, 0.2]],
    "strong": [[0.5001, 0.4999], [0.4999, 0.5001], [0.8, 0.2]],
}

# %%
checks.exercise_2(answer)

# %% [markdown]
# ### Exercise 3
#
# A common partition does not move when the model does, and a Lipschitz test moves little. Scores and bins are
# conditions that jump.

# %%
answer = {"calibration-common-conditioning", "calibration-smooth"}

# %%
checks.exercise_3(answer)

# %% [markdown]
# ### Exercise 4
#
# Put the teacher's score on an edge, here 9/15 = 0.6, which belongs to the bin below. The student steps over it on
# one input.

# %%
answer = {
    "weights": [0.5, 0.5],
    "truth": [[1.0, 0.0], [0.2, 0.8]],
    "weak": [[0.6, 0.4], [0.6, 0.4]],
    "strong": [[0.6001, 0.3999], [0.5999, 0.4001]],
}

# %%
checks.exercise_4(answer)

# %% [markdown]
# ### Exercise 5
#
# Too close, and the test cannot tell the scores apart; 0.8 apart, and the student is calibrated. In between lies the
# largest.

# %%
distances = np.linspace(0, 0.8, 81)
students = [checks.pair(distance)["strong"] for distance in distances]
errors = [
    w2s.smooth_calibration_error(given["weights"], given["truth"], student) for student in students
]
answer = distances[np.argmax(errors)]

# %%
checks.exercise_5(answer)

# %% [markdown]
# ### Exercise 6
#
# The curve crosses 0.05 between 1,000 labels (0.076) and 3,000.

# %%
answer = 2_300

# %%
checks.exercise_6(answer)

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
# # Solutions to 07 Real predictions
#
# One way to answer each exercise of [07 Real predictions](07_real_predictions.ipynb), and why it is right.

# %%
from checks.ready import ready

ready("notebooks", "data")

import jax
import numpy as np

import w2s_theory as w2s
from checks import real_predictions as checks

jax.config.update("jax_enable_x64", True)
saved = checks.predictions()
weak, strong, labels = (saved[name] for name in ("weak", "strong", "labels"))

# %% [markdown]
# ### Exercise 1
#
# The teacher's log-loss minus the student's.

# %%
truth, weights = np.eye(10)[labels], np.full(597, 1 / 597)
answer = w2s.log_loss(weights, truth, weak) - w2s.log_loss(weights, truth, strong)
print(f"{answer:.4f}")

# %%
checks.exercise_1(answer)

# %% [markdown]
# ### Exercise 2
#
# (a): the interval of the gain lies above zero. (d): the student repeats about nine in ten of its teacher's errors,
# and the interval is far above one half. The intervals of (b), (e) and (f) contain the number they are about, and
# that of (c) lies below a tenth.

# %%
answer = {"a", "d"}

# %%
checks.exercise_2(answer)

# %% [markdown]
# ### Exercise 3
#
# In every row, take away what the student gave to some wrong class and hand it to the right one. It does not matter
# how little that was: a floor is about the smallest entry.

# %%
answer = strong.copy()
wrong = (labels + 1) % 10
answer[np.arange(597), labels] += answer[np.arange(597), wrong]
answer[np.arange(597), wrong] = 0.0

# %%
checks.exercise_3(answer)

# %% [markdown]
# ### Exercise 4
#
# The cube of each probability, divided by the row's sum: the order within a row stays, and so does the accuracy, but
# the confidence grows and is not earned.

# %%
answer = strong**3
answer /= answer.sum(axis=1, keepdims=True)

# %%
checks.exercise_4(answer)

# %% [markdown]
# ### Exercise 5
#
# The log of such a student is a multiple of its teacher's log, up to a number that depends on the row alone and not
# on the label. So its log-loss is a function of the teacher's: the range is a single point. The teacher is
# overconfident, and a power below one makes it milder. This is temperature scaling, judged without labels.

# %%
answer = weak**0.7
answer /= answer.sum(axis=1, keepdims=True)

# %%
checks.exercise_5(answer)

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
# # Solutions to 01 The setting
#
# One way to answer each exercise of [01 The setting](01_the_setting.ipynb), and why it is right.

# %%
from checks.ready import ready

ready("notebooks")

import jax
import numpy as np

import w2s_theory as w2s
from checks import the_setting as checks

jax.config.update("jax_enable_x64", True)
pair = checks.PAIR

# %% [markdown]
# ### Exercise 1
#
# The forward disagreement: the teacher is the first argument, the student the second.

# %%
answer = w2s.disagreement(pair["weights"], pair["weak"], pair["strong"])

# %%
checks.exercise_1(answer)

# %% [markdown]
# ### Exercise 2
#
# The student $q$ all but excludes a class that $p$ finds likely. The larger divergence grows without limit as that
# class becomes rarer; the other one stays below $\log 2$ for this $p$.

# %%
answer = [[0.5, 0.5], [0.9999, 0.0001]]

# %%
checks.exercise_2(answer)

# %% [markdown]
# ### Exercise 3
#
# The first divergence of a fine grid at which Pinsker's bound is the larger one.

# %%
grid = np.linspace(0.1, 4, 4_000)
answer = grid[np.argmax(w2s.pinsker_bound(grid) > w2s.bretagnolle_huber_bound(grid))]

# %%
checks.exercise_3(answer)

# %% [markdown]
# ### Exercise 4
#
# The parameter $t=1.1$ gives a divergence of about half a nat. Extremal pairs are lopsided: one row is near the
# corner.

# %%
answer = np.stack(w2s.extremal_pair(1.1))
print(answer.round(4))

# %%
checks.exercise_4(answer)

# %% [markdown]
# ### Exercise 5
#
# A class of probability one in a hundred, which $q$ excludes: total variation 0.01, and an infinite divergence. If
# you dislike infinity, a probability of $10^{-300}$ does as well: $0.01\cdot\log10^{298}$ is about 6.9.

# %%
answer = [[0.99, 0.01], [1.0, 0.0]]

# %%
checks.exercise_5(answer)

# %% [markdown]
# ### Exercise 6
#
# Random draws miss narrow counterexamples. A sweep is evidence; here a proof exists, in the theory notes.

# %%
answer = "evidence"

# %%
checks.exercise_6(answer)

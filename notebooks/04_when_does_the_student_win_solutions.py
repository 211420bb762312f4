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
# # Solutions to 04 When does the student win?
#
# One way to answer each exercise of [04 When does the student win?](04_when_does_the_student_win.ipynb), and why it
# is right.

# %%
from checks.ready import ready

ready("notebooks")

import jax

import w2s_theory as w2s
from checks import when_does_the_student_win as checks

jax.config.update("jax_enable_x64", True)

# %% [markdown]
# ### Exercise 1
#
# The gain, as a share of the teacher's risk.

# %%
found = checks.trained(checks.WEAK, "reverse")
teacher = w2s.risk(found["weights"], found["truth"], found["weak"])
student = w2s.risk(found["weights"], found["truth"], found["strong"])
answer = (teacher - student) / teacher

# %%
checks.exercise_1(answer)

# %% [markdown]
# ### Exercise 2
#
# A teacher beyond an end of the segment: its student is that end.

# %%
answer = [0.02, 0.16, 0.82]

# %%
checks.exercise_2(answer)

# %% [markdown]
# ### Exercise 3
#
# The plainest truth that favours the teacher is the teacher itself: then every student that differs is worse.

# %%
answer = checks.WEAK

# %%
checks.exercise_3(answer)

# %% [markdown]
# ### Exercise 4
#
# Far out towards class 2 the level sets of the two directions differ most.

# %%
answer = [0.10, 0.80, 0.10]

# %%
checks.exercise_4(answer)

# %% [markdown]
# ### Exercise 5
#
# Forward training on an exponential family gains by the disagreement if it is judged by reverse risk: exchange the
# arguments of every divergence and the roles of functions and logarithms, and the I-projection becomes this one.

# %%
answer = {"gain-forward-exponential-reverse-risk"}

# %%
checks.exercise_5(answer)

# %% [markdown]
# ### Exercise 6
#
# The student's parameter is positive. With a truth of the other sign it is certain, and wrong, on the second input.

# %%
answer = -2

# %%
checks.exercise_6(answer)

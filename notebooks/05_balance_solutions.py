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
# # Solutions to 05 Balance
#
# One way to answer each exercise of [05 Balance](05_balance.ipynb), and why it is right.

# %%
from checks.ready import ready

ready("notebooks")

import numpy as np

import w2s_theory as w2s
from checks import balance as checks
from w2s_theory.experiments.balance import band

# %% [markdown]
# ### Exercise 1
#
# There is one stationary time, and the risk falls before it and rises after it: it is the minimum.

# %%
weak = np.array([1.0, 1.4, 1.8])
world = w2s.GaussianRegression(np.diag([2.0, 0.3, 0.05]), np.array([1.0, 0.7, 0.2]), weak, weak)
(answer,) = world.stationary_times()
print(f"the risk is lowest at time {answer:.3f}")

# %%
checks.exercise_1(answer)

# %% [markdown]
# ### Exercise 2
#
# The first teacher is never passed. The second overshoots everywhere, and the three directions are learnt at very
# different speeds. So the student passes the truth three times, in one direction after the other: three valleys of
# the risk with two hills between them. The third teacher is wrong in the direction that is learnt first: a valley
# when the student passes the truth there, then a hill, after which it gets better again as it learns the other
# directions.

# %%
answer = []
for coefficients in ([0.5, 0.5, 0.5], [1.5, 1.5, 1.5], [2.0, 1.0, 1.0]):
    weak = np.array(coefficients)
    answer.append(
        len(
            w2s.GaussianRegression(
                np.diag([2.0, 0.2, 0.01]), np.ones(3), weak, weak
            ).stationary_times()
        )
    )
print(answer)

# %%
checks.exercise_2(answer)

# %% [markdown]
# ### Exercise 3
#
# The second direction is learnt ten times more slowly. A teacher that is right in the first direction and exaggerates
# the second threefold pulls the student past the truth in both at about the same time.

# %%
answer = [1.0, 3.0]

# %%
checks.exercise_3(answer)

# %% [markdown]
# ### Exercise 4
#
# The roots add up: $\sqrt{L_w}+\sqrt d\le\sqrt{2L_w}$, so $d=(\sqrt2-1)^2L_w=(3-2\sqrt2)\,L_w$, about 17 % of the
# teacher's risk. Here by trying many values.

# %%
grid = np.linspace(0.0, 0.275, 100_001)
answer = grid[band(0.275, grid)[1] <= 2 * 0.275][-1]
print(f"d = {answer:.4f}")

# %%
checks.exercise_4(answer)

# %% [markdown]
# ### Exercise 5
#
# A teacher that says the opposite of the truth. More subtle ones exist too: it is enough that the first, fast
# direction is wrong, and the slow one cannot make up for it.

# %%
answer = [-1.0, -1.0]

# %%
checks.exercise_5(answer)

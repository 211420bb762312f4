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
# # Solutions to 06 Finite samples
#
# One way to answer each exercise of [06 Finite samples](06_finite_samples.ipynb), and why it is right.

# %%
from checks.ready import ready

ready("notebooks")

import jax
import numpy as np

import w2s_theory as w2s
from checks import finite_samples as checks
from w2s_theory.catalogue.robustness import finite_sample_shortfall, log_span, shortfall_penalty
from w2s_theory.verification.sampled import sampled_outcomes

jax.config.update("jax_enable_x64", True)

# %% [markdown]
# ### Exercise 1
#
# Compute the bound at every power of two, and take the first below the span.

# %%
span = float(log_span(0.05, 3))
sizes = 2.0 ** np.arange(40)
bound = shortfall_penalty(0.05, finite_sample_shortfall(sizes, 4, 0.05, span))
answer = int(sizes[np.argmax(bound < span)])
print(f"n = {answer:,}")

# %%
checks.exercise_1(answer)

# %% [markdown]
# ### Exercise 2
#
# The bound falls like $\sqrt{\tau_n}$ and $\tau_n$ like $1/\sqrt n$, so halving it takes $2^4=16$ times the inputs.
# The logarithm in $\tau_n$ adds a little.

# %%
answer = 16

# %%
checks.exercise_2(answer)

# %% [markdown]
# ### Exercise 3
#
# The upper end is infinite while all draws lie below the quantile with a probability above 0.5 %. That probability is
# $0.9^R$, so $R$ is the first whole number above $\log0.005/\log0.9\approx50.3$. Trying it on either side:

# %%
for draws in (50, 51):
    print(
        f"{draws} draws: at most {w2s.quantile_interval(np.arange(float(draws)), 0.9, 0.99).high:g}"
    )
answer = 51

# %%
checks.exercise_3(answer)

# %% [markdown]
# ### Exercise 4
#
# Teacher and truth lie on the same side, outside the class. The student is pulled back to the end of the hull, away
# from both.

# %%
answer = {"truth": [0.9, 0.1], "weak": [0.95, 0.05]}

# %%
checks.exercise_4(answer)

# %% [markdown]
# ### Exercise 5
#
# The interval has to shrink until its half-width is its middle; the outcome has already computed how many samples
# that takes.

# %%
scores = w2s.GaussianScores(
    mean=0.2, scale=1.5, truth=(1.3, 0.1), weak=(0.8, -0.2), strong=(1.0, 0.3), gamma=0.01
)
claims = [w2s.CATALOGUE["sharp-pinsker"]]
(found,) = sampled_outcomes(claims, scores, 20_000, region="hoeffding", level=0.95)
answer = found.needed / 20_000
print(f"{answer:.1f}")

# %%
checks.exercise_5(answer)

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
# # 05 Balance: stop before you copy your teacher's mistakes
#
# A student trained on a teacher's labels moves towards the teacher. If it arrives, it *is* the teacher, mistakes
# included. On the way it may pass closer to the truth than the teacher ever was. So training time is a balance:
# too short and nothing is learnt, too long and the teacher is overfitted. In this notebook the whole path is one
# formula, so you can see the balance, compute it, and break what is usually said about it.
#
# ## What you will be able to do
#
# - follow a student's risk and its disagreement with the teacher along a training path;
# - say when stopping early helps, and compute the best moment to stop;
# - state the band that the disagreement puts around the student's risk, and check it;
# - break the saying "a little training always helps".
#
# You need [01 The setting](01_the_setting.ipynb): teacher, student, disagreement. Here the loss is the squared loss.

# %%
from checks.ready import ready

ready("notebooks")

import numpy as np
from rich.console import Console

import w2s_theory as w2s
from checks import balance as checks
from checks.sliders import Slider, sliders
from w2s_theory.experiments.balance import balance, band, training_path
from w2s_theory.report.figures.balance import draw_balance
from w2s_theory.report.rows import evaluation_table, experiment_table

FULL = False  # True: ten simulated students instead of three
console = Console(width=92)

# %% [markdown]
# ## 1. One student on its way
#
# Inputs $x$ are Gaussian with covariance $\Sigma$. Truth, teacher and student are linear: $F(x)=\beta\cdot x$. We
# compare two predictors by $d(g,h)=\mathbb E(g-h)^2=(\beta_g-\beta_h)^\top\Sigma(\beta_g-\beta_h)$. The *risk* of a
# model is its $d$ to the truth, and the *disagreement* is the $d$ between student and teacher.
#
# The student starts at zero and follows the gradient of its training loss on the teacher's labels. In the
# eigenvectors of $\Sigma$, with eigenvalues $\lambda_j$, the solution is
#
# $$\beta_j(t)=\bigl(1-e^{-\lambda_jt}\bigr)\,\beta_{w,j}.$$
#
# Directions in which the inputs vary a lot are learnt first. Nothing in the formula knows the truth.
#
# Our first teacher is right about the first direction, doubles the second and is far off in the third, the one in
# which the inputs hardly vary.

# %%
world = w2s.GaussianRegression(
    covariance=np.diag([2.0, 0.3, 0.05]),
    truth=np.array([1.0, 0.7, 0.2]),
    weak=np.array([1.0, 1.4, 1.8]),
    strong=np.array([1.0, 1.4, 1.8]),  # where training ends: a copy of the teacher
)
print("the teacher's risk:", round(float(world.divergence(world.weak, world.truth)), 4))
print("coefficients at times 0, 1, 5, 50:")
print(world.gradient_flow(np.array([0.0, 1.0, 5.0, 50.0])).round(3))

# %% [markdown]
# **Predict before you run the next cell.** The disagreement with the teacher falls all the way to zero. What does the
# *risk* do: fall all the way too, fall and then rise, or rise from the start? Does it end above or below the
# teacher's?

# %%
path = training_path(world, "teacher overshoots", students=10 if FULL else 3)
w2s.Sheet.of(
    "Risk and disagreement along one training path", draw_balance, {"cases": [path]}, (6.4, 4.0)
)

# %% [markdown]
# Lines are the formula; dots are students that really ran gradient descent, each on the teacher's labels of 400
# random inputs. The blue risk dives below the dashed line, the teacher's risk, and climbs back to it. The student
# *passes* the truth on its way to the teacher.
#
# ### Exercise 1
#
# At what time does this student have its lowest risk? `world.stationary_times()` lists all times at which the risk is
# neither rising nor falling. (The axis of the picture is logarithmic: read it with care.)

# %%
answer = ...

# %%
checks.exercise_1(answer)

# %% [markdown]
# ## 2. Three teachers
#
# Was that luck? The package keeps three pairs of truth and teacher, turned so that you cannot read off the
# directions. In the first the teacher falls short of the truth everywhere; in the second it overshoots; in the third
# it overshoots in a direction that is learnt early and falls short in one that is learnt late.
#
# **Predict:** for which of the three does stopping early help?

# %%
run = balance(quick=not FULL)
w2s.Sheet.of("Three training paths", draw_balance, run, (6.4, 8.6))

# %%
console.print(experiment_table(run))

# %% [markdown]
# Where the teacher falls short, every step towards it is a step towards the truth: train to the end. Where it
# overshoots, the best student has hardly any risk left. In the third case the risk falls, rises and falls again:
# whoever looks only at the end of training misses the best moment by far.
#
# ## 3. When is the risk stationary?
#
# The derivative of the risk along the path is, up to a factor,
#
# $$\sum_j\lambda_j^2\,\beta_{w,j}\,e^{-\lambda_jt}\,\bigl[(1-e^{-\lambda_jt})\beta_{w,j}-\beta^*_j\bigr].$$
#
# Each term changes sign at most once, when direction $j$ passes the truth. The sum can vanish never, once or several
# times. The method `stationary_times` finds the roots. A time is *stationary* if the risk has a minimum or a
# maximum there.
#
# ### Exercise 2
#
# A new world: $\Sigma=\mathrm{diag}(2,\,0.2,\,0.01)$, truth $(1,\,1,\,1)$. For each of three teachers, say how many
# stationary times there are: $(0.5,\,0.5,\,0.5)$, then $(1.5,\,1.5,\,1.5)$, then $(2,\,1,\,1)$. Guess first, then
# compute. The answer is a tuple of three whole numbers.

# %%
answer = ...

# %%
checks.exercise_2(answer)

# %% [markdown]
# ## 4. Turn the teacher's error up and down
#
# Below, the teacher's coefficients are $\beta^*+c\,(\beta_w-\beta^*)$. At $c=1$ it is the teacher of the beginning;
# at $c=0$ it is perfect. Move $c$ and watch how the dip moves. How does the best time change as the teacher gets
# worse?


# %%
def teacher_at(c):
    weak = world.truth + c * (world.weak - world.truth)
    moved = w2s.GaussianRegression(world.covariance, world.truth, weak, weak)
    data = {"cases": [training_path(moved, f"c = {c:g}", students=10 if FULL else 3)]}
    return w2s.Sheet.of(
        f"The training path with the teacher's error times {c:g}", draw_balance, data, (6.4, 4.0)
    )


sliders(teacher_at, c=Slider(0.1, 3.0, start=2.0))

# %% [markdown]
# ### Exercise 3
#
# Design a teacher for $\Sigma=\mathrm{diag}(1,\,0.1)$ and truth $(1,\,1)$ such that stopping at the best time leaves
# the student at most a tenth of its teacher's risk. The answer is the teacher's two coefficients. (Your teacher must
# make some error: its risk has to be at least 0.05.)

# %%
answer = ...

# %%
checks.exercise_3(answer)

# %% [markdown]
# ## 5. The band closes
#
# In practice nobody knows the truth, so nobody sees the blue line. What *can* be seen is the disagreement $d$. How
# much does it say? The square root of the squared loss is a distance, so the triangle inequality holds:
#
# $$\Bigl|\sqrt{L(F_{sw})}-\sqrt{L(F_w)}\Bigr|\le\sqrt d .$$
#
# This is the claim `generalization-squared` [@charikar2024quantifying]. Solved for the student's risk it is a band
# around the teacher's, which `band(teacher_risk, disagreement)` returns: the pale area in the pictures. As training
# goes on, the band closes around the teacher's risk.
#
# Let us check the claim for the student at its best time. Every loss here is a quadratic form, so finitely many
# inputs with covariance $\Sigma$ decide it exactly, and `world.exact()` has them.

# %%
(best,) = world.stationary_times()
stopped = w2s.GaussianRegression(
    world.covariance, world.truth, world.weak, world.gradient_flow([best])[0]
)
found = w2s.evaluate("generalization-squared", stopped.instance(stopped.exact()))
console.print(evaluation_table(w2s.CATALOGUE["generalization-squared"], found))

# %% [markdown]
# `lhs` and `rhs` are the two sides, `slack` is what is left between them, and the *error budget* is how much of that
# rounding could explain. The two sides nearly meet: this student is almost as good as any student at this distance
# from this teacher could be.
#
# **Predict:** at the *end* of training, what are the two sides, and what is the verdict?

# %%
ended = w2s.evaluate("generalization-squared", world.instance(world.exact()))
print(f"left side {ended.lhs:g}, right side {ended.rhs:g}: {ended.verdict.value}")
print(ended.verdict.advice)

# %% [markdown]
# ### Exercise 4
#
# Your teacher's risk is 0.275, and you will not accept a student with more than *twice* that risk. Up to which
# disagreement does the band promise it? Answer with the largest such $d$. (`band` takes arrays: you can also try
# many values.)

# %%
teacher_risk = 0.275
print("the band at d = 0.1:", *(round(float(end), 4) for end in band(teacher_risk, 0.1)))
answer = ...

# %%
checks.exercise_4(answer)

# %% [markdown]
# ## 6. The same path, another truth
#
# The formula of the path does not contain the truth. So two worlds can have the same teacher, the same student at
# every time and the same disagreement, and yet call for opposite decisions.

# %%
weak = np.array([1.0, 1.4, 1.8])
for name, truth in {
    "truth below the teacher": [1.0, 0.7, 0.2],
    "truth above the teacher": [1.2, 1.8, 2.5],
}.items():
    other = w2s.GaussianRegression(world.covariance, np.array(truth), weak, weak)
    seen = training_path(other, name)
    lowest = min(seen["closed"]["risk"])
    print(
        f"{name}: the teacher's risk {seen['teacher_risk']:.3f}, the lowest on the way {lowest:.3f}"
    )

# %% [markdown]
# No function of the training loss can tell these worlds apart. Early stopping needs something that knows about the
# truth: a few labelled points, or an assumption.
#
# ### Exercise 5: break a saying
#
# "You can always stop too late, but *a little* training never hurts." Break it: for $\Sigma=\mathrm{diag}(1,\,0.1)$
# and truth $(1,\,1)$, give a teacher, as two coefficients, for which the student that has learnt *nothing* is better
# than the student at *every* later time.

# %%
answer = ...

# %%
checks.exercise_5(answer)

# %% [markdown]
# ## 7. Where things stand elsewhere
#
# The conflict between learning from a teacher and overfitting it runs through the literature on weak-to-strong
# generalization: the bounds of [@yao2025understanding] grow with the disagreement, so they ask to follow the teacher,
# while a gain over the teacher needs a disagreement with it, as [02](02_how_far_can_risk_move.ipynb) and
# [04](04_when_does_the_student_win.ipynb) show.

# %%
print(w2s.reference("charikar2024quantifying", "yao2025understanding"))

# %% [markdown]
# ## What is proved, what is only observed
#
# - **Proved:** the band, for any two predictors and any truth, under squared loss. It is the triangle inequality.
# - **Exact here:** the path, the risk along it and the stationary times, for Gaussian inputs, linear predictors and
#   gradient flow from zero. They are formulas, evaluated to rounding; two roots very close together could be missed.
# - **Observed:** that students trained on 400 inputs follow the formula; that the risk dips where the teacher
#   overshoots. Both depend on the worlds that were drawn, and you have just built one where the dip is missing.
# - **Not claimed:** anything about neural networks trained by stochastic gradients. The picture is a guide to what
#   can happen, not a theorem about them.

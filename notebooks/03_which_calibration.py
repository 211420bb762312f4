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
# # 03 Which calibration?
#
# A forecaster says "70 % rain". It rains on 70 % of the days on which she says so. She is *calibrated*. Now a student
# learns from her, and ends up almost the same. Is the student almost calibrated? It depends, and on something that is
# easy to overlook.
#
# ## What you will be able to do
#
# - say what a calibration error conditions on, and compute several of them;
# - give a counterexample of two inputs to a plausible theorem, and find new ones;
# - name three readings under which the theorem holds;
# - say why a calibration error estimated from labels is too large, and what to report instead.
#
# You need [01 The setting](01_the_setting.ipynb): tables, disagreement, and the bound of Bretagnolle and Huber.

# %%
from checks.ready import ready

ready("notebooks")

import jax
import numpy as np

import w2s_theory as w2s
from checks import which_calibration as checks
from checks.sliders import Slider, sliders
from w2s_theory.report.figures import style

FULL = False  # True: more labels in the simulation
jax.config.update("jax_enable_x64", True)  # arithmetic on results keeps double precision

# %% [markdown]
# ## 1. Calibrated, given what?
#
# A model is calibrated if its score equals the frequency of the class *among the inputs with that score*. How far it
# is from that is the **marginal calibration error**
#
# $$\mathrm{MCE}(F)=\sum_i\mathbb E\,\bigl|F_i(X)-P(Y=i\mid F_i(X))\bigr|,$$
#
# between 0 and 2. Mind the condition: $F_i(X)$, the model's own score. Another model has other scores, and so it is
# asked another question.
#
# Here are two inputs, equally likely. On the first, class 1 occurs in 90 % of the cases, on the second in 10 %. The
# teacher cannot tell them apart and says one half, always.

# %%
given = checks.pair(0.002)
given

# %%
teacher = w2s.marginal_calibration_error(given["weights"], given["truth"], given["weak"])
print(f"the teacher's calibration error: {teacher:.3f}")

# %% [markdown]
# Zero: when the teacher says one half, it is one half. It is perfectly calibrated, and perfectly useless.
#
# Now look at the student, `strong`: it says 0.501 and 0.499. The disagreement is two millionths of a nat.
#
# **Predict:** the student's calibration error. Is it about 0, about 0.002, about 0.4, or about 0.8?
#
# ### Exercise 1
#
# Compute it: first in your head, then with `w2s.marginal_calibration_error(weights, truth, model)`.

# %%
answer = ...

# %%
checks.exercise_1(answer)

# %% [markdown]
# ## 2. A plausible theorem, and a counterexample
#
# A bound of this form is stated for calibration in weak-to-strong generalization [@yao2025understanding]:
#
# $$\bigl|\mathrm{MCE}(F_{sw})-\mathrm{MCE}(F_w)\bigr|\;\le\;2\sqrt{1-e^{-d}},\qquad d=d_P(F_w,F_{sw}).$$
#
# The right side is twice the bound of Bretagnolle and Huber. Whether it holds depends on what one reads into
# $\mathrm{MCE}$. Read literally, with each model conditioned on *its own score*, it fails on our two inputs:

# %%
result = w2s.evaluate("calibration-score-conditional", given)
print(f"left {result.lhs:.3f}, right {result.rhs:.4f}: {result.verdict.value}")

# %% [markdown]
# What happened? The teacher *merged* two inputs with opposite truths, and the errors cancelled. The student separates
# them by a hair. Suddenly each score has its own inputs, and the errors show. Merging scores hides miscalibration; an
# infinitesimal change can reveal it.
#
# Move the scores apart and together again.
#
# **Predict:** which of the bars stay when the distance goes to zero?


# %%
def notions(distance):
    shown = checks.pair(distance)
    tables = shown["weights"], shown["truth"], shown["strong"]
    errors = {
        "given the score": w2s.marginal_calibration_error(*tables),
        "15 bins": w2s.equal_width_calibration_error(*tables),
        "top label": w2s.expected_calibration_error(*tables),
        "smooth": w2s.smooth_calibration_error(*tables),
        "allowed change": w2s.evaluate("calibration-score-conditional", shown).rhs,
    }
    colours = (style.VERMILLION, style.ORANGE, style.BLUE, style.GREEN, style.GREY)
    with w2s.Sheet(
        f"Calibration errors of two scores {distance:.3g} apart", size=(5.4, 2.6)
    ) as sheet:
        bars = sheet.axes.barh(list(errors), [float(e) for e in errors.values()], color=colours)
        sheet.axes.bar_label(bars, fmt=" %.3g")
        sheet.axes.set(xlim=(0, 1.2), xlabel="calibration error of the student")
        sheet.axes.set_title(f"two scores {distance:.3g} apart", loc="left")
        sheet.axes.invert_yaxis()
    return sheet


sliders(notions, distance=Slider(1e-4, 0.8, start=0.01, logarithmic=True))

# %% [markdown]
# The teacher's errors are all zero, so each bar is also a *change*, and the grey bar is what the bound allows. The
# score-conditional and the top-label error jump at once; the binned one jumps when the scores leave their common bin.
# The smooth one does not jump.
#
# ### Exercise 2
#
# Find another counterexample to the score-conditional reading. The teacher should give at least *two different*
# scores, the disagreement should be at most $10^{-6}$ nats, and the two errors should differ by at least 0.5.

# %%
answer = ...  # {"weights": […], "truth": [[…, …], …], "weak": …, "strong": …}

# %%
checks.exercise_2(answer)

# %% [markdown]
# ## 3. Readings that hold
#
# The jump comes from the *condition* jumping. Keep it fixed, or smooth, and the bound is a theorem [@w2stheory]:
#
# - **common partition**: both models are conditioned on the same cells $G$ of the inputs; by default, what the
#   teacher can tell apart. Then $|\mathrm{MCE}_G(F_{sw})-\mathrm{MCE}_G(F_w)|\le\mathbb E\lVert
#   F_{sw}-F_w\rVert_1=2\,\mathbb E\,\mathrm{TV}$ by the triangle inequality, and notebook 01 does the rest.
# - **score-sufficient**: every score determines the truth, for both models. An assumption; it fails here, since the
#   teacher's score one half has two truths.
# - **smooth**: a bounded test function $w$ of the score, which may not jump, replaces the condition:
#   $\mathrm{smCE}(f)=\sup_w\mathbb E[w(f)(Y-f)]$ over 1-Lipschitz $w$ with values in $[-1,1]$, for two classes
#   [@blasiok2023unifying].
#
# **Predict:** what will be the verdict of each on our two inputs?

# %%
for claim in (
    "calibration-common-conditioning",
    "calibration-smooth",
    "calibration-score-sufficient",
):
    result = w2s.evaluate(claim, given)
    print(
        f"{claim:32} {result.lhs:.5f} on the left, {result.rhs:.5f} on the right: {result.verdict.value}"
    )

# %% [markdown]
# `hypotheses_not_met` is not a defeat of the third claim: it promises nothing here. A theorem is as good as its
# assumptions, and the program says when they fail.
#
# ### Exercise 3
#
# Which of the readings in `checks.READINGS` hold for *all* pairs of models with two classes? Give a set of names.

# %%
answer = ...  # {"calibration-…", …}

# %%
checks.exercise_3(answer)

# %% [markdown]
# ### Exercise 4
#
# Practitioners put scores into bins. Break the binned reading, too: give an instance on which `calibration-binned`
# (15 bins of equal width) is violated.

# %%
answer = ...  # {"weights": […], "truth": [[…, …], …], "weak": …, "strong": …}

# %%
checks.exercise_4(answer)

# %% [markdown]
# ## 4. What a smooth test sees
#
# The best test function $w$ is the **witness** of the smooth error. It would like to be 1 where the score is too low
# and $-1$ where it is too high, but it may change by no more than the score does. Six inputs, sorted by the model's
# score:
#
# **Predict:** the fourth and the fifth input err by the same amount, in opposite directions, with nearly equal
# scores. What can $w$ make of that?

# %%
weights = np.full(6, 1 / 6)
score = np.array([0.05, 0.20, 0.45, 0.60, 0.64, 0.90])
positive = np.array([0.25, 0.40, 0.50, 0.85, 0.39, 0.80])
truth, model = np.stack([1 - positive, positive], axis=1), np.stack([1 - score, score], axis=1)
smooth = w2s.smooth_calibration(weights, truth, model)
marginal = w2s.marginal_calibration_error(weights, truth, model)
print(f"smooth error {smooth.error:.3f}, given the score {marginal:.3f} (both classes)")

with w2s.Sheet("Errors of six scores, and the witness that tests them") as sheet:
    axes = sheet.axes
    axes.axhline(0, color=style.GREY, linewidth=0.8)
    axes.vlines(
        score, 0, positive - score, color=style.VERMILLION, linewidth=5, label="truth less score"
    )
    axes.plot(score, smooth.witness, "o-", color=style.GREEN, label="witness $w$")
    axes.set(xlim=(0, 1), ylim=(-0.4, 1.1), xlabel="score of class 1", ylabel="error, and witness")
    axes.legend(loc="center left")
sheet

# %% [markdown]
# The fourth and the fifth score are too close for the witness to turn from 1 to $-1$ between them: it lets these
# errors cancel. This is why the smooth error moves little when scores move little, and why it is smaller than the
# others: for two classes, $\mathrm{smCE}\le\tfrac12\mathrm{MCE}$.
#
# ### Exercise 5
#
# Back to our two inputs (`checks.pair(distance)`). At which distance of the two scores, between 0 and
# 0.8, is the *smooth* error largest?

# %%
answer = ...

# %%
checks.exercise_5(answer)

# %% [markdown]
# ## 5. From labels
#
# So far we knew the truth. In practice we have labels, and each bin holds finitely many. The *plug-in* estimate takes
# the absolute difference of mean score and mean label in each bin. Noise has an absolute value, too.
#
# **Predict:** a perfectly calibrated model, 15 bins, 1,000 labels. What does the plug-in estimate show?

# %%
rng = np.random.default_rng(0)
for count in (200, 1_000, 100_000 if FULL else 10_000):
    score = rng.uniform(size=count)
    labels = (rng.uniform(size=count) < score).astype(int)
    model = np.stack([1 - score, score], axis=1)
    plug_in = w2s.binned_calibration_error(model, labels)
    debiased = w2s.binned_calibration_error(model, labels, estimator="cross-fit")
    print(f"{count:7,} labels: plug-in {plug_in:.3f}, cross-fit {debiased:+.3f}   (true: 0)")

# %% [markdown]
# The *cross-fit* estimate takes the sign of each bin's error from one half of the labels and its size from the other
# half. In a calibrated bin it has mean zero, and it is never above the true binned error on average. Here are the
# means over many samples, with a confidence interval of the true error:

# %%
w2s.stored_figure("estimation-bias", "../figures")

# %% [markdown]
# ### Exercise 6
#
# Somebody reports: "the calibration error of our model is 0.05 (plug-in, 15 bins, both classes)". With how many
# labels would a *perfectly calibrated* model with uniform scores show that? Read it off the left panel; anything
# within half again is fine.

# %%
answer = ...

# %%
checks.exercise_6(answer)

# %% [markdown]
# ## What is proved, what is only observed
#
# - *Proved* in the theory notes: the bound for one common partition, for score-sufficient models, and for smooth
#   calibration, each also with the sharp $2V^\ast(d)$ on the right.
# - *Refuted*, by two inputs that you can check by hand: the reading in which each model is conditioned on its own
#   score; and the binned one, at the edge of a bin.
# - *Not said*: which of the readings the authors of the bound had in mind. The toolkit says which reading holds and
#   which does not.
# - *Open*: the best constant for smooth calibration. The largest ratio of left to right that is known is 0.62.
# - *Observed*: the estimates of section 5 are simulations of one model, with uniform scores.
#
# Next: [04 When does the student win?](04_when_does_the_student_win.ipynb)

# %%
print(w2s.reference("yao2025understanding", "blasiok2023unifying", "w2stheory"))

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
# # 02 How far can risk move?
#
# You have a teacher and you know how bad it is. You train a student on the teacher's labels, and measure how much the
# two disagree. What can you say about the student's risk, before anybody labels a single input?
#
# ## What you will be able to do
#
# - state three bounds on the change of risk, from crude to exact, and say what each assumes;
# - say what a sharp constant buys;
# - find the best and the worst student at a given disagreement, and say why they lie on a line;
# - bound a student's log-loss without labels;
# - break a bound by breaking its assumption.
#
# You need [01 The setting](01_the_setting.ipynb): tables, KL divergence, disagreement.

# %%
from checks.ready import ready

ready("notebooks")

import json
from pathlib import Path

import jax
import numpy as np

import w2s_theory as w2s
from checks import how_far_can_risk_move as checks
from checks.sliders import Slider, sliders
from w2s_theory.functionals.instance_envelope import line_students
from w2s_theory.report.figures import style

FULL = False  # True: more random instances where there are any
jax.config.update("jax_enable_x64", True)  # arithmetic on results keeps double precision

# %% [markdown]
# ## 1. Risk, and its change
#
# The **risk** of a model is its divergence from the truth, averaged over the inputs: $L(F)=d_P(F^\ast,F)$. It is the
# cross-entropy less what no model can remove, the entropy of the labels. We ask about the change
#
# $$\Delta L=L(F_{sw})-L(F_w),$$
#
# which is negative if the student is better than its teacher. What moves it? There is an identity, for all models:
#
# $$\Delta L=d_P(F_w,F_{sw})+\mathbb E\sum_i\,(F^\ast_i-F_{w,i})\,\log\frac{F_{w,i}}{F_{sw,i}}.$$
#
# The first term is a loss, always. The second one can be a gain, and it is zero where the teacher is right. So *a
# student can beat its teacher only through the teacher's errors*.
#
# **Predict:** the teacher is perfect, $F_w=F^\ast$, and the student is about 0.09 nats away. What is $\Delta L$?

# %%
perfect = {
    "weights": [1.0],
    "truth": [[0.7, 0.3]],
    "weak": [[0.7, 0.3]],
    "strong": [[0.49, 0.51]],
}
far = w2s.disagreement(perfect["weights"], perfect["weak"], perfect["strong"])
print(f"disagreement {far:.4f}")
for claim in ("risk-decomposition", "generalization-forward"):
    result = w2s.evaluate(claim, perfect)
    print(
        f"{claim:24} {result.lhs:.4f} on the left, {result.rhs:.4f} on the right: {result.verdict.value}"
    )

# %% [markdown]
# Exactly the disagreement. (`tight` means equality, as far as floating point can tell.)
#
# ## 2. Bounds by a floor
#
# Risk takes logarithms of the models, and a logarithm near zero can be anything. So the bounds of this section assume
# a **floor**: every entry of both models is at least $\gamma>0$. Trained classifiers can be built with one: mix the
# softmax with a little of the uniform distribution. Write $d=d_P(F_w,F_{sw})$.
#
# - **naive**: the logarithm has slope at most $1/\gamma$, and Pinsker's inequality bounds the rest: $|\Delta
#   L|\le\sqrt d/(\gamma\sqrt2)$;
# - **the best constant**: $|\Delta L|\le C_\gamma\sqrt d$ with $C_\gamma=\sqrt{2(1-\gamma)/\gamma}$. This has the
#   form of the bounds of [@yao2025understanding], with the constant written out;
# - **the uniform envelope**: the exact largest rise $\psi_{up}(d)$ and fall $\psi_{lo}(d)$ over *all* truths and all
#   models with this floor [@w2stheory].
#
# The envelope is reached by one input, a one-hot truth, and one class: the teacher gives it some probability $a$, and
# the student only $\gamma$ (rise); or the other way round (fall). So we can *draw* it by walking along these pairs.
#
# **Predict:** how do the three curves compare when $\gamma$ becomes small?


# %%
def bounds(floor):
    score = np.geomspace(1.0001 * floor, 1 - floor, 400)
    some = np.stack([score, 1 - score], axis=1)
    least = [floor, 1 - floor]
    rise = w2s.kl_divergence([1.0, 0.0], least) - w2s.kl_divergence([1.0, 0.0], some)
    grid = np.geomspace(1e-4, 6, 200)
    with w2s.Sheet(f"Three bounds on the change of risk at a floor of {floor:.3g}") as sheet:
        axes = sheet.axes
        axes.plot(grid, w2s.naive_risk_bound(grid, floor), color=style.ORANGE, label="naive")
        axes.plot(
            grid, w2s.log_ratio_bound(grid, floor), color=style.VERMILLION, label="best constant"
        )
        axes.plot(w2s.kl_divergence(some, least), rise, color=style.BLUE, label="envelope, rise")
        axes.plot(
            w2s.kl_divergence(least, some),
            rise,
            color=style.SKY,
            label="envelope, fall",
            linestyle=(0, (4, 2)),
        )
        axes.set(xscale="log", yscale="log", xlim=(1e-4, 6), ylim=(1e-2, 1e3))
        axes.set(xlabel="disagreement $d$ [nats]", ylabel="largest change of risk [nats]")
        axes.set_title(f"floor $\\gamma$ = {floor:.3g}", loc="left")
        axes.legend(loc="upper left", ncols=2)
    return sheet


sliders(bounds, floor=Slider(1e-4, 0.2, start=0.01, logarithmic=True))

# %% [markdown]
# Three things to see. For small $d$ the envelope follows the best constant: no smaller constant is possible, it is
# *sharp*. The naive constant is larger by a factor that grows as the floor shrinks: that is what sharpness buys. And
# the envelope *saturates*, which no multiple of $\sqrt d$ can.
#
# ### Exercise 1
#
# At a floor of $\gamma=0.001$, by which factor is the naive bound larger than the best constant's?
# (`w2s.naive_risk_bound(d, floor)`, `w2s.log_ratio_bound(d, floor)`)

# %%
answer = ...

# %%
checks.exercise_1(answer)

# %% [markdown]
# ### Exercise 2
#
# With two classes and a floor of $\gamma=0.01$, from which disagreement on is the envelope of the *rise* flat? (The
# package has `w2s.uniform_envelope_upper(d, floor, classes=2)`. You can look for the point, or think: which teacher
# and which student are the farthest apart?)

# %%
answer = ...

# %%
checks.exercise_2(answer)

# %% [markdown]
# ## 3. The exact range for *your* teacher
#
# The uniform envelope knows only the floor. If you know the truth and the teacher, say on a labelled validation set,
# you can do better: the *exact* range of $L(F_{sw})$ over **all** students with $d_P(F_w,F_{sw})\le D$. No floor is
# needed.
#
# In the coordinates $u=\log F_{sw}$ the risk is linear and the constraint convex, and the answer is beautiful: the
# best and the worst student both lie on the *straight line through teacher and truth*, in every row at the same
# position [@w2stheory].
#
# **Predict:** at disagreement zero the band is a point. At which disagreement can the student first be perfect?

# %%
w2s.stored_figure("envelope-band", "../figures")

# %% [markdown]
# A student can be perfect from $D=d_P(F_w,F^\ast)$ on, since then it can be the truth. The band is wide: knowing the
# disagreement alone does not tell whether the student is better. Look at the slopes at the left end: both edges start
# vertically, like $\sqrt D$.
#
# Walk along the line yourself. Position 0 is the teacher, 1 is the truth; negative positions lead away from it.

# %%
given = checks.teacher_and_truth()
weights, truth, weak = (np.asarray(given[key]) for key in ("weights", "truth", "weak"))
band = json.loads(Path("../figures/envelope-band.json").read_text())["band"]


# %%
def on_the_line(position):
    student = line_students(truth, weak, position)
    with w2s.Sheet(f"The student at position {position:.2f} on the line, in the band") as sheet:
        axes = sheet.axes
        axes.fill_between(
            band["disagreement"], band["lower"], band["upper"], color=style.BAND, linewidth=0
        )
        axes.plot(
            band["disagreement"],
            band["upper"],
            color=style.VERMILLION,
            label="worst at most $D$ away",
        )
        axes.plot(
            band["disagreement"], band["lower"], color=style.BLUE, label="best at most $D$ away"
        )
        there = w2s.disagreement(weights, weak, student), w2s.risk(weights, truth, student)
        axes.plot(*there, "o", color=style.BLACK, markersize=8, clip_on=False)
        axes.annotate(f"position {position:.2f}", there, (10, -14), textcoords="offset points")
        axes.set(
            xlim=(0, 0.3), ylim=(0, 0.6), xlabel="disagreement $D$ [nats]", ylabel="risk [nats]"
        )
        axes.legend(loc="upper left")
    return sheet


sliders(on_the_line, position=Slider(-1.0, 1.5, start=-0.5))

# %% [markdown]
# ### Exercise 3
#
# For this teacher and this truth (`weights`, `truth`, `weak` above), give the best student that is at most 0.02 nats
# away from its teacher, as a 3 × 3 table. Within 2 % of the possible improvement is enough. (`w2s.envelope(given,
# [0.02])` says what is possible. Any mixture of two tables is a table.)

# %%
answer = ...

# %%
checks.exercise_3(answer)

# %% [markdown]
# ### Exercise 4
#
# Now the worst one, at most 0.02 nats away.

# %%
answer = ...

# %%
checks.exercise_4(answer)

# %% [markdown]
# ## 4. Without labels
#
# Often you know the teacher's log-loss, from some earlier test, and have the predictions of both models on new
# inputs, but *no labels* there. Still not everything is possible: the labels must give the teacher the log-loss $R_w$
# that it has. Over all truths that do, the student's log-loss has an exact range [@w2stheory]; it is a linear
# program, and its dual has one variable.
#
# Here are two models on four kinds of inputs. The student is a little more confident than its teacher, mostly where
# the teacher is confident already.
#
# **Predict:** is confidence good for the student, if the teacher is mostly right? And if it is mostly wrong?

# %%
unlabelled = [checks.UNLABELLED[key] for key in ("weights", "weak", "strong")]
losses = np.linspace(0.4, 1.0, 31)
found = [w2s.label_free_range(*unlabelled, loss) for loss in losses]
best, worst = [float(f.lower) for f in found], [float(f.upper) for f in found]

with w2s.Sheet("The student's log-loss without labels, against the teacher's") as sheet:
    axes = sheet.axes
    axes.fill_between(losses, best, worst, color=style.BAND, linewidth=0)
    axes.plot(losses, worst, color=style.VERMILLION, label="student at worst")
    axes.plot(losses, best, color=style.BLUE, label="student at best")
    axes.plot(
        losses, losses, color=style.GREY, linestyle=(0, (4, 2)), label="as good as the teacher"
    )
    axes.set(
        xlabel="teacher's log-loss $R_w$ [nats]",
        ylabel="student's log-loss [nats]",
        xlim=(0.4, 1.0),
    )
    axes.legend()
sheet

# %% [markdown]
# Where the whole band lies below the dashed line, the student is *certainly* better, whatever the labels are. Where
# it lies above, it is certainly worse. In between, the predictions alone do not tell.
#
# ### Exercise 5
#
# What is the largest $R_w$ at which this student is certainly no worse than its teacher? Two digits after the point
# are not quite enough: give it to within 0.003. (`w2s.label_free_range(*unlabelled, R_w)` has `.lower` and `.upper`.)

# %%
answer = ...

# %%
checks.exercise_5(answer)

# %% [markdown]
# ## 5. Bounds have assumptions; break one
#
# The bound with $C_\gamma$ assumes the floor. If an instance declares a floor that its models do not keep, the claim
# says nothing about it, and the inequality can fail. `w2s.evaluate` says so: the verdict is `hypotheses_not_met`, and
# the *margin* tells by how much the assumption fails.
#
# First, a sweep over instances that keep the floor:

# %%
(row,) = w2s.verify("generalization-uniform-envelope", instances=5_000 if FULL else 300)
print(f"{row.id}: {row.instances} instances, {row.violations} violations")
print(f"largest ratio of left to right: {row.max_tightness:.4f}")

# %% [markdown]
# ### Exercise 6
#
# Give an instance with a declared `"floor"` on which $|\Delta L|>C_\gamma\sqrt d$. One input and two classes are
# enough. Keep all entries of the models positive.

# %%
answer = (
    ...
)  # {"weights": [1.0], "truth": [[…, …]], "weak": [[…, …]], "strong": [[…, …]], "floor": …}

# %%
checks.exercise_6(answer)

# %% [markdown]
# ## What is proved, what is only observed
#
# - *Proved* in the theory notes: the identity of section 1; the bounds of section 2 for all models with the floor,
#   and that constant and envelope cannot be improved; the exact ranges of sections 3 and 4.
# - *Stated in the literature*: bounds of the form $|\Delta L|\le C\sqrt d$ [@yao2025understanding]. The constant
#   there may differ from the one here.
# - *Observed*: random students fill the band of section 3; the sweep found no violation.
# - *Not said by any of this*: whether *your* student is better. The ranges hold for every student at that distance,
#   however it was trained. What training adds is the subject of [04 When does the student
#   win?](04_when_does_the_student_win.ipynb)
#
# Next: [03 Which calibration?](03_which_calibration.ipynb)

# %%
print(w2s.reference("yao2025understanding", "w2stheory"))

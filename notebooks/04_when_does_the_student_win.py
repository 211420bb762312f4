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
# # 04 When does the student win?
#
# The student sees only the teacher's labels. How can it end up *better* than the teacher? Because it cannot copy the
# teacher: its class of models does not contain the teacher's mistakes. If the class contains the truth, being pushed
# back into the class can mean being pushed towards the truth. This notebook draws that, and finds out when it is a
# theorem.
#
# ## What you will be able to do
#
# - draw a student as a projection of its teacher on a class, in both directions of KL;
# - state the Pythagorean inequality, and say when it is an equality;
# - read the truth table: which training, on which class, judged how, guarantees a gain;
# - break the guarantees that fail, and the assumptions of those that hold.
#
# You need [01 The setting](01_the_setting.ipynb), and from [02](02_how_far_can_risk_move.ipynb) that a student can
# win only through its teacher's errors.

# %%
from checks.ready import ready

ready("notebooks")

import jax
import numpy as np

import w2s_theory as w2s
from checks import when_does_the_student_win as checks
from checks.sliders import Slider, sliders
from w2s_theory.report.figures import simplex, style

FULL = False  # True: more random instances where there are any
jax.config.update("jax_enable_x64", True)  # arithmetic on results keeps double precision

# %% [markdown]
# ## 1. A student is a projection
#
# One input, three classes: every model is one row of three probabilities, a point of a triangle. The corners are
# certainty. The student's **class** is the set of all mixtures of two models: a straight segment. The truth lies on
# it (the class is *realizable*), the teacher does not.
#
# Training to the optimum means: go to the point of the class that is nearest to the teacher. "Nearest" needs a
# divergence. We begin with *reverse* KL,
#
# $$F_{sw}=\arg\min_{f\in C}\;d_P(f,F_w).$$
#
# The thin curves are its level sets around the teacher.
#
# **Predict:** where on the segment is the student, and is it nearer to the truth than the teacher is?


# %%
def projections(first_class):
    rest = 1 - first_class
    weak = [[first_class, 0.75 * rest, 0.25 * rest]]
    with w2s.Sheet("A teacher and its two students", columns=2, size=(7.4, 3.5)) as sheet:
        for panel, direction in zip(sheet.panels, ("reverse", "forward"), strict=True):
            found = w2s.instance_from(checks.trained(weak, direction))
            simplex.draw_projection(panel, found, direction)
            gain = -w2s.risk_difference(found.weights, found.truth, found.weak, found.strong)
            pair = (
                [found.weak, found.strong] if direction == "forward" else [found.strong, found.weak]
            )
            taken = w2s.disagreement(found.weights, *pair)
            panel.set_title(f"{direction}: gain {gain:.3f}, disagreement {taken:.3f}")
    return sheet


sliders(projections, first_class=Slider(0.05, 0.9, start=0.25))

# %% [markdown]
# The thick level set is the one through the student: it touches the class there and does not cross it. On the left
# the student of reverse KL, on the right that of *forward* KL, which is what cross-entropy training on soft labels
# minimises:
#
# $$F_{sw}=\arg\min_{f\in C}\;d_P(F_w,f).$$
#
# The level sets have different shapes, so the students differ. Compare gain and disagreement in the titles while you
# move the teacher. (*Gain* is $L(F_w)-L(F_{sw})$. The disagreement is measured in the direction of training.)
#
# ### Exercise 1
#
# `checks.trained(checks.WEAK, "reverse")` is the instance on the left, a dictionary as in notebook 01. Which share of
# its teacher's risk is the student rid of? (`w2s.risk(weights, truth, model)`)

# %%
answer = ...

# %%
checks.exercise_1(answer)

# %% [markdown]
# ## 2. Pythagoras
#
# Squared distances have the theorem of Pythagoras: for the projection $s$ of $w$ on a convex set, and any $t$ in the
# set, $|t-w|^2\ge|t-s|^2+|s-w|^2$. KL divergence is no squared distance, but for *reverse* projection on a set that
# is convex as a set of functions it has the same inequality: $s$ is an *I-projection*, and
#
# $$d_P(F^\ast,F_w)\;\ge\;d_P(F^\ast,F_{sw})+d_P(F_{sw},F_w).$$
#
# Read it again. The left side is the teacher's risk, then comes the student's, then the disagreement. So **the
# student gains at least its disagreement with the teacher**, which you can measure without labels
# [@charikar2024quantifying], [@yao2025revisiting], [@mulgund2025relating].
#
# **Predict:** when is it an equality?

# %%
found = checks.trained(checks.WEAK, "reverse")
result = w2s.evaluate("gain-reverse-mixture-risk", found)
print(
    f"student {result.lhs:.6f} ≤ teacher less disagreement {result.rhs:.6f}: {result.verdict.value}"
)
for name, margin in result.hypotheses.items():
    print(f"    assumption {name}: margin {margin + 0.0:.1e}")

# %% [markdown]
# An equality, since the foot of the perpendicular lies *inside* the segment: there, the set could just as well be a
# line. Where the student stands at an end of the class, the inequality can be strict.
#
# ### Exercise 2
#
# Give a teacher, a row of three probabilities, whose student (reverse KL, the same class and truth) gains *more* than
# the disagreement, by at least 0.1 nats. The slider helps.

# %%
answer = ...

# %%
checks.exercise_2(answer)

# %% [markdown]
# ### Exercise 3
#
# The theorem assumes that the class contains the truth. Break it there: keep class and teacher (`checks.WEAK`), and
# give a truth, a row of three probabilities, for which the student of reverse KL is *worse* than its teacher.

# %%
answer = ...

# %%
checks.exercise_3(answer)

# %% [markdown]
# ## 3. The other direction
#
# Forward KL is what we train with. On the same class it still gives a promise, a weaker one: the student is *never
# worse* than its teacher. But it need not gain the disagreement.
#
# **Predict:** is the violation rare, if the teacher is drawn at random?

# %%
found = checks.trained(checks.WEAK, "forward")
result = w2s.evaluate("gain-forward-mixture-risk", found)
print(
    f"student {result.lhs:.4f} ≤ teacher less disagreement {result.rhs:.4f}? {result.verdict.value}"
)
print(f"the teacher's risk is {w2s.risk(found['weights'], found['truth'], found['weak']):.4f}")

# %% [markdown]
# ### Exercise 4
#
# `checks.WEAK` is a counterexample already: the student is better than its teacher, but not by the disagreement. Find
# one of your own, in which the student falls short of the disagreement by at least 0.1 nats: give the teacher's row.

# %%
answer = ...

# %%
checks.exercise_4(answer)

# %% [markdown]
# ## 4. The truth table
#
# Two directions of training, two kinds of convexity, two ways to judge. The second kind of convexity is that of
# softmax heads on fixed features: they are convex in their *logarithms* (exponential families). Judged by risk,
# $d_P(F^\ast,f)$, or by reverse risk, $d_P(f,F^\ast)$.
#
# **Predict:** ordinary training is forward KL on a softmax head, judged by risk. Does it guarantee a gain? Is it
# never worse, at least?

# %%
w2s.stored_figure("truth-table", "../figures")

# %% [markdown]
# Green cells are theorems; the number is the least slack in a sweep. Orange cells are refuted, each by an instance
# that is stored with the figure; the share says how often random instances violate, *with this way of drawing them*.
# Ordinary training is the fifth row.
#
# ### Exercise 5
#
# Which of the four claims in `checks.HEAD_CLAIMS`, about gains of softmax heads, hold? Give a set of names.

# %%
answer = ...

# %%
checks.exercise_5(answer)

# %% [markdown]
# ## 5. A softmax head that loses
#
# How can a perfectly trained student be *worse*, although its class contains the truth? Two inputs, with features
# $-\tfrac12$ and $4$, and heads $\mathrm{softmax}(t\cdot x,-t\cdot x)$ with one parameter $t$. The teacher says
# (0.025, 0.975) on the first input and (0.975, 0.025) on the second. The student fits it by cross-entropy, exactly.
# The truth has a parameter of its own: `checks.head(t)` is the instance.
#
# ### Exercise 6
#
# Give a $t$ for which the student's risk exceeds its teacher's by at least one nat.

# %%
answer = ...

# %%
checks.exercise_6(answer)

# %% [markdown]
# Look at the picture only after you have tried.

# %%
parameters = np.linspace(-3, 4, 29)
worlds = [checks.head(parameter) for parameter in parameters]
with w2s.Sheet("Risk of the teacher and of the trained head against the true parameter") as sheet:
    for role, name, colour in (
        ("weak", "teacher", style.ORANGE),
        ("strong", "student", style.BLUE),
    ):
        risks = [
            w2s.risk(np.array([0.5, 0.5]), world["truth"], np.asarray(world[role]))
            for world in worlds
        ]
        sheet.axes.plot(parameters, risks, color=colour, label=name)
    sheet.axes.set(xlim=(-3, 4), ylim=(0, 6), xlabel="true parameter $t$", ylabel="risk [nats]")
    sheet.axes.legend()
sheet

# %% [markdown]
# The teacher is unsure enough on both inputs. The head cannot copy that: on the second input, where the feature is
# large, it becomes certain. Where the truth points the other way, certainty is expensive. The class contains the
# truth, training is exact, labels are soft, and still nothing is promised: the Pythagorean inequality of this class
# is the one of *reverse risk*.
#
# ## 6. Trained models
#
# And how about students that were really trained? Gain against misfit (their disagreement with the teacher), each dot
# a task. On or above the black line, the gain is at least the misfit. In the left column the class contains the
# truth; where a panel says *theorem*, all hundred dots are there.

# %%
w2s.stored_figure("misfit-gain", "../figures")

# %% [markdown]
# ## What is proved, what is only observed
#
# - *Proved*, in the sources and in the theory notes: the green cells of the table, for a class that is convex in the
#   right sense, contains the truth, and a student at the optimum. The gain by the disagreement under squared loss is
#   due to [@charikar2024quantifying], for Bregman divergences to [@mulgund2025relating]; for reverse and forward KL
#   see [@yao2025revisiting].
# - *Refuted*, by instances: the orange cells. You found two of them yourself.
# - *Observed*: how often random instances violate, and where trained students fall. Shares depend on the generator.
# - *Not said*: anything about students trained on hard labels, or stopped early, or with a class that does not
#   contain the truth. How much survives then is a claim of its own (`gain-misspecified`, `gain-suboptimal`).
#
# Next: [05 Balance](05_balance.ipynb)

# %%
print(w2s.reference("charikar2024quantifying", "mulgund2025relating", "yao2025revisiting"))

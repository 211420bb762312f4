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
# # 07 Real predictions: did the student really beat its teacher?
#
# Until now truth was a table that we wrote down. Here it is a pile of labelled images. We train a weak model, a
# student on the weak model's soft labels, and a ceiling on the true ones; we save what they predict on images they
# have never seen; and we let `w2s.audit` say what these numbers show, and what they do not.
#
# ## What you will be able to do
#
# - audit saved predictions of a teacher and its student, and read every line of the report;
# - tell a measurement from a guarantee, and say which assumption a guarantee would need;
# - break a guarantee, or a favourable impression, by changing the predictions;
# - say what is certain about the student when there are no labels at all.
#
# You need [01 The setting](01_the_setting.ipynb) and [02 How far can risk move](02_how_far_can_risk_move.ipynb). This
# one also needs scikit-learn, for its images of handwritten digits.

# %%
from checks.ready import ready

ready("notebooks", "data")

import html

import jax
import numpy as np
from IPython.display import HTML
from rich.console import Console

import w2s_theory as w2s
from checks import real_predictions as checks
from checks.sliders import Slider, sliders
from w2s_theory.report.audit_page import audit_page
from w2s_theory.report.audit_rows import audit_table
from w2s_theory.report.figures import style

FULL = False  # True: the same audit in every file format that can be written here
console = Console(width=92)
jax.config.update("jax_enable_x64", True)  # double precision throughout

# %% [markdown]
# ## 1. Three models
#
# All three are linear heads with a floor of 0.01. The weak one sees 8 principal components of 30 labelled images. The
# student sees all 64 and learns from the weak model's rows on 800 other images. The ceiling sees all 64 and 400 true
# labels. Each predicts ten probabilities for 597 held-out images. (The training is in the package:
# `w2s_theory.auditing.example`; it takes a few seconds.)

# %%
saved = checks.predictions()
weak, strong, ceiling, labels = (saved[name] for name in ("weak", "strong", "ceiling", "labels"))
print("shapes:", weak.shape, strong.shape, ceiling.shape, labels.shape)
print("image 0 shows a", labels[0])
for name in ("weak", "strong", "ceiling"):
    print(f"{name:8}", saved[name][0].round(2))

# %% [markdown]
# **Predict before you go on.** The student has only ever seen its teacher's opinions. Is it more accurate than its
# teacher? Is its log-loss lower? By how much, if a perfect student could reach the ceiling?
#
# ## 2. The first sentence

# %%
found = w2s.audit(weak, strong, labels=labels, ceiling=ceiling, labels_were="soft")
print(found.sentence)

# %% [markdown]
# The answer is an interval, not a number. The *gain* is the teacher's log-loss minus the student's. Its 95 % interval
# lies above zero, so the sign is decided; the difference in accuracy is smaller than what 597 images can tell.
#
# ### Exercise 1
#
# Compute the gain yourself. `w2s.log_loss(weights, truth, table)` is the average of $-\log$ of what the model gave to
# the truth; as the truth, take the labels as one-hot rows.

# %%
truth = np.eye(10)[labels]
weights = np.full(597, 1 / 597)
answer = ...

# %%
checks.exercise_1(answer)

# %% [markdown]
# ## 3. The whole report

# %%
console.print(audit_table(found))

# %% [markdown]
# Read it from the top.
#
# - **Models.** Accuracy, log-loss and two calibration errors, each with an interval. Calibration errors are those of
#   *binned* scores, estimated so that a calibrated model shows zero on average.
# - **Gain** and **accuracy**: the two answers of the first sentence.
# - **Performance gap recovered**: which share of the way from teacher to ceiling the student has gone. The student of
#   this example gained for sure, and hardly moved.
# - **Disagreement** in both directions. **Gain − d(strong, weak)** is what the theorem of
#   [04](04_when_does_the_student_win.ipynb) speaks about: at least zero for an exact student by reverse KL in a
#   convex class that contains the truth.
# - **Risk difference through the teacher's errors**: the identity of [02](02_how_far_can_risk_move.ipynb). A
#   student beats its teacher only through the teacher's errors, and pays the disagreement for it.
# - **Student says what its teacher says … where the teacher is wrong**: how faithfully it copies mistakes.
# - **Bounds that apply**: both sides of every claim that these predictions can be put into.
# - **Assumptions**: what can be seen of them in the data, and what cannot.
#
# ### Exercise 2
#
# Which of these statements does the report justify, at its level?
#
# - (a) The student has a lower log-loss than its teacher.
# - (b) The student is more accurate than its teacher.
# - (c) In log-loss, the student recovered more than a tenth of the gap to the ceiling.
# - (d) Where the teacher is wrong, the student repeats it more often than not.
# - (e) The gain is at least the disagreement d(strong, weak).
# - (f) The gain is less than the disagreement d(strong, weak).
#
# Answer with a set such as `{"a", "b"}`.

# %%
answer = ...

# %%
checks.exercise_2(answer)

# %% [markdown]
# ## 4. The report as a page
#
# The command `w2s-theory audit FILE --out DIR` writes the same as a page to hand on. Look at the figures: the gain
# with its interval, the point among its bounds, and how far stated probabilities are from observed frequencies.

# %%
page = html.escape(audit_page(found), quote=True)
HTML(f'<div><iframe title="audit" srcdoc="{page}" width="100%" height="760"></iframe></div>')

# %% [markdown]
# ## 5. Promises and their price
#
# Some bounds hold for *any* two predictors, however the student was trained. They need no assumption about training,
# and they pay for that by being wide.
#
# **Predict:** the gain was 0.038 nats. The bound $C_\gamma\sqrt d$ [@yao2025understanding] at these predictions:
# about 0.05, 0.5, or more than 2?

# %%
for bound in found.to_json()["bounds"]:
    if bound["applies"] and bound["id"].startswith("generalization"):
        print(f"{bound['id']:34} {bound['lhs']:.4f} ≤ {bound['rhs']:.4f}")

# %% [markdown]
# The bounds that know more are tighter: the uniform one knows the disagreement and the floor; the *instance
# envelope* also knows both tables; the *label-free* one knows both models' rows. (The last line is about squared
# losses.) Others are not on the list, since an assumption is open. Why?

# %%
for bound in found.to_json()["bounds"]:
    if bound["id"] in (
        "gain-reverse-mixture-risk",
        "gain-forward-exponential-risk",
        "calibration-score-conditional",
    ):
        print(f"{bound['id']}: {bound['why']}.")

# %% [markdown]
# Our student was trained by cross-entropy on soft labels with a softmax head. That is forward KL on an *exponential*
# class, and for it the gain judged by the risk is refuted in general. It gained here. Nothing promised that it would.
#
# ### Exercise 3: break the floor
#
# Change the student's rows so that no floor is left, but its log-loss stays finite. The answer is a table of 597 × 10
# probabilities. Begin with `strong.copy()`. The check audits your table and tells you what you lost.

# %%
answer = ...

# %%
checks.exercise_3(answer)

# %% [markdown]
# ### Exercise 4: break an impression
#
# Accuracies are what most people report. Make a student that is exactly as *accurate* as ours, and for which the
# audit says that it is *worse* than its teacher. The answer is a table of 597 × 10 probabilities.

# %%
answer = ...

# %%
checks.exercise_4(answer)

# %% [markdown]
# ## 6. Without labels
#
# Suppose that you only have the two models' rows, and somebody tells you the teacher's log-loss. The labels could be
# anything that gives the teacher this loss. Over all of them, the student's log-loss has an exact range.
#
# **Predict:** the teacher's log-loss is 1.447. How wide is the range for the student: 0.05, 0.5, or 5 nats?

# %%
weak_loss = found.to_json()["log_loss"]["weak"]["value"]
bare = w2s.label_free_range(weights, weak, strong, weak_loss)
print(f"teacher {weak_loss:.3f}; student between {bare.lower:.3f} and {bare.upper:.3f}")

# %% [markdown]
# The range contains the teacher's loss, so without labels nothing is decided. The disagreement is small, and so the
# range is narrow: the less a student moves, the less can happen to it, good or bad.
# Move the slider to mix the student with its teacher. The shaded region is where student − teacher can be, for every
# log-loss that the teacher might have had.


# %%
def without_labels(student_share):
    mixed = (1 - student_share) * weak + student_share * strong
    losses = np.linspace(0.6, 3.8, 14)
    ranges = [w2s.label_free_range(weights, weak, mixed, loss) for loss in losses]
    with w2s.Sheet(
        f"What the teacher's log-loss says of {student_share:.0%} of the student"
    ) as sheet:
        low, high = (
            np.array([float(getattr(r, end)) for r in ranges]) - losses
            for end in ("lower", "upper")
        )
        sheet.axes.fill_between(losses, low, high, color=style.BAND, linewidth=0)
        sheet.axes.plot(losses, low, color=style.BLUE, label="at best")
        sheet.axes.plot(losses, high, color=style.VERMILLION, label="at worst")
        sheet.axes.axhline(0.0, color=style.BLACK, linewidth=0.8)
        sheet.axes.axvline(weak_loss, color=style.GREY, linewidth=0.9, linestyle=(0, (1, 2)))
        sheet.axes.set(
            ylim=(-0.7, 0.3),
            xlabel="the teacher's log-loss, nats",
            ylabel="student − teacher, nats",
        )
        sheet.axes.set_title(
            f"{student_share:.0%} student; dotted: the loss measured here", loc="left"
        )
        sheet.axes.legend(loc="lower left")
    return sheet


sliders(without_labels, student_share=Slider(0.1, 1.0, start=1.0))

# %% [markdown]
# ### Exercise 5: better for sure
#
# There *are* students of whom you know without a single label that they beat this teacher. Find one: a table for
# which the whole range lies at least 0.01 below the teacher's log-loss of 1.447. A hint: the teacher is
# overconfident. What happens to the range of a student that is made from the teacher's own rows, by raising every
# probability to the same power and dividing each row by its sum?

# %%
answer = ...

# %%
checks.exercise_5(answer)

# %% [markdown]
# ## 7. Your own predictions
#
# Save them in any of the supported formats and run, in a terminal:
#
# ```sh
# w2s-theory audit predictions.parquet --labels gt_label --labels-were soft --out report
# ```
#
# Say what the student was trained on. If it was *hard* labels, or a loss with a confidence term, the claims about
# gains do not cover it, and the report says so:

# %%
hard = w2s.audit(weak, strong, labels=labels, ceiling=ceiling, labels_were="hard")
print(hard.to_json()["assumptions"][-1]["sentence"])

# %%
if FULL:
    print(w2s.audit_example().to_json()["notes"][1])

# %%
print(w2s.reference("yao2025understanding"))

# %% [markdown]
# ## What is proved, what is only observed
#
# - **Measured:** gain, accuracies, disagreements and calibration on 597 images, with intervals for points that are
#   independent draws. The intervals are each at 95 % by itself; twenty of them together are not.
# - **Proved** in the theory notes, for any two predictors: the bounds that the report lists as applying. On a sample
#   their sides are estimates too.
# - **Exact:** the label-free range, over all labels that give the teacher its loss *on these rows*.
# - **Not decided by predictions:** whether the class is convex, contains the truth, or was searched to the optimum. A
#   gain above the disagreement would be *consistent* with the theorem and does not show that it applies.
# - **Observed once:** that this student gained. Another seed, other digits, another teacher: audit again.

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
# # 01 The setting: a teacher, a student, and how far apart they are
#
# A strong model is trained on the labels of a weak one. The weak model is the *teacher*, the strong one its
# *student*. Can the student end up better than its teacher? This question has a name, weak-to-strong generalization,
# and some answers are theorems [@yao2025understanding]. Before we can read them, we need to measure three distances.
#
# ## What you will be able to do
#
# - say what the teacher, the student and the truth are, as tables of probabilities;
# - compute how much two models disagree, in both directions, and say why the directions differ;
# - bound total variation by KL divergence, in three ways, and know which one is best where;
# - check a claim on an instance, and say what a check does and does not show.
#
# You need to know what a probability is and what a logarithm is. Nothing else.

# %%
from checks.ready import ready

ready("notebooks")

import jax
import numpy as np

import w2s_theory as w2s
from checks import the_setting as checks
from checks.sliders import Slider, sliders
from w2s_theory.report.figures import style

FULL = False  # True: more random instances where there are any
jax.config.update("jax_enable_x64", True)  # arithmetic on results keeps double precision

# %% [markdown]
# ## 1. Three tables
#
# Imagine four kinds of photographs. For each kind we write down three rows of probabilities over *cat*, *dog*, *fox*:
#
# - the **truth** $F^\ast$: how often such a photograph really shows each animal;
# - the **weak** model $F_w$, the teacher: what it says;
# - the **strong** model $F_{sw}$, the student: what it says after training on the teacher's rows.
#
# The photographs are not equally frequent, so each kind has a **weight**. That is all there is: an *instance* is a
# dictionary of weights and tables.

# %%
pair = checks.PAIR
pair

# %% [markdown]
# Here is the same as a picture. Look at the fourth kind: a blurred photograph that could be anything. The teacher
# knows that it does not know. The student does not.

# %%
with w2s.Sheet("Bars of the three models on four inputs", columns=4, size=(7.4, 2.8)) as sheet:
    for number, panel in enumerate(sheet.panels):
        for place, (role, colour) in enumerate(
            (("truth", style.BLACK), ("weak", style.ORANGE), ("strong", style.BLUE))
        ):
            panel.bar(
                np.arange(3) + 0.27 * (place - 1),
                pair[role][number],
                0.25,
                color=colour,
                label=role,
            )
        panel.set(ylim=(0, 1), xticks=range(3), xticklabels=checks.CLASSES, yticks=[0, 0.5, 1])
        panel.set_title(f"kind {number}, weight {pair['weights'][number]}", loc="left")
    handles, labels = sheet.axes.get_legend_handles_labels()
    sheet.canvas.legend(handles, labels, loc="outside upper center", ncols=3)
sheet

# %% [markdown]
# ## 2. Disagreement
#
# How far is the student's row $q$ from the teacher's row $p$? The **KL divergence** counts, in nats, how much more
# surprised the student is than the teacher, on average over what the *first* argument expects [@cover2006elements]:
#
# $$\mathrm{KL}(p\,\Vert\,q)=\sum_i p_i\log\frac{p_i}{q_i}.$$
#
# It is zero exactly if the rows are equal, and otherwise positive. The average over the inputs is the
# **disagreement** $d_P$. It has two directions:
#
# - *forward*, $d_P(F_w,F_{sw})$: expectations are the teacher's. Training a student on soft labels by cross-entropy
#   makes this one small.
# - *reverse*, $d_P(F_{sw},F_w)$: expectations are the student's.
#
# **Predict:** on which of the four kinds is the divergence largest? In which direction is it larger there?

# %%
print("kind    KL(teacher ‖ student)    KL(student ‖ teacher)")
for number, (p, q) in enumerate(zip(pair["weak"], pair["strong"], strict=True)):
    print(f"{number:4} {w2s.kl_divergence(p, q):22.3f} {w2s.kl_divergence(q, p):24.3f}")

# %% [markdown]
# On the blurred photographs the student has almost excluded *dog* and *fox*, which the teacher holds likely. The
# forward direction punishes that: it averages over what the *teacher* expects, and there the student is very
# surprised.
#
# ### Exercise 1
#
# Compute the forward disagreement of this pair. (`w2s.disagreement(weights, g, h)` averages
# $\mathrm{KL}(g\,\Vert\,h)$.)

# %%
answer = ...

# %%
checks.exercise_1(answer)

# %% [markdown]
# ## 3. Two directions, two characters
#
# Two classes are enough to see why. Take a teacher $p=(s,1-s)$ and let the student's probability of the first class
# run from 0 to 1.
#
# **Predict:** both curves touch zero where the rows agree. What do they do at the ends?


# %%
def both_directions(teacher):
    score = np.linspace(0.001, 0.999, 300)
    student = np.stack([score, 1 - score], axis=1)
    with w2s.Sheet(f"KL divergence in both directions from a teacher at {teacher:.3g}") as sheet:
        axes = sheet.axes
        row = [teacher, 1 - teacher]
        axes.plot(
            score,
            w2s.kl_divergence(row, student),
            color=style.BLUE,
            label="forward, KL(teacher ‖ student)",
        )
        axes.plot(
            score,
            w2s.kl_divergence(student, row),
            color=style.ORANGE,
            label="reverse, KL(student ‖ teacher)",
        )
        axes.axvline(teacher, color=style.GREY, linewidth=0.9, linestyle=(0, (1, 2)))
        axes.text(teacher, 1.6, " teacher", color=style.GREY, va="top")
        axes.set(
            xlim=(0, 1),
            ylim=(0, 3),
            xlabel="student's probability of class 1",
            ylabel="divergence [nats]",
        )
        axes.legend(loc="upper center")
    return sheet


sliders(both_directions, teacher=Slider(0.02, 0.98, start=0.3))

# %% [markdown]
# The forward divergence goes to infinity at both ends: a student that *excludes* what the teacher holds possible is
# infinitely wrong. The reverse one stays finite: a student may ignore a class, and the reverse divergence does not
# mind much. Remember this in notebook 04, where the direction decides who wins.
#
# ### Exercise 2
#
# Give two rows $p$ and $q$, two classes each and no zeros, with
# $\mathrm{KL}(p\,\Vert\,q)\ge3\,\mathrm{KL}(q\,\Vert\,p)$.

# %%
answer = ...  # for example [[0.5, 0.5], [0.4, 0.6]]

# %%
checks.exercise_2(answer)

# %% [markdown]
# ## 4. Total variation, and what KL says about it
#
# The **total variation** is a plainer distance. It is the largest difference of the two probabilities of any event,
# and so it lies between 0 and 1:
#
# $$\mathrm{TV}(p,q)=\tfrac12\sum_i|p_i-q_i|.$$
#
# Theorems about students are often stated in KL, because training minimises it. What we care about is often bounded
# by TV. So we want to know: *if the divergence is $d$, how large can the total variation be?* Three answers:
#
# - **Pinsker**: $\mathrm{TV}\le\sqrt{d/2}$ [@cover2006elements];
# - **Bretagnolle and Huber**: $\mathrm{TV}\le\sqrt{1-e^{-d}}$ [@bretagnolle1979estimation];
# - **sharp**: $\mathrm{TV}\le V^\ast(d)$, the largest value that any pair attains [@fedotov2003refinements].
#
# **Predict:** for which $d$ is Pinsker's bound useless?

# %%
w2s.stored_figure("joint-range", "../figures")

# %% [markdown]
# Every dot is a pair of distributions. None lies above the blue curve: it is a theorem. And the blue curve is
# *reached*: no smaller bound can hold. That is what **sharp** means. Pinsker's bound exceeds 1 from $d=2$ on, where
# it says nothing any more. The bound of Bretagnolle and Huber never exceeds 1, but it is the worse one for small $d$.
#
# ### Exercise 3
#
# At which divergence, other than zero, do the bounds of Pinsker and of Bretagnolle and Huber cross? Two digits are
# enough. (`w2s.pinsker_bound(d)` and `w2s.bretagnolle_huber_bound(d)` take arrays.)

# %%
answer = ...

# %%
checks.exercise_3(answer)

# %% [markdown]
# ### Exercise 4
#
# Reach the sharp curve. Give two rows with a divergence between 0.4 and 0.6 nats whose total variation is at least 99
# % of $V^\ast(d)$. (`w2s.extremal_pair(t)` gives the pair at parameter $t$ of the curve. Try some $t$; or find such a
# pair by hand.)

# %%
answer = ...

# %%
checks.exercise_4(answer)

# %% [markdown]
# ### Exercise 5
#
# And the other way round: does a small total variation mean a small divergence? Break that belief. Give $p$ and $q$
# with $\mathrm{TV}\le0.01$ and $\mathrm{KL}(p\,\Vert\,q)\ge5$ nats.

# %%
answer = ...

# %%
checks.exercise_5(answer)

# %% [markdown]
# ## 5. Claims, and checking them
#
# The package knows these inequalities as *claims*, about averages over the inputs. `w2s.evaluate` computes both sides
# on an instance. The **slack** is the right side less the left one: negative slack would be a counterexample.
#
# **Predict:** which of the three bounds is closest on our photographs?

# %%
for claim in ("pinsker", "bretagnolle-huber", "sharp-pinsker"):
    result = w2s.evaluate(claim, pair)
    print(
        f"{claim:18} {result.lhs:.4f} ≤ {result.rhs:.4f}   slack {result.slack:.4f}   {result.verdict.value}"
    )

# %% [markdown]
# Why may we average at all? The curve $V^\ast$ is concave: the mean of the total variations is at most $V^\ast$ of
# the mean divergence (Jensen's inequality). A bound that bends the other way could not be averaged.
#
# One instance is not much. `w2s.verify` draws many, some of them on purpose nasty: near-equal rows, rows with rare
# classes, tiny weights.

# %%
(row,) = w2s.verify("sharp-pinsker", instances=5_000 if FULL else 500)
print(f"{row.id}: {row.instances} instances, {row.violations} violations")
print(f"largest ratio of left to right: {row.max_tightness:.4f}")

# %% [markdown]
# A ratio of 1 is equality: the draws include pairs on the curve. Try the same with `"pinsker"`, or with all three.
#
# ### Exercise 6
#
# A sweep finds no violation in ten thousand instances. What is that: `"proved"`, `"evidence"`, or `"nothing"`?

# %%
answer = ...

# %%
checks.exercise_6(answer)

# %% [markdown]
# ## What is proved, what is only observed
#
# - *Proved*, in the sources below and in the theory notes of this package: the three bounds on TV by KL, for rows and
#   for averages; that $V^\ast$ is attained.
# - *Observed*: the sweep above found no violation. That is how we check that the *program* states what the theorem
#   states. It adds nothing to the proof, and it would be no proof without one.
# - *Broken by you*: that a small total variation bounds the divergence.
#
# Next: [02 How far can risk move?](02_how_far_can_risk_move.ipynb)

# %%
print(
    w2s.reference(
        "yao2025understanding",
        "cover2006elements",
        "bretagnolle1979estimation",
        "fedotov2003refinements",
    )
)

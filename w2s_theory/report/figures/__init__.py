"""The figures of the reproduction: one row of a table each, with its preparation and its drawing."""

from w2s_theory.experiments.teacher_quality import CLAIMS as TEACHER_QUALITY_CLAIMS
from w2s_theory.report.figures import (
    balance,
    calibration_difference,
    calibration_notions,
    dropped_assumptions,
    envelope_band,
    estimation_bias,
    joint_range,
    misfit_gain,
    rates,
    risk_difference,
    teacher_quality,
    tightness,
    truth_table,
    weak_posterior,
)
from w2s_theory.report.figures.figure import Figure, FigureContext
from w2s_theory.report.figures.render import render
from w2s_theory.report.figures.style import WIDTH

__all__ = ["FIGURES", "Figure", "FigureContext", "render"]

FIGURES: tuple[Figure, ...] = (
    Figure(
        name="joint-range",
        title="Which pairs of KL divergence and total variation exist",
        caption=(
            "Random pairs of distributions $p$, $q$ on 2, 3 and 8 classes (dots) lie below the sharp curve $V^*(d)$ of "
            "Fedotov, Harremoës and Topsøe, which pairs on two classes attain. Pinsker's bound is good for small "
            "divergences and exceeds one for large ones; the bound of Bretagnolle and Huber never does. Each curve "
            "is the right side of its claim, and $V^*$, being concave, bounds averages over inputs as well."
        ),
        claims=joint_range.CLAIMS,
        prepare=joint_range.prepare_joint_range,
        draw=joint_range.draw_joint_range,
        size=(WIDTH, 4.2),
    ),
    Figure(
        name="risk-difference",
        title="How far the student's risk can be from its teacher's",
        caption=(
            "Trained pairs of weak teacher and strong student, in two worlds, with the floor $\\gamma=0.01$ as part "
            "of every model; the student learns from the teacher's soft labels. Above, students with a larger risk "
            "than their teacher; below, mirrored, with a smaller one. Lines are bounds for all pairs with that floor "
            "and two classes: the naive constant, the best constant $C_\\gamma$, and the sharp uniform envelope, which "
            "random pairs (dots) fill. A dash is the exact bound for the pair's own truth and teacher, over students "
            "with or without a floor, so it can lie above the uniform one. The Gaussian mixture is judged at "
            "population level by quadrature; for the digits the held-out images are the distribution, and their "
            "labels the truth."
        ),
        claims=risk_difference.CLAIMS,
        prepare=risk_difference.prepare_risk_difference,
        draw=risk_difference.draw_risk_difference,
        size=(WIDTH, 6.6),
        uses=("bound-scatter",),
    ),
    Figure(
        name="calibration-difference",
        title="How far the student's calibration error can be from its teacher's",
        caption=(
            "The same trained pairs. The bound $2\\sqrt{1-e^{-d}}$, and its sharp form $2V^*(d)$, hold when both "
            "models are conditioned on one partition of the inputs (Gaussian mixture: what the teacher sees; digits: "
            "its predicted class and thirds of its confidence) and for smooth calibration of two classes. They fail "
            "when each model is conditioned on its own score: a student that differs from its teacher by next to "
            "nothing can separate inputs that the teacher merged (stars), and trained linear students can exceed "
            "the bound too (crosses, if there are any). For students with hidden units the score-conditional error is "
            "not known in closed form: unresolved."
        ),
        claims=calibration_difference.CLAIMS,
        prepare=calibration_difference.prepare_calibration_difference,
        draw=calibration_difference.draw_calibration_difference,
        size=(WIDTH, 5.2),
        uses=("bound-scatter",),
        sweep=(calibration_difference.REFUTED,),
    ),
    Figure(
        name="envelope-band",
        title="Every risk a student can have at a given disagreement",
        caption=(
            "One teacher and one truth, on three inputs with three classes. Solid lines are the exact smallest and "
            "largest risk over all students at most $D$ away from the teacher; both extreme students lie on the "
            "straight line through teacher and truth. Random students (dots) fill the band. At disagreement exactly "
            "$D$, beyond the truth, the lower edge rises again (dashed): a student cannot be perfect and that far away."
        ),
        claims=envelope_band.CLAIMS,
        prepare=envelope_band.prepare_envelope_band,
        draw=envelope_band.draw_envelope_band,
        size=(WIDTH, 4.6),
    ),
    Figure(
        name="truth-table",
        title="When does the student beat its teacher, and by at least their disagreement?",
        caption=(
            "A student is the projection of its teacher on a class that contains the truth $F^*$: by reverse or "
            "forward KL divergence, on a class convex as a set of functions (mixture) or in logarithms (exponential: "
            "softmax heads). Judged by risk or by reverse risk, is it better than its teacher by at least their "
            "disagreement, measured in the direction of training, or at least never worse? Green: the theory notes "
            "say yes, and the sweep found no violation. Orange: no, and the sweep found a counterexample, which is "
            "stored with the data; shares of violating instances depend on how instances are drawn."
        ),
        claims=truth_table.CLAIMS,
        prepare=truth_table.prepare_truth_table,
        draw=truth_table.draw_truth_table,
        size=(6.6, 4.4),
        sweep=truth_table.CLAIMS,
    ),
    Figure(
        name="misfit-gain",
        title="Gain against misfit of students on frozen representations",
        caption=(
            "Each dot is a task: a teacher fitted to the truth on a weak representation, a student fitted to the "
            "teacher's labels on a strong one. Misfit is the student's disagreement with its teacher, gain how much "
            "smaller its risk is. Blue: on the inputs of training, where the theorems speak; orange: 95 % intervals "
            "on fresh inputs. Columns: the student has the representation of the truth (realizable), a noisy copy of "
            "it, or one pretrained on ten other tasks. With squared loss, with reverse KL on mixtures, and with "
            "softmax heads judged by reverse risk, a realizable student that is optimal gains at least its misfit (one "
            "trained by steps is optimal up to a residual only); with forward KL on "
            "mixtures, or softmax heads judged by ordinary cross-entropy, nothing of the kind is promised."
        ),
        claims=misfit_gain.CLAIMS,
        prepare=misfit_gain.prepare_misfit_gain,
        draw=misfit_gain.draw_misfit_gain,
        size=misfit_gain.SIZE,
        uses=("misfit-gain",),
    ),
    Figure(
        name="sample-size",
        title="A student trained on n inputs",
        caption=(
            "Random hulls of four models with the truth inside; students minimise reverse KL to their teacher on n "
            "random inputs. The excess $L(F)-L(F_w)+d_P(F,F_w)$ is at most zero for the student of the whole "
            "distribution. Line and band: median over problems, and the range from the lowest to the highest upper "
            "confidence limit. The bound is made of one on the shortfall $\\tau$ of the training objective."
        ),
        claims=rates.SAMPLE_CLAIMS,
        prepare=rates.prepare_sample_size,
        draw=rates.draw_rates,
        size=(WIDTH, 4.6),
        uses=("sample-size",),
    ),
    Figure(
        name="mixture-of-r",
        title="The best equal-weight mixture of r models",
        caption=(
            "The same hulls; now the student is the best of all equal-weight mixtures of r models with repetition, a "
            "class that is not convex and approaches the hull as r grows. Largest values over all problems, beside "
            "the bounds for every problem with this floor."
        ),
        claims=rates.MIXTURE_CLAIMS,
        prepare=rates.prepare_mixture_of_r,
        draw=rates.draw_rates,
        size=(WIDTH, 4.4),
        uses=("mixture-of-r",),
    ),
    Figure(
        name="tightness",
        title="How tight each inequality is",
        caption=(
            "For every inequality that the theory notes prove, how far its right side stays above the left one at the "
            "instance that gradient search from thousands of random starts strains most, in the claim's smallest "
            "world; the error budget is counted against the instance. Of gains by the disagreement the gap is that of "
            "the constant in front of the disagreement; a student that is never worse equals its teacher. Sharp claims "
            "reach equality or approach it; of the others a search says how loose they are at most, and not that "
            "nothing tighter holds."
        ),
        claims=tightness.CLAIMS,
        prepare=tightness.prepare_tightness,
        draw=tightness.draw_tightness,
        size=(WIDTH, 6.8),
        uses=("tightness",),
    ),
    Figure(
        name="dropped-assumptions",
        title="What a failing assumption costs",
        caption=(
            "The largest violation that gradient search finds among instances in which one assumption fails by at "
            "most so much, all others being met. Left: inputs with different truths share a score, and the "
            "score-conditional calibration errors differ by more than the bound. Middle: the truth lies outside the "
            "hull, so a student can lose although it is the projection of its teacher. Right: the class is a list of "
            "two models rather than their hull. In all three the claim fails as soon as the assumption does, and by "
            "an amount that shrinks with it."
        ),
        claims=dropped_assumptions.CLAIMS,
        prepare=dropped_assumptions.prepare_dropped_assumptions,
        draw=dropped_assumptions.draw_dropped_assumptions,
        size=(6.6, 3.2),
        uses=("dropped-assumptions",),
    ),
    Figure(
        name="balance",
        title="Training towards the teacher, past the truth or not",
        caption=(
            "Linear regression on Gaussian inputs. A student trained from zero on the teacher's labels by gradient "
            "flow has a risk and a disagreement in closed form (lines). The disagreement falls to zero, so the band of "
            "risks that it allows around the teacher's risk closes; on the way the risk can pass below the teacher's, "
            "and all its stationary times (circles) are roots of a closed-form derivative. Dots and shades are means "
            "and ranges of students that descend the gradient on 400 inputs each. Early stopping pays where the "
            "teacher overshoots, and not where it falls short; with both, the risk turns twice."
        ),
        claims=balance.CLAIMS,
        prepare=balance.prepare_balance,
        draw=balance.draw_balance,
        size=(WIDTH, 7.2),
        uses=("balance",),
    ),
    Figure(
        name="calibration-notions",
        title="One model, several calibration errors",
        caption=(
            "Left: one model of three classes, on all rows of a lattice, when the truth is proportional to the model's "
            "row to the power $T$. Conditioning on the whole row, on the score of each class, and on the largest score "
            "asks different questions and gets different numbers. Right: two inputs with opposite truths and two "
            "scores; the teacher gives both the same. Conditioned on the score, the error jumps as soon as the scores "
            "differ at all, binned as soon as they fall into different bins; the smooth error starts from zero and "
            "grows no faster than the distance. The bound on the change allows no jump (dashed): read as conditioned "
            "on the score it fails, read as smooth it holds."
        ),
        claims=calibration_notions.CLAIMS,
        prepare=calibration_notions.prepare_calibration_notions,
        draw=calibration_notions.draw_calibration_notions,
        size=(6.6, 3.5),
    ),
    Figure(
        name="weak-posterior",
        title="The posterior that a weak model sees",
        caption=(
            "Two Gaussian classes on a plane. A weak model that sees $x_1$ alone and says what it sees is the mean of "
            "the true posterior given $x_1$: exactly calibrated, and often far off (left, the spread of the truth). "
            "Right: risks as calibration and refinement. A temperature moves the first only; a student that sees "
            "both coordinates has no refinement left, and keeps the calibration part of its own temperature, 1.5."
        ),
        claims=weak_posterior.CLAIMS,
        prepare=weak_posterior.prepare_weak_posterior,
        draw=weak_posterior.draw_weak_posterior,
        size=(6.6, 3.6),
    ),
    Figure(
        name="estimation-bias",
        title="Estimating a calibration error from labels",
        caption=(
            "Uniform binary scores in 15 bins, both classes summed. The plug-in estimate takes noise for "
            "miscalibration: a perfectly calibrated model (left) looks worse the fewer labels there are. The cross-fit "
            "estimate, signs from one half and sizes from the other, has mean zero there, and is never above the true "
            "error on average. The interval says what the labels can tell: its lower end is zero until they can tell "
            "that the model (right: overconfident, the truth at temperature 1.5) is miscalibrated at all."
        ),
        claims=(),
        prepare=estimation_bias.prepare_estimation_bias,
        draw=estimation_bias.draw_estimation_bias,
        size=(6.6, 3.4),
    ),
    Figure(
        name="teacher-quality",
        title="What a student inherits from its teacher",
        caption=(
            "Two Gaussian classes; the teacher's log-odds are the true ones over a temperature $T$, plus a ripple of "
            "size $\\varepsilon$ that a logistic student cannot copy. Lines are students of the whole distribution, "
            "shades the range of students of 1,000 inputs. Without ripple the student is its teacher. With a ripple "
            "it cannot be, and smooths most of it away, with most of its risk (left, along each line); averaging over "
            "a large ripple also lowers the student's confidence (middle), which adds to the error of a teacher that "
            "is underconfident and makes up for some, all or more than all of one that is overconfident (right). What "
            "is left is not noise: students of more inputs come closer to the lines, not to the truth."
        ),
        claims=TEACHER_QUALITY_CLAIMS,
        prepare=teacher_quality.prepare_teacher_quality,
        draw=teacher_quality.draw_teacher_quality,
        size=(6.6, 3.3),
        uses=("teacher-quality",),
    ),
)

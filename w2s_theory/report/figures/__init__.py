"""The figures of the reproduction: one row of a table each, with its preparation and its drawing."""

from w2s_theory.report.figures import calibration_difference, envelope_band, joint_range, risk_difference
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
        uses_runs=True,
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
        uses_runs=True,
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
)

"""The triangle of three classes: corners, straight lines of mixtures, level sets where they belong."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from w2s_theory.functionals.divergences import kl_divergence
from w2s_theory.instance import Instance
from w2s_theory.report.figures import simplex
from w2s_theory.training.projection import hull_projection


def test_certain_rows_are_corners_and_mixtures_lie_between():
    np.testing.assert_allclose(simplex.on_triangle(np.eye(3)), simplex.CORNERS)
    sides = np.linalg.norm(simplex.CORNERS - np.roll(simplex.CORNERS, 1, axis=0), axis=1)
    np.testing.assert_allclose(sides, 1.0)
    p, q = np.array([0.7, 0.2, 0.1]), np.array([0.1, 0.1, 0.8])
    mixed = simplex.on_triangle(0.25 * p + 0.75 * q)
    np.testing.assert_allclose(mixed, 0.25 * simplex.on_triangle(p) + 0.75 * simplex.on_triangle(q))


@pytest.mark.parametrize("rows", [[0.5, 0.5], 1.0, [[0.25] * 4]])
def test_other_numbers_of_classes_are_refused(rows):
    with pytest.raises(ValueError, match="3 classes"):
        simplex.on_triangle(rows)


def test_the_lattice_is_inside_and_even():
    rows = simplex.lattice(4)
    assert len(rows) == 15
    assert rows.min() > 0
    np.testing.assert_allclose(rows.sum(axis=1), 1.0)
    np.testing.assert_allclose(rows.mean(axis=0), 1 / 3)


def test_level_sets_lie_where_the_function_has_the_level():
    axes, teacher = Figure().add_subplot(), np.array([0.5, 0.3, 0.2])
    simplex.draw_triangle(axes)
    rows = simplex.lattice()
    simplex.draw_contours(axes, rows, kl_divergence(rows, teacher), (0.05, 0.2))
    (lines,) = axes.collections
    assert len(lines.get_paths()) == 2
    back = np.linalg.inv(np.column_stack([simplex.CORNERS, np.ones(3)]))
    for path, level in zip(lines.get_paths(), (0.05, 0.2), strict=True):
        rows = np.column_stack([path.vertices, np.ones(len(path.vertices))]) @ back
        np.testing.assert_allclose(kl_divergence(rows, teacher), level, atol=2e-3)


@pytest.mark.parametrize("direction", ["reverse", "forward"])
def test_the_level_set_of_a_student_touches_its_class(direction):
    """The divergence of the drawn segment is nowhere below the thick level, and equals it at the student."""
    models = np.array([[[0.75, 0.15, 0.10]], [[0.15, 0.25, 0.60]]])
    weak, truth = np.array([[0.2, 0.6, 0.2]]), 0.7 * models[0] + 0.3 * models[1]
    student = np.asarray(hull_projection(np.ones(1), models, weak, direction=direction).student)
    axes = Figure().add_subplot()
    simplex.draw_projection(axes, Instance(np.ones(1), truth, weak, student, np.array(0.1), models=models), direction)
    (lines,) = axes.collections
    thick = lines.get_paths()[int(np.argmax(lines.get_linewidths()))].vertices
    segment = next(line for line in axes.lines if line.get_linewidth() == 2.5).get_xydata()
    along = np.linspace(0, 1, 200)[:, None]
    apart = np.linalg.norm(thick[:, None] - (segment[0] + along * (segment[1] - segment[0]))[None], axis=-1)
    assert apart.min() < 5e-3
    nearest = thick[np.unravel_index(apart.argmin(), apart.shape)[0]]
    np.testing.assert_allclose(nearest, simplex.on_triangle(student)[0], atol=0.1)
    named = {line.get_label(): line.get_xydata()[0] for line in axes.lines if not line.get_label().startswith("_")}
    for name, table in {"truth": truth, "teacher": weak, "student": student}.items():
        np.testing.assert_allclose(named[name], simplex.on_triangle(table)[0])


def test_a_student_equal_to_its_teacher_has_no_level_sets():
    row = np.array([[0.2, 0.6, 0.2]])
    axes = Figure().add_subplot()
    simplex.draw_projection(axes, Instance(np.ones(1), row, row, row, np.array(0.1), models=row[None]), "reverse")
    assert not axes.collections
    with pytest.raises(ValueError, match="1 input and 3 classes"):
        simplex.draw_projection(axes, Instance(np.ones(1), row, row, row, np.array(0.1)), "reverse")

import numpy as np
import pytest

from tests.compiled import quick_compilation as quick_compilation
from w2s_theory.auditing.example import save_everywhere


def draw(rng, n=250, k=3):
    """A truth, a student near it, a worse teacher and a ceiling that is the truth; labels drawn from it."""
    truth = rng.dirichlet(np.ones(k), n)
    labels = (truth.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)
    weak = 0.3 * truth + 0.7 * rng.dirichlet(np.ones(k), n)
    strong = 0.5 * weak + 0.5 * truth
    return {"weak": weak, "strong": strong, "ceiling": truth, "labels": labels}


@pytest.fixture(scope="session")
def points():
    """250 points of three classes."""
    return draw(np.random.default_rng(0))


@pytest.fixture(scope="session")
def saved(points, tmp_path_factory):
    """The same points in every format, by its name."""
    place = tmp_path_factory.mktemp("saved")
    return save_everywhere(place, points | {"id": np.arange(len(points["labels"]))})

"""Annotations are checked while tests run: of types everywhere, of shapes where axes have names."""

import numpy as np
import pytest
from beartype.roar import BeartypeCallHintViolation
from jaxtyping import TypeCheckError

from w2s_theory.functionals.divergences import kl_divergence
from w2s_theory.verification.sweep import Part, shares


def test_a_wrong_type_is_an_error_where_no_axis_is_named():
    with pytest.raises(BeartypeCallHintViolation):
        shares(3, 10)
    with pytest.raises(BeartypeCallHintViolation):
        Part(program="none", first=0, end=1)


def test_axes_of_a_name_that_differ_are_an_error():
    with pytest.raises(TypeCheckError):
        kl_divergence(np.ones((2, 3)) / 3, np.ones((2, 4)) / 4)

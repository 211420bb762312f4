"""Claims sent to other processes are the claims of the catalogue there, and one's own are made once."""

import sys
import threading
import types

import numpy as np
import pytest

from w2s_theory.catalogue import CATALOGUE, CLAIMS
from w2s_theory.claim import Cite, Claim, Leq, Status
from w2s_theory.errors import InputError
from w2s_theory.instance import Hypothesis
from w2s_theory.spreading import packed, unpacked
from w2s_theory.verification.search import without
from w2s_theory.worlds.tables import FlooredTables


def own(sides, **changes):
    fields = {"id": "own", "statement": "", "cite": Cite("w2stheory"), "status": Status.open}
    return Claim(**fields, sides=sides, worlds=(FlooredTables(1, 2),), **changes)


def test_claims_of_the_catalogue_travel_by_name_and_changed_ones_by_what_they_share_with_them():
    assert unpacked(packed(CLAIMS)) == CLAIMS
    assert len(packed(CLAIMS)) < 10_000
    assert unpacked(packed(CLAIMS[0])) is CLAIMS[0]
    for name in ("generalization-forward", "gain-reverse-mixture-risk"):
        claim = CATALOGUE[name]
        relaxed = without(claim, claim.assumes[0].name)
        (there,) = unpacked(packed((relaxed,)))
        assert there.sides is claim.sides and there.assumes == relaxed.assumes and there.worlds == relaxed.worlds
        assert there is not claim


def test_ones_own_claims_are_made_once_and_share_what_they_shared():
    shift = 0.25
    half = Hypothesis("half", "", lambda i: i.weights[0] - 0.5)
    mine = own(lambda i: Leq(i.weights, np.array(shift)), assumes=(half,))
    other = own(
        lambda i: Leq(i.weights, np.array(2 * shift)), assumes=(half, *CATALOGUE["generalization-forward"].assumes)
    )
    (first, second), (again,) = unpacked(packed((mine, other))), unpacked(packed((mine,)))
    assert first is again and first is not mine
    assert first.assumes[0] is second.assumes[0]
    assert second.assumes[1] is CATALOGUE["generalization-forward"].assumes[0]
    at = types.SimpleNamespace(weights=np.array([0.75]))
    assert first.sides(at).rhs == 0.25 and second.sides(at).rhs == 0.5 and first.assumes[0].margin(at) == 0.25


def test_a_claim_that_cannot_travel_is_refused_by_a_sentence(monkeypatch):
    lock = threading.Lock()
    with pytest.raises(InputError, match=r"a claim cannot be sent to other processes, use one worker: .*lock"):
        packed((own(lambda i: Leq(i.weights[0], float(lock.locked()))),))
    here = types.ModuleType("only_here")
    exec("def sides(i):\n    return i", here.__dict__)
    monkeypatch.setitem(sys.modules, "only_here", here)
    data = packed((own(here.sides),))
    monkeypatch.delitem(sys.modules, "only_here")
    with pytest.raises(InputError, match=r"a claim cannot be made in another process, use one worker: .*only_here"):
        unpacked(data)

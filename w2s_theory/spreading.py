"""Claims on the processes of a cluster: how they are sent there, your own among them."""

import functools
import io
import pickle
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from w2s_theory.catalogue import CATALOGUE
from w2s_theory.claim import Claim
from w2s_theory.errors import InputError
from w2s_theory.instance import Hypothesis
from w2s_theory.processes import Cluster, Spread

A = TypeVar("A")
B = TypeVar("B")


def spread_on(cluster: Cluster) -> Spread:
    """A `map` of tasks that hold claims on the processes of a cluster.

    What is of the catalogue is sent by name, all else by value.  `InputError` for a claim that cannot be sent, or not
    be made there, and as `Cluster.in_order` says.
    """

    def spread(function: Callable[[A], B], values: Iterable[A], /) -> Iterator[B]:
        return cluster.in_order(functools.partial(_run, function), map(packed, values))

    return spread


def _run(function: Callable[[A], B], data: bytes) -> B:
    return function(unpacked(data))


def packed(value: Any) -> bytes:
    """`value` as bytes for `unpacked` in another process.  `InputError` if it holds what cannot be sent."""
    import cloudpickle  # noqa: PLC0415

    class Packer(cloudpickle.Pickler):
        def persistent_id(self, obj: Any) -> tuple[str, Any] | None:
            name = _names().get(id(obj))
            if name is not None:
                return "catalogue", name
            return ("own", _packed_once(obj)) if isinstance(obj, Claim | Hypothesis) and obj is not value else None

    file = io.BytesIO()
    try:
        Packer(file).dump(value)
    except (pickle.PicklingError, TypeError, AttributeError, NotImplementedError) as problem:
        raise InputError(f"a claim cannot be sent to other processes, use one worker: {problem}") from None
    return file.getvalue()


def unpacked(data: bytes) -> Any:
    """What was packed; claims and hypotheses packed alike are the same objects, so that they are compiled once."""
    try:
        return _Unpacker(io.BytesIO(data)).load()
    except (ImportError, AttributeError) as problem:
        raise InputError(f"a claim cannot be made in another process, use one worker: {problem}") from None


class _Unpacker(pickle.Unpickler):
    def persistent_load(self, pid: tuple[str, Any]) -> Any:
        kind, what = pid
        return _of_catalogue()[what] if kind == "catalogue" else _own(what)


@functools.lru_cache(maxsize=1024)
def _packed_once(thing: Claim | Hypothesis) -> bytes:
    return packed(thing)


@functools.lru_cache(maxsize=1024)
def _own(data: bytes) -> Any:
    return unpacked(data)


@functools.lru_cache(maxsize=1)
def _of_catalogue() -> dict[str, Any]:
    """The claims of the catalogue, and the functions and assumptions they are made of, by name."""
    made: dict[str, Any] = {}
    for name, claim in CATALOGUE.items():
        made |= {name: claim, f"{name}/sides": claim.sides, f"{name}/witness": claim.witness}
        made |= {f"{name}/assumes/{h.name}": h for h in claim.assumes}
        made |= {f"{name}/domain/{d.name}": d for d in claim.domain}
    return {name: thing for name, thing in made.items() if thing is not None}


@functools.lru_cache(maxsize=1)
def _names() -> dict[int, str]:
    return {id(thing): name for name, thing in _of_catalogue().items()}

"""What the machine can do at best, measured, and what it is: times of work are compared with it."""

import importlib.metadata
import os
import platform
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

PACKAGES = (
    "w2s-theory",
    "jax",
    "numpy",
    "scipy",
    "torch",
    "torchmetrics",
    "netcal",
    "uncertainty-calibration",
    "relplot",
    "scikit-learn",
    "numba",
    "cvxpy",
    "clarabel",
    "scs",
    "pyarrow",
    "dask",
)
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
_IN_CACHE = 2**13


@dataclass(frozen=True)
class Limits:
    """Rates a second, of all cores together: bytes read, logarithms in cache, and floating-point operations."""

    read: float
    logarithms: float
    single_logarithms: float
    operations: float

    def sentence(self) -> str:
        """The limits in words."""
        return (
            f"{self.read / 1e9:.1f} GB/s read, {self.logarithms / 1e9:.2f}e9 logarithms a second in float64 and "
            f"{self.single_logarithms / 1e9:.2f}e9 in float32, {self.operations / 1e9:.0f}e9 floating-point operations "
            "a second in float64"
        )


@dataclass(frozen=True)
class Least:
    """What a piece of work needs whoever does it: bytes read once, logarithms, floating-point operations."""

    read: float = 0.0
    logarithms: float = 0.0
    single_logarithms: float = 0.0
    operations: float = 0.0

    def seconds(self, limits: Limits) -> float | None:
        """The longest of its parts at the machine's limits; None where nothing is stated."""
        parts = [getattr(self, name) / getattr(limits, name) for name in self.__dataclass_fields__]
        return max(parts) or None


def _fastest(work: Callable[[], object], runs: int = 5) -> float:
    """Least seconds of several runs: a limit is what the machine can do when nothing disturbs it."""
    work()
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def measured_limits(megabytes: int = 256) -> Limits:
    """The limits of this machine at this moment; takes about a second."""
    array = np.ones(megabytes * 2**17)
    parts = np.array_split(array, CORES)
    with ThreadPoolExecutor(CORES) as pool:
        reading = min(_fastest(lambda f=f: list(pool.map(f, parts))) for f in (np.sum, lambda a: np.dot(a, a)))
        repeats = max(1, len(array) // _IN_CACHE // CORES // 4)

        def logarithms(kind: type) -> float:
            def one(seed: int) -> None:
                given = np.linspace(0.1, 0.9, _IN_CACHE, dtype=kind)
                made = np.empty_like(given)
                for _ in range(repeats):
                    np.log(given, out=made)

            return CORES * repeats * _IN_CACHE / _fastest(lambda: list(pool.map(one, range(CORES))), 3)

        rates = logarithms(np.float64), logarithms(np.float32)
    size = 1024
    square = np.random.default_rng(0).random((size, size))
    return Limits(array.nbytes / reading, *rates, 2.0 * size**3 / _fastest(lambda: square @ square))


def machine() -> dict[str, str]:
    """The processor, its cores, the memory and the software, without names that identify the machine."""
    described = Path("/proc/cpuinfo")
    lines = described.read_text(errors="replace").splitlines() if described.exists() else []
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return {
        "processor": model or platform.machine(),
        "cores": str(CORES),
        "memory": f"{memory:.0f} GB",
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
    }


def versions() -> dict[str, str]:
    """Versions of this package and of the peers that are installed."""
    made = {}
    for name in PACKAGES:
        try:
            made[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return made

"""A uniform random sample of the rows of a stream, for statistics that need all their rows at once."""

import numpy as np

from w2s_theory.auditing.predictions import Block

_MOST_ROWS, _MOST_ENTRIES, _FEWEST_ROWS = 2**14, 2**20, 16


def sample_size(classes: int) -> int:
    """How many rows are kept: up to 16,384, about a million numbers a model, and no fewer than 16."""
    return int(np.clip(_MOST_ENTRIES // classes, _FEWEST_ROWS, _MOST_ROWS))


class RowSample:
    """The rows with the smallest of independent random numbers, one a row: a uniform sample without replacement."""

    def __init__(self, seed: int = 0):
        self._rng = np.random.default_rng(seed)
        self._kept: list[tuple[np.ndarray, Block]] = []
        self._held, self._cut = 0, 1.0
        self.seen = 0

    def add(self, block: Block) -> None:
        """Offer one block."""
        if not len(block):
            return
        size = sample_size(block.classes)
        self.seen += len(block)
        lots = self._rng.random(len(block))
        chosen = np.flatnonzero(lots < self._cut)
        if len(chosen):
            self._kept.append((lots[chosen], block.taken(chosen)))
            self._held += len(chosen)
        if self._held > 2 * size:
            self._shrink(size)

    def _shrink(self, size: int) -> None:
        lots = np.concatenate([lot for lot, _ in self._kept])
        if len(lots) > size:
            self._cut = float(np.partition(lots, size)[size])
        self._kept = [(lot[lot < self._cut], block.taken(lot < self._cut)) for lot, block in self._kept]
        self._held = sum(len(lot) for lot, _ in self._kept)

    def block(self) -> Block | None:
        """The sample as one block; all rows if there were no more than fit.  None if there were none."""
        if not self._kept:
            return None
        self._shrink(sample_size(self._kept[0][1].classes))
        blocks = [block for _, block in self._kept if len(block)]
        first = blocks[0]

        def joined(parts: list[np.ndarray | None]) -> np.ndarray | None:
            return None if parts[0] is None else np.concatenate([part for part in parts if part is not None])

        models = {role: np.concatenate([block.models[role] for block in blocks]) for role in first.models}
        labels, truth = joined([block.labels for block in blocks]), joined([block.truth for block in blocks])
        return Block(0, models, labels, truth)

"""Thin a cloud of points evenly, so that it shows a region and not the sampler's preference within it."""

import numpy as np


def thin(points: np.ndarray, low: tuple[float, float], high: tuple[float, float], cells: tuple[int, int]) -> np.ndarray:
    """Indices of the first point in each of `cells` equal rectangles of the box [low, high]; points (n, 2).

    Points outside the box, or not finite, are left out.  The order of the indices is that of the points.
    """
    with np.errstate(invalid="ignore"):
        cell = np.floor((points - np.asarray(low)) / (np.asarray(high) - np.asarray(low)) * np.asarray(cells))
        inside = np.all((cell >= 0) & (cell < np.asarray(cells)), axis=1)
    names = np.where(inside, cell[:, 0] * cells[1] + cell[:, 1], -1.0)
    first = np.unique(names, return_index=True)[1]
    return np.sort(first[inside[first]])

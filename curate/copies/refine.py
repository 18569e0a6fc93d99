"""Where in a picture another one lies: its rough place moved by Gauss-Newton steps on the grey values.

In: pairs of pictures with the rough place of one in the other. Out: the place where they agree best. A place
is (x, y, width, height) in units of the larger picture, so (0, 0, 1, 1) is all of it. (Lucas & Kanade 1981,
with contrast and brightness solved for beside the place; for many pairs at once.)
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Pictures = NDArray[np.float32]  # (M, side, side)
Places = NDArray[np.float32]  # (M, 4): x, y, width, height

_STILL = 0.004  # a step that is no longer than this is the last
_LARGEST_STEP = 0.06
_SMALLEST = 0.6  # of a side; crops that keep less are not looked for
_DAMPING = 1e-3  # of the least squares, so that a picture without slopes has a solution


def refine(whole: Pictures, other: Pictures, place: Places, steps: int) -> tuple[Places, Pictures, Pictures]:
    """Move the places to where the pictures agree best; and what is seen there, and the other: standard."""
    count, side, _ = other.shape
    target = standard(other)
    place = place.copy()
    sheets = np.ones((count, 7, side, side), np.float32)  # what explains the target, and the target
    moving = np.arange(count)
    for _ in range(steps):
        some = sheets[: len(moving)]
        some[:, 4] = standard(sample(whole[moving], place[moving])).reshape(-1, side, side)
        _slopes(some[:, 4], some[:, :4])
        some[:, 6] = target[moving].reshape(-1, side, side)
        step = np.clip(_step(some.reshape(-1, 7, side * side)), -_LARGEST_STEP, _LARGEST_STEP)
        place[moving] = _moved(place[moving], step)
        moving = moving[np.abs(step).max(axis=1) > _STILL]
    return place, standard(sample(whole, place)), target


def sample(pictures: Pictures, place: Places) -> Pictures:
    """The places of the pictures, enlarged to their full size, linearly interpolated."""
    rows = _weights(place[:, 1], place[:, 3], pictures.shape[1])
    columns = _weights(place[:, 0], place[:, 2], pictures.shape[2])
    found: Pictures = np.matmul(np.matmul(rows, pictures), columns.transpose(0, 2, 1))
    return found


def _weights(start: NDArray[np.float32], size: NDArray[np.float32], side: int) -> Pictures:
    """Of linear interpolation along one axis: (M,) each -> (M, side, side), old pixels by columns."""
    at: Pictures = (start[:, None] + size[:, None] * _centres(side)) * side - np.float32(0.5)
    np.clip(at, 0, side - 1, out=at)
    weights = np.abs(at[:, :, None] - np.arange(side, dtype=np.float32))
    np.subtract(1, weights, out=weights)
    return np.maximum(weights, 0, out=weights)


@lru_cache
def _centres(side: int) -> NDArray[np.float32]:
    return (np.arange(side, dtype=np.float32) + np.float32(0.5)) / np.float32(side)


def _slopes(seen: Pictures, found: NDArray[np.float32]) -> None:
    """Put into `found` (M, 4, S, S) how what is seen changes with x, y, width and height of the place."""
    side = seen.shape[1]
    right, down = found[:, 0], found[:, 1]
    np.subtract(seen[:, :, 2:], seen[:, :, :-2], out=right[:, :, 1:-1])
    np.subtract(seen[:, 2:], seen[:, :-2], out=down[:, 1:-1])
    right[:, :, [0, -1]] = 2 * (seen[:, :, [1, -1]] - seen[:, :, [0, -2]])
    down[:, [0, -1]] = 2 * (seen[:, [1, -1]] - seen[:, [0, -2]])
    found[:, :2] *= side / 2
    np.multiply(right, _centres(side), out=found[:, 2])
    np.multiply(down, _centres(side)[:, None], out=found[:, 3])


def _step(sheets: NDArray[np.float32]) -> NDArray[np.float32]:
    """By least squares, how far to move: (M, 7, S * S) -> (M, 4).

    The sheets are four slopes, what is seen, ones, and the target: contrast and brightness, which the fifth
    and the sixth stand for, are solved for together with the place, and not used.
    """
    products = sheets[:, :6] @ sheets.transpose(0, 2, 1)
    normal, wanted = products[:, :, :6], products[:, :, 6] - products[:, :, 4]
    damping = _DAMPING * np.trace(normal[:, :4, :4], axis1=1, axis2=2) / 4
    normal = normal + np.eye(6, dtype=np.float32) * np.maximum(damping, 1e-6)[:, None, None]
    step: NDArray[np.float32] = np.linalg.solve(normal.astype(np.float32), wanted[:, :, None])[:, :4, 0]
    return step


def _moved(place: Places, step: NDArray[np.float32]) -> Places:
    """By steps in units of the place, but not out of the picture."""
    start, size = place[:, :2] + step[:, :2] * place[:, 2:], place[:, 2:] * (1 + step[:, 2:])
    size = np.clip(size, _SMALLEST, 1)
    return np.concatenate([np.clip(start, 0, 1 - size), size], axis=1)


def standard(pictures: Pictures, length: float = 1.0) -> Pictures:
    """Zero mean and this length: (M, S, S) -> (M, S * S)."""
    flat = pictures.reshape(len(pictures), pictures.shape[1] * pictures.shape[2])
    flat = flat - flat.mean(axis=1, keepdims=True)
    flat *= (length / np.maximum(np.sqrt(dots(flat, flat)), 1e-6))[:, None]
    return flat


def dots(a: Pictures, b: Pictures) -> NDArray[np.float32]:
    """Of each row with its counterpart: (M, K), (M, K) -> (M,)."""
    found: NDArray[np.float32] = np.einsum("ij,ij->i", a, b)
    return found

"""Seen from aside: one edge of the sample nearer than the opposite one."""

from __future__ import annotations

import numpy as np

from trainer.data.augment.model import Context, Matrix, Technique


def matrix(x: float, y: float, size: tuple[int, int]) -> Matrix:
    """About the middle of a sample of that size: things on its right edge are 1 + `x` times as far as those
    in the middle, those on its left edge 1 - `x` times; `y` from top to bottom likewise."""
    width, height = size
    return np.array([[1, 0, 0], [0, 1, 0], [2 * x / width, 2 * y / height, 1]])


def warp(context: Context) -> Matrix | None:
    """Random distances within the policy's; None where there are none."""
    if not context.policy.perspective:
        return None
    x, y = context.rng.uniform(-1, 1, 2) * context.policy.perspective
    return matrix(float(x), float(y), context.size)


TECHNIQUE = Technique("perspective", {"perspective": 0.3}, warp=warp)

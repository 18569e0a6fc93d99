"""Turned and sheared about the middle of the sample; zoom and shift are in `placing`.

The box of a turned thing is the one around its turned box, which is larger than the thing itself: by 41 %
each way at 45 degrees for a square one. Small angles cost little.
"""

from __future__ import annotations

import math

import numpy as np

from trainer.data.augment.model import Context, Matrix, Technique


def matrix(degrees: float, shear_x: float, shear_y: float) -> Matrix:
    """Sheared by angles in degrees, then turned clockwise, about the origin (y points down)."""
    angle = math.radians(degrees)
    cos, sin = math.cos(angle), math.sin(angle)
    turned = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    tx, ty = math.tan(math.radians(shear_x)), math.tan(math.radians(shear_y))
    return turned @ np.array([[1, tx, 0], [ty, 1, 0], [0, 0, 1]])


def warp(context: Context) -> Matrix | None:
    """A random turn and shear within the policy's; None where there is none."""
    policy = context.policy
    if not policy.degrees and not policy.shear:
        return None
    turn, shear_x, shear_y = context.rng.uniform(-1, 1, 3)
    return matrix(turn * policy.degrees, shear_x * policy.shear, shear_y * policy.shear)


TECHNIQUE = Technique("affine", {"degrees": 20.0, "shear": 8.0, "scale": 0.3, "translate": 0.1}, warp=warp)

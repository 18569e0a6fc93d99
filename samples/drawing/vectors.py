"""Small vectors and rotations: three floats in, three floats out.

Hand frame: millimetres, origin in the wrist, +y towards the fingertips, +z out of the back of the hand;
the thumb of a right hand lies at -x. View frame: millimetres, x right, y up, z towards the viewer.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]  # pictures, flat lists of rays
Colour = tuple[float, float, float]


def vec(x: float, y: float, z: float) -> Vector:
    """A vector of three floats."""
    return np.array([x, y, z], dtype=np.float64)


def unit(v: Vector) -> Vector:
    """The vector of length one in the direction of v; v must not be zero."""
    return v / np.linalg.norm(v)


def across(v: Vector, axis: Vector) -> Vector:
    """The unit part of v that is perpendicular to the unit vector `axis`."""
    return unit(v - axis * float(v @ axis))


def turn(axis: str, degrees: float) -> Vector:
    """Rotation matrix (3, 3), counter-clockwise about x, y or z."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    if axis == "x":
        return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    if axis == "y":
        return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])

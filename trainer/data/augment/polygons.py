"""Convex polygons, (k, 2) corners in order: cut by lines, moved by matrices, measured. Empty is (0, 2)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Polygon = NDArray[np.float64]  # (k, 2)


def cut(polygon: Polygon, line: tuple[float, float, float]) -> Polygon:
    """The part where a x + b y + c >= 0 (Sutherland and Hodgman, CACM 17(1), 1974, for one edge)."""
    if not len(polygon):
        return polygon
    a, b, c = line
    heights = polygon @ np.array([a, b]) + c
    if (heights >= 0).all():
        return polygon
    kept: list[NDArray[np.float64]] = []
    for i, height in enumerate(heights):
        before = heights[i - 1]
        if (height >= 0) != (before >= 0):
            share = before / (before - height)
            kept.append(polygon[i - 1] + share * (polygon[i] - polygon[i - 1]))
        if height >= 0:
            kept.append(polygon[i])
    return np.array(kept).reshape(-1, 2)


def clipped(polygon: Polygon, bounds: tuple[float, float, float, float]) -> Polygon:
    """The part inside the rectangle `bounds` (xyxy)."""
    x1, y1, x2, y2 = bounds
    for line in ((1.0, 0.0, -x1), (-1.0, 0.0, x2), (0.0, 1.0, -y1), (0.0, -1.0, y2)):
        polygon = cut(polygon, line)
    return polygon


def mapped(polygon: Polygon, matrix: NDArray[np.float64], behind: float) -> Polygon:
    """The polygon under a homography, without what has a homogeneous coordinate below `behind`."""
    a, b, c = matrix[2]
    polygon = cut(polygon, (a, b, c - behind))
    if not len(polygon):
        return polygon
    points = np.concatenate((polygon, np.ones((len(polygon), 1))), axis=1) @ matrix.T
    return points[:, :2] / points[:, 2:]


def polygon_area(polygon: Polygon) -> float:
    """Its area, whichever way round it goes; 0 with less than three corners."""
    if len(polygon) < 3:
        return 0.0
    x, y = polygon.T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


def extent(polygon: Polygon) -> tuple[float, float, float, float]:
    """The box around it, xyxy; zeros where it is empty."""
    if not len(polygon):
        return 0.0, 0.0, 0.0, 0.0
    (x1, y1), (x2, y2) = polygon.min(axis=0), polygon.max(axis=0)
    return float(x1), float(y1), float(x2), float(y2)

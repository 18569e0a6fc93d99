"""Drawing photographs into a sample, and their boxes exactly where their pixels go.

Every photograph is resampled once, from its own pixels straight into the sample.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.data.augment.model import Matrix, Photo, Region, Sample, Tile
from trainer.data.augment.polygons import Polygon, clipped, extent, mapped, polygon_area
from trainer.data.images import GREY, Image
from trainer.geometry import survivors

BEHIND = 0.1  # a point whose homogeneous coordinate is less lies behind the camera, or nearly so
LEAST_SIDE, LEAST_AREA = 2.0, 0.1  # of what a crop leaves of a box; see `trainer.geometry.survivors`

Boxes = NDArray[np.float32]  # (n, 4) xyxy
Labels = NDArray[np.int64]  # (n,)


def draw(tiles: list[Tile], size: tuple[int, int], warp: Matrix | None = None) -> Sample:
    """A grey canvas of `size` (width, height) with the tiles on it, in their order.

    With `warp` the tiles lie on an endless plane, which it brings into the sample. A box is the one around
    what is left of the photograph's box inside its tile and the sample, and is dropped where that is too
    little (LEAST_SIDE, LEAST_AREA).
    """
    width, height = size
    canvas = np.full((height, width, 3), GREY, dtype=np.uint8)
    if warp is None:
        placed = [_place(tile, canvas) for tile in tiles]
    else:
        placed = [_place_warped(tile, canvas, warp) for tile in tiles]
    boxes = np.concatenate([boxes for boxes, _ in placed])
    return Sample(canvas, boxes, np.concatenate([labels for _, labels in placed]))


def corners_of(photo: Photo, factor: float, origin: NDArray[np.float64]) -> Boxes:
    """The photograph's boxes as xyxy on the plane of its tile."""
    height, width = photo.image.shape[:2]
    scale = factor * np.array([width, height, width, height])
    half = photo.boxes[:, 2:] / 2
    corners = np.concatenate((photo.boxes[:, :2] - half, photo.boxes[:, :2] + half), axis=1)
    return (corners * scale + np.tile(origin, 2)).astype(np.float32)


def _place(tile: Tile, canvas: Image) -> tuple[Boxes, Labels]:
    """Draw a tile, upright; its boxes worth keeping, clipped to its region."""
    photo, factor, origin, region = tile
    x1, y1, x2, y2 = _inside(region, canvas)
    if x2 <= x1 or y2 <= y1:
        return np.zeros((0, 4), dtype=np.float32), np.zeros(0, dtype=np.int64)
    # boxes count from the edge of a pixel, OpenCV from its centre: x' = f (x + 1/2) + origin - 1/2
    offset = origin - (x1, y1) + factor / 2 - 0.5
    matrix = np.array([[factor, 0, offset[0]], [0, factor, offset[1]]])
    canvas[y1:y2, x1:x2] = cv2.warpAffine(
        photo.image,
        matrix,
        (x2 - x1, y2 - y1),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(GREY, GREY, GREY),
    )
    moved = corners_of(photo, factor, origin)
    cut = np.clip(moved, np.array([x1, y1, x1, y1]), np.array([x2, y2, x2, y2])).astype(np.float32)
    keep = survivors(moved, cut, least_side=LEAST_SIDE, least_area=LEAST_AREA)
    return cut[keep], photo.labels[keep]


def _inside(region: Region | None, canvas: Image) -> Region:
    height, width = canvas.shape[:2]
    if region is None:
        return 0, 0, width, height
    x1, y1, x2, y2 = region
    return max(x1, 0), max(y1, 0), min(x2, width), min(y2, height)


def _place_warped(tile: Tile, canvas: Image, warp: Matrix) -> tuple[Boxes, Labels]:
    """Draw a tile as `warp` shows it; its boxes worth keeping."""
    photo, factor, origin, region = tile
    rows, columns = photo.image.shape[:2]
    low, high = origin, origin + factor * np.array([columns, rows])
    if region is not None:
        low, high = np.maximum(low, region[:2]), np.minimum(high, region[2:])
    if not (high > low).all():
        return np.zeros((0, 4), dtype=np.float32), np.zeros(0, dtype=np.int64)
    bounds = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
    _paint(photo.image, warp @ _placing(factor, origin), _seen(_rectangle(*bounds), warp), canvas)
    height, width = canvas.shape[:2]
    boxes, keep = [], []
    for i, box in enumerate(corners_of(photo, factor, origin).astype(np.float64)):
        whole = _seen(_rectangle(*box), warp)
        part = _seen(_rectangle(*_overlap(box, bounds)), warp)
        part = clipped(part, (0.0, 0.0, float(width), float(height)))
        left, total = polygon_area(part), polygon_area(whole)
        if total <= 0 or left / total <= LEAST_AREA:
            continue
        around = extent(part)
        if min(around[2] - around[0], around[3] - around[1]) > LEAST_SIDE:
            boxes.append(around)
            keep.append(i)
    # cutting by lines may miss the edge by a rounding
    inside = np.array(boxes, dtype=np.float32).reshape(-1, 4).clip(0, (width, height, width, height))
    return inside.astype(np.float32), photo.labels[keep]


def _paint(image: Image, matrix: Matrix, outline: Polygon, canvas: Image) -> None:
    """Draw `image`, moved by `matrix`, where the outline says."""
    if len(outline) < 3:
        return
    height, width = canvas.shape[:2]
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])  # from OpenCV's pixel centres to edges
    drawn = cv2.warpPerspective(
        image,
        np.linalg.inv(half) @ matrix @ half,
        (width, height),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,  # half a pixel at the outline, which the mask cuts
    )
    mask = np.zeros((height, width), np.uint8)
    bits = 4  # of a pixel's fraction
    points = np.round((outline.clip(-4 * width - 4 * height, 4 * width + 4 * height) - 0.5) * 2**bits)
    cv2.fillConvexPoly(mask, points.astype(np.int32), 255, shift=bits)
    cv2.copyTo(drawn, mask, canvas)


def _placing(factor: float, origin: NDArray[np.float64]) -> Matrix:
    return np.array([[factor, 0, origin[0]], [0, factor, origin[1]], [0, 0, 1]])


def _rectangle(x1: float, y1: float, x2: float, y2: float) -> Polygon:
    if x2 <= x1 or y2 <= y1:
        return np.zeros((0, 2))
    return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]], dtype=np.float64)


def _overlap(a: NDArray[np.float64], b: tuple[float, ...]) -> tuple[float, float, float, float]:
    return max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])


def _seen(polygon: Polygon, warp: Matrix) -> Polygon:
    """The part of a polygon in front of the camera, as `warp` shows it."""
    return mapped(polygon, warp, BEHIND)

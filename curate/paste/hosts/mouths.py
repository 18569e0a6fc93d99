"""Where the mouth is in a face, or in a box around the mouth itself: its middle, width and tilt."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.arrays import Pixels
from curate.paste.hosts.model import MOUTH, Box, Found, Host, clipped

# Where the line between the lips lies in a box of the frontal cascade, and of the profile cascade for a face
# that looks to the left: shares of its sides. Measured on the faces of hands_phone_voc.
_IN_FRONT = (0.5, 0.78)
_IN_PROFILE = (0.36, 0.76)
_WIDTH = 0.36  # of a mouth / side of the box of a face
_SPREAD = (0.06, 0.045)  # how far it may lie from there, as a Gaussian; shares of the box


def describe(image: Pixels, found: Found, turn: float = 0.0) -> Host:
    """The mouth of a face (`found.how` "face"), or the one in a labelled box of a mouth."""
    height, width = image.shape[:2]
    box = clipped(found.box, width, height)
    if found.how != "face":
        x0, y0, x1, y1 = box
        centre, size = ((x0 + x1) / 2, (y0 + y1) / 2), x1 - x0
        return _host(image, box, centre, size, turn, 0.0, 0.9, "lips")
    x0, y0, x1, y1 = box
    side = math.sqrt((x1 - x0) * (y1 - y0))
    at = _expected(turn)
    expected = (x0 + at[0] * (x1 - x0), y0 + at[1] * (y1 - y0))
    centre, tilt, contrast = _lips(image, expected, side)
    return _host(image, box, centre, _WIDTH * side, turn, tilt, found.belief * (0.7 + 0.3 * contrast), "face")


def _expected(turn: float) -> tuple[float, float]:
    x = _IN_FRONT[0] + abs(turn) * (_IN_PROFILE[0] - _IN_FRONT[0])
    y = _IN_FRONT[1] + abs(turn) * (_IN_PROFILE[1] - _IN_FRONT[1])
    return (x, y) if turn <= 0 else (1 - x, y)


def _lips(
    image: Pixels, expected: tuple[float, float], side: float
) -> tuple[tuple[float, float], float, float]:
    """(place, tilt, contrast 0 .. 1) of the dark level line between the lips, near where it is expected."""
    height, width = image.shape[:2]
    reach_x, reach_y = 0.3 * side, 0.17 * side
    x0, y0 = max(int(expected[0] - reach_x), 0), max(int(expected[1] - reach_y), 0)
    x1, y1 = min(math.ceil(expected[0] + reach_x), width), min(math.ceil(expected[1] + reach_y), height)
    if x1 - x0 < 8 or y1 - y0 < 8:
        return expected, 0.0, 0.0
    zoom = min(64 / (x1 - x0), 4.0)
    part = cv2.resize(image[y0:y1, x0:x1], None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(part.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    lightness = cv2.GaussianBlur(lab[..., 0], (0, 0), 1.0)
    unit = side * zoom
    fine, coarse = max(0.012 * unit, 0.8), max(0.05 * unit, 2.0)
    # a dark line across, in redder skin than around it
    line = cv2.GaussianBlur(lightness, (0, 0), coarse) - cv2.GaussianBlur(lightness, (0, 0), fine)
    along = cv2.GaussianBlur(line, (0, 0), sigmaX=0.09 * unit, sigmaY=0.6)
    red = lab[..., 1] - cv2.GaussianBlur(lab[..., 1], (0, 0), 0.16 * unit)
    red = cv2.GaussianBlur(red, (0, 0), 0.03 * unit)
    rows, columns = np.mgrid[: part.shape[0], : part.shape[1]] + 0.5
    away_x = (columns / zoom + x0 - expected[0]) / (side * _SPREAD[0])
    away_y = (rows / zoom + y0 - expected[1]) / (side * _SPREAD[1])
    score = along + 0.6 * red - 1.2 * (away_x**2 + away_y**2)
    row, column = np.unravel_index(int(score.argmax()), score.shape)
    contrast = float(np.clip(along[row, column] / 8, 0, 1))
    place = (x0 + float(column + 0.5) / zoom, y0 + float(row + 0.5) / zoom)
    return place, _tilt(along, int(row), int(column), 0.12 * unit), contrast


def _tilt(line: NDArray[np.float32], row: int, column: int, reach: float) -> float:
    """Angle of a dark line through a place, radians: its darkest rows a little to the left and right."""
    columns = np.arange(max(int(column - reach), 0), min(int(column + reach) + 1, line.shape[1]))
    top, bottom = max(int(row - 0.4 * reach), 0), min(int(row + 0.4 * reach) + 1, line.shape[0])
    if len(columns) < 4 or bottom - top < 2:
        return 0.0
    rows = top + line[top:bottom, columns].argmax(axis=0)
    slope = float(np.polyfit(columns, rows, 1)[0])
    return float(np.clip(math.atan(slope), -0.35, 0.35))


def _host(
    image: Pixels,
    box: Box,
    centre: tuple[float, float],
    width: float,
    turn: float,
    tilt: float,
    quality: float,
    how: str,
) -> Host:
    """The window reaches as far as a thing in the mouth may: light and sharpness are measured there."""
    rows, columns = image.shape[:2]
    reach = 1.6 * width
    window = (
        max(int(centre[0] - reach), 0),
        max(int(centre[1] - reach), 0),
        min(math.ceil(centre[0] + reach), columns),
        min(math.ceil(centre[1] + reach), rows),
    )
    empty = np.zeros((8, 8), np.uint8)
    return Host(
        kind=MOUTH,
        box=box,
        window=window,
        mask=empty,
        parts=empty,
        centre=centre,
        radius=width / 2,
        size=width,
        quality=quality,
        how=how,
        turn=turn,
        tilt=tilt,
    )

"""How a finding is looked at: which picture of its image it takes, and where the boxes lie on it.

A pane is a view in the pixels of the boxes, with the picture's own place in it, so that a close-up, a turned
picture and a box outside its image all are the same thing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from curate.findings import Finding
from curate.report.html.subjects import Corners, Subjects
from curate.report.html.words import Words

_SMALL = 0.1  # of the image's side; a smaller box gets a close-up
_ABOUT_SIZE = ("HDR003", "HDR004")  # the view then holds the stated size
_REACH = 0.5  # of the image's side; how far outside it the view goes to show a box

Rect = tuple[float, float, float, float]  # x, y, width, height
Crop = tuple[int, int, int, int]  # x0, y0, x1, y1


@dataclass(frozen=True)
class Wanted:
    """A picture to make: an image, turned as its orientation says (1: as stored), then cropped."""

    image: str
    orientation: int
    crop: Crop | None = None


@dataclass(frozen=True)
class Pane:
    """One view. `picture` is the number of a picture, -1 where there is none."""

    picture: int
    caption: str
    view: Rect
    place: Rect


def panes_of(
    finding: Finding, subjects: Subjects, image_id: int, words: Words
) -> list[tuple[Wanted | None, Pane]]:
    """The panes of one finding, each with the picture it wants; None where there can be none."""
    row = subjects.rows[image_id]
    width, height = subjects.frame(image_id)
    concerned = subjects.concerned(finding, image_id)
    whole = (0.0, 0.0, width, height)
    reach = [box.corners for box in concerned]
    if finding.code in _ABOUT_SIZE:
        reach.append((0.0, 0.0, float(row["width"] or 0), float(row["height"] or 0)))
    view = _reaching(whole, reach)
    if subjects.why_not(image_id, words):
        return [(None, Pane(-1, "", view, whole))]
    if finding.code == "HDR005":
        return _both_ways(row, [box.corners for box in subjects.boxes(image_id)], words)
    image, orientation = row["image"], subjects.orientation(image_id)
    panes: list[tuple[Wanted | None, Pane]] = [(Wanted(image, orientation), Pane(-1, "", view, whole))]
    crop = _close_up(concerned[0].corners, width, height) if concerned else None
    if crop is not None:
        x0, y0, x1, y1 = crop
        near = (float(x0), float(y0), float(x1 - x0), float(y1 - y0))
        panes.append((Wanted(image, orientation, crop), Pane(-1, words["close_up"], near, near)))
    return panes


def _both_ways(
    row: Mapping[str, Any], boxes: Sequence[Corners], words: Words
) -> list[tuple[Wanted | None, Pane]]:
    """The picture as stored and as displayed, with the same boxes on both: a person sees which one fits."""
    width, height = float(row["image_width"]), float(row["image_height"])
    orientation = row["orientation"]
    shown = (height, width) if orientation >= 5 else (width, height)
    panes: list[tuple[Wanted | None, Pane]] = []
    for turn, (w, h), caption in (
        (1, (width, height), words["as_stored"]),
        (orientation, shown, words["as_displayed"].format(orientation=orientation)),
    ):
        whole = (0.0, 0.0, w, h)
        panes.append((Wanted(row["image"], turn), Pane(-1, caption, _reaching(whole, boxes), whole)))
    return panes


def _reaching(frame: Rect, boxes: Sequence[Corners]) -> Rect:
    """The frame, widened to show boxes outside it, by half of its side at most."""
    _, _, width, height = frame
    x0 = max(min([0.0, *(box[0] for box in boxes)]), -_REACH * width)
    y0 = max(min([0.0, *(box[1] for box in boxes)]), -_REACH * height)
    x1 = min(max([width, *(box[2] for box in boxes)]), (1 + _REACH) * width)
    y1 = min(max([height, *(box[3] for box in boxes)]), (1 + _REACH) * height)
    return (x0, y0, x1 - x0, y1 - y0)


def _close_up(box: Corners, width: float, height: float) -> Crop | None:
    """A window around a small box; None for a box that is large enough, or off the image."""
    x0, y0, x1, y1 = box
    longest = max(x1 - x0, y1 - y0)
    middle_x, middle_y = (x0 + x1) / 2, (y0 + y1) / 2
    if longest >= _SMALL * max(width, height) or not (0 <= middle_x <= width and 0 <= middle_y <= height):
        return None
    half = max(2.5 * longest, 0.05 * max(width, height), 12.0)
    left, top = int(max(middle_x - half, 0)), int(max(middle_y - half, 0))
    right, bottom = int(min(middle_x + half, width)), int(min(middle_y + half, height))
    return (left, top, right, bottom) if right - left >= 8 and bottom - top >= 8 else None

"""Which of many boxes become detections, as data: what judges and what people see. Loads no torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Suppression:
    """Which boxes of an image become detections, and where these lie.

    A score must be over `conf`. Of two boxes of a class whose IoU is over `iou` the worse goes; at most
    `max_det` stay. One that stays is moved to the mean of those whose IoU with it is over `vote` (see
    `trainer.decode.voted`).
    """

    conf: float
    iou: float
    max_det: int = 300
    vote: float = 0.65


#: As average precision wants it: even what is hardly believed counts.
JUDGED = Suppression(conf=0.001, iou=0.6)
#: As a person wants it.
SHOWN = Suppression(conf=0.25, iou=0.45)

"""Which of many boxes become detections, as data: what judges and what people see. Loads no torch."""

from __future__ import annotations

import math
from dataclasses import dataclass

from trainer.errors import TrainerError


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

    def __post_init__(self) -> None:
        for name, value in (("conf", self.conf), ("iou", self.iou), ("vote", self.vote)):
            if math.isnan(value):  # no score is over it: nothing would be found, and nothing said
                raise TrainerError(f"--{name} nan is no share", "give a number from 0 to 1")


#: As average precision wants it: even what is hardly believed counts.
JUDGED = Suppression(conf=0.001, iou=0.6)
#: As a person wants it.
SHOWN = Suppression(conf=0.25, iou=0.45)

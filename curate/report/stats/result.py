"""The numbers of a data set together with the advice that was drawn from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from curate.dataset import Dataset
from curate.report.stats.groups import Group
from curate.resolution import InputSize

if TYPE_CHECKING:  # the trainer is only imported where it is called
    from trainer.anchor_choice import Choice
    from trainer.levels import Advice

SCHEMA = 1


@dataclass(frozen=True)
class Result:
    """The numbers and the advice. `levels`, `size` and `anchors` are for training at `imgsz`."""

    data: Dataset
    target: str  # as the user typed it
    imgsz: int
    groups: Sequence[Group]
    levels: Advice
    size: InputSize
    anchors: Choice | None  # for the advised levels; None: there is no box to fit to

    @property
    def all(self) -> Group:
        """All boxes."""
        return self.groups[0]

    @property
    def options(self) -> tuple[str, ...]:
        """What to add to `trainer fit`; () where the defaults are right.

        The trainer chooses head, anchors and threshold by itself, by the same judgement. Levels are for the
        size asked about; another size is a question to be asked again.
        """
        found: list[str] = []
        if self.size.advised != self.imgsz:
            return ("--imgsz", str(self.size.advised))
        if self.levels.strides != self.levels.usual:
            found += ["--strides", ",".join(map(str, self.levels.strides))]
        return tuple(found)

    def as_object(self) -> dict[str, Any]:
        """For JSON."""
        from trainer.anchors import THRESHOLD

        size, levels = self.size, self.levels
        return {
            "schema": SCHEMA,
            "path": self.target,
            "format": self.data.format,
            "imgsz": self.imgsz,
            "advice": {
                "imgsz": {
                    "advised": size.advised,
                    "reason": size.reason,
                    "enough": size.enough,
                    "images_long_side": size.own,
                    "unseen": {str(at): round(share, 6) for at, share in size.unseen},
                },
                "strides": {
                    "advised": list(levels.strides),
                    "usual": list(levels.usual),
                    "added": list(levels.added),
                    "idle": list(levels.idle),
                    "small": round(levels.small, 6),
                    "huge": round(levels.huge, 6),
                    "levels": {
                        str(one.stride): {
                            "boxes": round(one.boxes, 6),
                            "most_of_a_class": round(one.most, 6),
                            "most_zoomed": round(one.zoomed, 6),
                        }
                        for one in levels.levels
                    },
                },
                "head": {
                    "advised": "free" if levels.without_anchors else "anchor",
                    "large": round(levels.large, 6),
                },
                "anchors": self.anchors.as_object() if self.anchors else None,
                "anchor_t": self.anchors.advised_t if self.anchors else THRESHOLD,
                "options": list(self.options),
            },
            "groups": [group.as_object() for group in self.groups],
        }

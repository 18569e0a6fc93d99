"""What any file of a network says of it, weights or an exported one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FileMeta:
    """Whom it knows, and how it wants to see."""

    classes: tuple[str, ...]
    imgsz: int  # pixels, the size it was trained at or takes
    metrics: dict[str, float]  # of the evaluation that chose these weights; empty where there was none

"""Names of networks and of their switches, for those who must not load torch."""

from __future__ import annotations

YOLOV5 = tuple(f"yolov5{size}" for size in ("n", "s", "m", "l", "x"))
MODELS = YOLOV5
ACTIVATIONS = ("silu", "relu", "leaky")


def full_name(model: str) -> str:
    """`n` is short for `yolov5n`; other names stay as they are."""
    return f"yolov5{model}" if f"yolov5{model}" in YOLOV5 else model

"""What a file of a network says of itself: texts by key, under the names that other programs look for."""

from __future__ import annotations

import ast
import json
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from trainer import __version__
from trainer.errors import TrainerError
from trainer.model.meta import FileMeta

_STRIDE = 32  # of files that do not tell it


@dataclass(frozen=True)
class About(FileMeta):
    """The facts that whoever runs the file must know."""

    stride: int = _STRIDE  # sides of images must be multiples of it
    shape: tuple[int, int] | None = None  # (width, height) of every image; None: any, in any number
    batch: int = 1  # images that pass together where their shape is fixed

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the images that it is for."""
        return self.shape or (self.imgsz, self.imgsz)

    def texts(self) -> dict[str, str]:
        """For a file. `names`, `stride`, `imgsz`, `batch` and `task` as programs for YOLO files read them."""
        return {
            "names": repr(dict(enumerate(self.classes))),
            "stride": str(self.stride),
            "imgsz": str([*reversed(self.size)]),  # height first, as these programs have it
            "batch": str(self.batch),
            "task": "detect",
            "dynamic": str(self.shape is None),
            "input": "RGB, 0 to 1, letterboxed with grey 114",
            "metrics": json.dumps({k: v for k, v in sorted(self.metrics.items()) if not math.isnan(v)}),
            "trainer": __version__,
        }

    @classmethod
    def read(cls, texts: Mapping[str, Any]) -> About:
        """From any program's file. Raises TrainerError where it tells no classes or no size."""
        names = _listed(_value(texts, "names"))
        if not names:
            raise TrainerError("the file names no classes", "take one that `trainer export` wrote")
        size = _size(_value(texts, "imgsz"))
        if size is None:
            raise TrainerError("the file tells no size of its images", "take one that `trainer export` wrote")
        stride, batch, metrics = (_value(texts, key) for key in ("stride", "batch", "metrics"))
        return cls(
            classes=names,
            imgsz=max(size),
            metrics=_numbers(metrics),
            stride=stride if isinstance(stride, int) and stride > 0 else _STRIDE,
            shape=None if _value(texts, "dynamic") is True else size,
            batch=batch if isinstance(batch, int) and batch > 0 else 1,
        )


def _value(texts: Mapping[str, Any], key: str) -> Any:
    """What a text says, as JSON or as Python writes it; None for neither. What is no text is the value."""
    text = texts.get(key, "")
    if not isinstance(text, str):
        return text
    with suppress(ValueError, RecursionError):
        return json.loads(text)
    with suppress(ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return ast.literal_eval(text)
    return None


def _listed(names: Any) -> tuple[str, ...]:
    """The names of a list, or of a mapping from number to name; none for anything else."""
    if isinstance(names, dict):
        if not all(str(key).isdecimal() for key in names):
            return ()
        names = [names[key] for key in sorted(names, key=int)]
    return tuple(str(name) for name in names) if isinstance(names, list) else ()


def _numbers(value: Any) -> dict[str, float]:
    figures = value.items() if isinstance(value, dict) else ()
    return {str(key): float(figure) for key, figure in figures if isinstance(figure, int | float)}


def _size(value: Any) -> tuple[int, int] | None:
    """(width, height) of [height, width], or of one number for both."""
    sides = value if isinstance(value, list) else [value, value]
    if len(sides) != 2 or not all(isinstance(side, int) and side > 0 for side in sides):
        return None
    return sides[1], sides[0]

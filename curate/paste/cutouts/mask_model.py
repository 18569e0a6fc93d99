"""A mask model given as ONNX: a crop in, one mask out.

The contract is that of the U2-Net family (Qin et al., "U2-Net", Pattern Recognition 2020), which
salient-object models keep to:

    input    one tensor (1, 3, H, W) of float32: RGB, values divided by the largest of the crop, less
             (0.485, 0.456, 0.406), divided by (0.229, 0.224, 0.225). The crop is resized to H x W,
             whatever its shape. H and W come from the model, 320 where it leaves them open.
    output   the first tensor, (1, 1, h, w) or (1, h, w): the higher, the more it is the thing. It is scaled
             to 0 .. 1 by its own lowest and highest value, as U2-Net does. Further outputs are ignored.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from curate.arrays import Pixels, Plane
from curate.errors import CurateError
from curate.paste.onnx.header import read
from curate.paste.onnx.run import Run, open_network
from curate.tree import display

_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_SPREAD = np.array([0.229, 0.224, 0.225], np.float32)
_USUAL_SIDE = 320  # where the model leaves its size open
_LARGEST_SIDE = 2048
_FLAT = 1e-3  # of the output's range: it saw nothing
_CURE = "Give an ONNX model with one image (1, 3, H, W) in and a mask (1, 1, H, W) out, such as U2-Net."


@dataclass(frozen=True)
class MaskModel:
    """A loaded model. `run` takes (1, 3, height, width) float32 and gives its first output."""

    width: int
    height: int
    run: Run

    def mask(self, crop: Pixels) -> Plane | None:
        """How far each pixel of (H, W, 3) RGB is the thing, (H, W) 0 .. 1; None where it sees nothing.

        Raises CurateError where the model cannot be run or its output is no mask.
        """
        small = cv2.resize(crop, (self.width, self.height), interpolation=cv2.INTER_AREA).astype(np.float32)
        normal = (small / max(float(small.max()), 1.0) - _MEAN) / _SPREAD
        out = np.asarray(self.run(np.ascontiguousarray(normal.transpose(2, 0, 1)[None])))
        if not (out.ndim in (3, 4) and out.shape[0] == 1 and (out.ndim == 3 or out.shape[1] == 1)):
            raise CurateError(f"The mask model gives {_shape(out.shape)}, not one mask.", _CURE)
        plane = out.reshape(out.shape[-2:]).astype(np.float32)
        if not np.isfinite(plane).all() or np.ptp(plane) < _FLAT:
            return None
        plane = (plane - plane.min()) / np.ptp(plane)
        found: Plane = cv2.resize(plane, crop.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        return found


@lru_cache(maxsize=2)
def load(path: str) -> MaskModel:
    """The model of a file, once a process. Raises CurateError where it is none that we can use."""
    name = display(Path(path).name)
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise CurateError(f"The mask model {name} cannot be read: {error.strerror}.", _CURE) from error
    try:
        header = read(content)
    except ValueError as error:
        raise CurateError(f"{name} is no ONNX model: {error}.", _CURE) from error
    shape = header.shape
    if len(shape) != 4 or shape[0] not in (None, 1) or shape[1] not in (None, 3):
        raise CurateError(f"The mask model {name} takes {_shape(shape)}, not one colour image.", _CURE)
    height, width = (side or _USUAL_SIDE for side in shape[2:])
    if max(height, width) > _LARGEST_SIDE:
        raise CurateError(f"The mask model {name} takes images of {width} x {height} pixels.", _CURE)
    return MaskModel(width, height, open_network(Path(path), content, header, "mask model", _CURE))


def _shape(shape: object) -> str:
    return " x ".join("?" if n is None else str(n) for n in shape) if isinstance(shape, tuple | list) else "?"

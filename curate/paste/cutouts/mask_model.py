"""A mask model given as ONNX: a crop in, one mask out.

The contract is that of the U2-Net family (Qin et al., "U2-Net", Pattern Recognition 2020), which
salient-object models keep to:

    input    one tensor (1, 3, H, W) of float32: RGB, values divided by the largest of the crop, less
             (0.485, 0.456, 0.406), divided by (0.229, 0.224, 0.225). The crop is resized to H x W,
             whatever its shape. H and W come from the model, 320 where it leaves them open.
    output   the first tensor, (1, 1, h, w) or (1, h, w): the higher, the more it is the thing. It is scaled
             to 0 .. 1 by its own lowest and highest value, as U2-Net does. Further outputs are ignored.

It runs by ONNX Runtime where that is installed, else by OpenCV's dnn module. Nothing is downloaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.arrays import Pixels, Plane
from curate.errors import CurateError
from curate.paste.protobuf import fields, within
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
    run: Callable[[NDArray[np.float32]], NDArray[Any]]

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
        shape = input_shape(content)
    except ValueError as error:
        raise CurateError(f"{name} is no ONNX model: {error}.", _CURE) from error
    if len(shape) != 4 or shape[0] not in (None, 1) or shape[1] not in (None, 3):
        raise CurateError(f"The mask model {name} takes {_shape(shape)}, not one colour image.", _CURE)
    height, width = (side or _USUAL_SIDE for side in shape[2:])
    if max(height, width) > _LARGEST_SIDE:
        raise CurateError(f"The mask model {name} takes images of {width} x {height} pixels.", _CURE)
    return MaskModel(width, height, _runner(content, name))


def _runner(content: bytes, name: str) -> Callable[[NDArray[np.float32]], NDArray[Any]]:
    try:
        import onnxruntime
    except ImportError:
        return _opencv_runner(content, name)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # processes share the cores
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise CurateError(f"The mask model {name} cannot be loaded: {_first_line(error)}.", _CURE) from error
    inputs = session.get_inputs()[0].name

    def run(image: NDArray[np.float32]) -> NDArray[Any]:
        try:
            return np.asarray(session.run(None, {inputs: image})[0])
        except Exception as error:
            raise CurateError(f"The mask model {name} cannot be run: {_first_line(error)}.", _CURE) from error

    return run


def _opencv_runner(content: bytes, name: str) -> Callable[[NDArray[np.float32]], NDArray[Any]]:
    try:
        net = cv2.dnn.readNetFromONNX(np.frombuffer(content, np.uint8))
    except cv2.error as error:
        raise CurateError(
            f"OpenCV cannot load the mask model {name}: {_first_line(error)}.",
            "ONNX Runtime knows more operators: pip install onnxruntime",
        ) from error
    # of several outputs the first is the mask; OpenCV lists them in no order of its own
    first = next(iter(_names(content, 12)), None)

    def run(image: NDArray[np.float32]) -> NDArray[Any]:
        net.setInput(image)
        try:
            outputs = net.getUnconnectedOutLayersNames()
            return np.asarray(net.forward(first if first in outputs else outputs[0]))
        except cv2.error as error:
            raise CurateError(
                f"OpenCV cannot run the mask model {name}: {_first_line(error)}.",
                "ONNX Runtime knows more operators: pip install onnxruntime",
            ) from error

    return run


def _first_line(error: Exception) -> str:
    return display(str(error).strip().split("\n")[0][:200]).rstrip(".")


def _shape(shape: object) -> str:
    return " x ".join("?" if n is None else str(n) for n in shape) if isinstance(shape, tuple | list) else "?"


# --- what an ONNX file says of its input --------------------------------------------------------------
# A model is a protocol buffer, onnx.proto3. Of it we need ModelProto.graph (7); in it the names of the
# weights, GraphProto.initializer (5) -> TensorProto.name (8), and GraphProto.input (11) and output (12), each
# a ValueInfoProto: name (1), type (2) -> tensor_type (1) -> shape (2) -> dim (1) -> dim_value (1).


def input_shape(content: bytes) -> tuple[int | None, ...]:
    """The shape of the first input that is no weight; None for a side that is left open.

    Raises ValueError, in words, where the bytes are no ONNX model.
    """
    for kind in _inputs(content):
        dims: list[int | None] = []
        for shape in within(kind, 2, 1, 2):
            for dim in within(shape, 1):
                sizes = [value for field, value in fields(dim) if field == 1 and isinstance(value, int)]
                dims.append(sizes[0] if sizes and 0 < sizes[0] < 1 << 31 else None)
        return tuple(dims)
    raise ValueError("it has no input")


def _inputs(content: bytes) -> Iterator[bytes]:
    for graph in within(content, 7):
        weights = {name for tensor in within(graph, 5) for name in within(tensor, 8)}
        for value in within(graph, 11):
            if next(iter(within(value, 1)), b"") not in weights:
                yield value


def _names(content: bytes, field: int) -> Iterator[str]:
    for graph in within(content, 7):
        for value in within(graph, field):
            yield from (name.decode("utf-8", "replace") for name in within(value, 1))

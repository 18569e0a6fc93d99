"""Running an ONNX file on this machine's processor: by ONNX Runtime where it is installed, else by OpenCV."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.errors import CurateError
from curate.paste.onnx.header import Header
from curate.tree import display

#: An image (1, 3, height, width) in, the file's first output out. Raises CurateError where it fails.
Run = Callable[[NDArray[np.float32]], NDArray[Any]]

_PROVIDERS = ["CPUExecutionProvider"]
_MORE = "ONNX Runtime knows more operators: pip install onnxruntime"


def open_network(path: Path, content: bytes, header: Header, what: str, cure: str) -> Run:
    """The network of a file whose bytes are `content`, in one thread; "mask model" is a `what`.

    Raises CurateError, with `cure`, where it cannot be loaded.
    """
    what = f"{what} {display(path.name)}"
    try:
        import onnxruntime
    except ImportError:
        return _by_opencv(content, header, what)
    # its builds for Windows report to their maker else
    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # processes share the cores
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(_source(path, content), options, providers=_PROVIDERS)
    except Exception as error:  # of classes of its own, which have no name outside of it
        raise CurateError(f"The {what} cannot be loaded: {_first_line(error)}.", cure) from error
    taken, given = session.get_inputs()[0].name, session.get_outputs()[0].name

    def run(image: NDArray[np.float32]) -> NDArray[Any]:
        try:
            return np.asarray(session.run([given], {taken: image})[0])
        except Exception as error:
            raise CurateError(f"The {what} cannot be run: {_first_line(error)}.", cure) from error

    return run


def _source(path: Path, content: bytes) -> str | bytes:
    """The path, since weights may lie in a file beside it; the bytes where its name is no text."""
    name = str(path)
    return name if display(name) == name else content


def _by_opencv(content: bytes, header: Header, what: str) -> Run:
    try:
        net = cv2.dnn.readNetFromONNX(np.frombuffer(content, np.uint8))
    except cv2.error as error:
        raise CurateError(f"OpenCV cannot load the {what}: {_first_line(error)}.", _MORE) from error
    # OpenCV lists several outputs in no order of its own
    first = next(iter(header.outputs), None)

    def run(image: NDArray[np.float32]) -> NDArray[Any]:
        net.setInput(image)
        try:
            outputs = net.getUnconnectedOutLayersNames()
            return np.asarray(net.forward(first if first in outputs else outputs[0]))
        except cv2.error as error:
            raise CurateError(f"OpenCV cannot run the {what}: {_first_line(error)}.", _MORE) from error

    return run


def _first_line(error: Exception) -> str:
    return display(str(error).strip().split("\n")[0][:200]).rstrip(".")

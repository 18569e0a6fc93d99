"""ONNX, which nearly all runtimes read: ONNX Runtime, OpenVINO, TensorRT, OpenCV, converters for NPUs.

The graph is traced, because its operators are those that small runtimes know and because it may be of an old
opset, which the newer exporter of torch only gives by converting.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from trainer.errors import TrainerError
from trainer.formats.about import About
from trainer.formats.format import Format, Run

EXTRA = "pip install 'curate-detect[onnx]'"
OPSETS = (11, 20)  # least and most
USUAL_OPSET = 17
_INPUT, _OUTPUT = "images", "output0"


def write(whole: nn.Module, example: Tensor, about: About, opset: int) -> bytes:
    """The file's bytes. Raises TrainerError where a library is missing or the opset lacks an operator."""
    onnx, slim = _libraries()
    with torch.inference_mode():
        shape = whole(example).shape
    boxes = 1 if shape[2] == 5 + len(about.classes) else 2  # the axis of the output along which they lie
    axes = {_INPUT: {0: "batch", 2: "height", 3: "width"}, _OUTPUT: {0: "batch", boxes: "boxes"}}
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that tracing keeps shapes is meant, or checked with other shapes
        try:
            torch.onnx.export(
                whole,
                (example,),
                buffer,  # type: ignore[arg-type]  # it may be one where the graph is traced
                input_names=[_INPUT],
                output_names=[_OUTPUT],
                dynamic_axes=axes if about.shape is None else None,
                opset_version=opset,
                dynamo=False,
            )
        except torch.onnx.errors.UnsupportedOperatorError as error:
            raise TrainerError(
                f"opset {opset} lacks an operator of this network ({str(error).splitlines()[0]})",
                f"try --opset {OPSETS[1]}",
            ) from error
    # tracing writes down how shapes are computed, which small runtimes cannot read and none has to
    model = slim(onnx.load_model_from_string(buffer.getvalue()))
    values = model.graph.output[0].type.tensor_type.shape.dim[3 - boxes]
    values.dim_value = shape[3 - boxes]  # never dynamic
    onnx.helper.set_model_props(model, about.texts())
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))


def load(content: bytes) -> tuple[Run, About]:
    """How to run the file on this machine's processor, and what it says of itself."""
    runtime = _runtime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    # threads that wait for more work at full speed would take the cores from torch, which suppresses boxes
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3  # errors; they come as exceptions, too
    try:
        session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # of classes of its own, which have no name outside of it
        raise TrainerError(
            f"ONNX Runtime cannot load it ({str(error).splitlines()[0][:120]})",
            "take another copy of it, or export it again",
        ) from error
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if len(inputs) != 1 or len(inputs[0].shape) != 4:
        raise TrainerError("its input is no batch of images", "take a file that `trainer export` wrote")
    batch, _, height, width = inputs[0].shape
    texts = dict(session.get_modelmeta().custom_metadata_map)
    # what the graph takes is true, whatever the file says
    fixed = isinstance(height, int) and isinstance(width, int)
    texts |= {"dynamic": str(not fixed)} | ({"imgsz": str([height, width])} if fixed else {})
    texts |= {"batch": str(batch)} if isinstance(batch, int) else {}
    about = About.read(texts)
    name, wanted = inputs[0].name, outputs[0].name

    def run(images: Tensor) -> Tensor:
        (answer,) = session.run([wanted], {name: images.contiguous().numpy()})
        return torch.from_numpy(answer)

    return run, about


def _libraries() -> tuple[ModuleType, Callable[[Any], Any]]:
    try:
        import onnx
        import onnxslim
    except ModuleNotFoundError as error:
        raise TrainerError(
            f"ONNX files are written with {error.name}, which is not installed", EXTRA
        ) from error
    return onnx, onnxslim.slim


def _runtime() -> Any:
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        raise TrainerError("ONNX files are run by ONNX Runtime, which is not installed", EXTRA) from error
    # its builds for Windows report to their maker else; nothing here sends anything anywhere
    onnxruntime.disable_telemetry_events()
    return onnxruntime


FORMAT = Format("ONNX", ".onnx", write, load, has_opset=True)

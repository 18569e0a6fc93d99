"""What an ONNX file says of its input and its classes, read without the onnx package.

The file is a Protocol Buffers message (onnx.proto3): ModelProto.graph = 7, .metadata_props = 14;
GraphProto.input = 11, .initializer = 5; ValueInfoProto.name = 1, .type = 2; TypeProto.tensor_type = 1,
.shape = 2; TensorShapeProto.dim = 1, .dim_value = 1; StringStringEntryProto.key = 1, .value = 2.
"""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass

from curate.errors import CurateError
from curate.paste.protobuf import fields, within

_CURE = "Name a detector exported to ONNX, or a .pt file that `trainer fit` wrote."


@dataclass(frozen=True)
class Header:
    """The first input's (width, height), None where it is free, and the class names it tells."""

    size: tuple[int, int] | None
    names: tuple[str, ...]


def read(content: bytes) -> Header:
    """Raises CurateError for what is no ONNX file."""
    try:
        return _read(content)
    except (ValueError, IndexError, UnicodeDecodeError, RecursionError) as error:
        raise CurateError(f"The hands model is no ONNX file ({error}).", _CURE) from error


def _read(content: bytes) -> Header:
    size: tuple[int, int] | None = None
    names: tuple[str, ...] = ()
    graphs = 0
    for field, value in fields(content):
        if field == 7 and isinstance(value, bytes):
            graphs += 1
            size = _input_size(value)
        elif field == 14 and isinstance(value, bytes):
            entry = {f: v for f, v in fields(value) if isinstance(v, bytes)}
            if entry.get(1) == b"names":
                names = _names(entry.get(2, b"").decode("utf-8"))
    if graphs != 1:
        raise ValueError("it holds no graph")
    return Header(size, names)


def _input_size(graph: bytes) -> tuple[int, int] | None:
    weights: set[int | bytes] = set()
    inputs: list[bytes] = []
    for field, value in fields(graph):
        if field == 5 and isinstance(value, bytes):  # old files list their weights among the inputs
            weights.update(v for f, v in fields(value) if f == 8)
        elif field == 11 and isinstance(value, bytes):
            inputs.append(value)
    for info in inputs:
        parts = {f: v for f, v in fields(info) if isinstance(v, bytes)}
        if parts.get(1) in weights:
            continue
        dims: list[int] = []
        for shape in within(parts.get(2, b""), 1, 2):
            for dim in within(shape, 1):
                given = [v for f, v in fields(dim) if f == 1 and isinstance(v, int)]
                dims.append(given[0] if given else 0)
        if len(dims) != 4:
            raise ValueError(f"its input has {len(dims)} dimensions, not 4")
        return (dims[3], dims[2]) if dims[2] > 0 and dims[3] > 0 else None
    raise ValueError("it has no input")


def _names(text: str) -> tuple[str, ...]:
    """The names of a list or of a mapping from number to name, as JSON or as Python writes it."""
    try:
        value = json.loads(text)
    except ValueError:
        try:
            value = ast.literal_eval(text)
        except (SyntaxError, ValueError):
            return ()
    if isinstance(value, dict):
        value = [value[k] for k in sorted(value, key=lambda k: int(k))]
    return tuple(str(name) for name in value) if isinstance(value, list | tuple) else ()

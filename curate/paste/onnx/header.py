"""What an ONNX file says of its input, its outputs and its classes, read without the onnx package.

The file is a Protocol Buffers message (onnx.proto3): ModelProto.graph = 7, .metadata_props = 14;
GraphProto.initializer = 5, .input = 11, .output = 12; TensorProto.name = 8; ValueInfoProto.name = 1,
.type = 2; TypeProto.tensor_type = 1, .shape = 2; TensorShapeProto.dim = 1, .dim_value = 1;
StringStringEntryProto.key = 1, .value = 2.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from curate.paste.onnx.protobuf import fields, within


@dataclass(frozen=True)
class Header:
    """What must be known before a network can be run."""

    shape: tuple[int | None, ...]  # of the first input that is no weight; None for a side that is left open
    outputs: tuple[str, ...]
    names: tuple[str, ...]  # of classes, by "names" of the metadata; () where it tells none

    @property
    def size(self) -> tuple[int, int] | None:
        """(width, height) of images (1, 3, height, width), None where they may have any."""
        height, width = self.shape[2:]
        return None if width is None or height is None else (width, height)


def read(content: bytes) -> Header:
    """Raises ValueError, in words, where the bytes are no ONNX model."""
    info = next(_inputs(content), None)
    if info is None:
        raise ValueError("it has no input")
    outputs = [_text(name) for graph in within(content, 7) for name in within(graph, 12, 1)]
    return Header(_shape(info), tuple(outputs), _classes(content))


def _inputs(content: bytes) -> Iterator[bytes]:
    for graph in within(content, 7):
        weights = set(within(graph, 5, 8))  # old files list them among the inputs
        for info in within(graph, 11):
            if next(within(info, 1), b"") not in weights:
                yield info


def _shape(info: bytes) -> tuple[int | None, ...]:
    dims: list[int | None] = []
    for dim in within(info, 2, 1, 2, 1):
        sizes = [value for field, value in fields(dim) if field == 1 and isinstance(value, int)]
        dims.append(sizes[0] if sizes and 0 < sizes[0] < 1 << 31 else None)
    return tuple(dims)


def _classes(content: bytes) -> tuple[str, ...]:
    for entry in within(content, 14):
        if next(within(entry, 1), b"") == b"names":
            return _listed(_value(_text(next(within(entry, 2), b""))))
    return ()


def _value(text: str) -> Any:
    """A list or a mapping as JSON or as Python writes it; None for neither."""
    with suppress(ValueError, RecursionError):
        return json.loads(text)
    with suppress(ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return ast.literal_eval(text)
    return None


def _listed(value: Any) -> tuple[str, ...]:
    if isinstance(value, dict):
        if not all(str(key).isdecimal() for key in value):
            return ()
        value = [value[key] for key in sorted(value, key=int)]
    return tuple(str(name) for name in value) if isinstance(value, list | tuple) else ()


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")

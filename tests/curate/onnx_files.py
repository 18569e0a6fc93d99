"""Tiny ONNX files, written byte by byte: a network that answers the same to every picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def part(number: int, content: bytes | int | str) -> bytes:
    """A field of a Protocol Buffers message: bytes and texts with their length, numbers as varints."""
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    raw = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def _shape(dims: Sequence[int]) -> bytes:
    shape = b"".join(part(1, part(1, d) if d else part(2, "free")) for d in dims)
    return part(1, part(1, 1) + part(2, shape))  # tensor_type: float32, shape


def constant_detector(
    answer: NDArray[np.float32], size: tuple[int, int] = (64, 64), names: str | None = None
) -> bytes:
    """A model with the input (1, 3, height, width) whose output is `answer`.

    Output = mean(input) * 0 + answer, because a network must use its input.
    """
    tensor = (
        b"".join(part(1, d) for d in answer.shape)
        + part(2, 1)
        + part(8, "answer")
        + part(9, answer.astype("<f4").tobytes())
    )
    zero = part(1, 1) + part(2, 1) + part(8, "zero") + part(9, np.zeros(1, "<f4").tobytes())

    def node(kind: str, inputs: Sequence[str], output: str, attributes: bytes = b"") -> bytes:
        return part(1, b"".join(part(1, i) for i in inputs) + part(2, output) + part(4, kind) + attributes)

    keep = part(5, part(1, "keepdims") + part(3, 0) + part(20, 2))
    graph = (
        node("ReduceMean", ["images"], "mean", keep)
        + node("Mul", ["mean", "zero"], "nothing")
        + node("Add", ["answer", "nothing"], "output")
        + part(2, "constant")
        + part(5, tensor)
        + part(5, zero)
        + part(11, part(1, "images") + part(2, _shape((1, 3, size[1], size[0]))))
        + part(12, part(1, "output") + part(2, _shape(answer.shape)))
    )
    model = part(1, 8) + part(7, graph) + part(8, part(1, "") + part(2, 13))
    if names is not None:
        model += part(14, part(1, "names") + part(2, names))
    return model

"""Protocol Buffers as far as ONNX files need them: the fields of a message, and messages within it.

Of the format only what it says of itself is used (protobuf.dev, "Encoding"); the onnx package, which would
bring its own protobuf, is not needed to read a header.
"""

from __future__ import annotations

from collections.abc import Iterator

_BROKEN = "its bytes are no protocol buffer"


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """(number, value) of every field in order: integers as int, what has a length and fixed sizes as bytes.

    Raises ValueError, in words, where the bytes are no message.
    """
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        field, kind = key >> 3, key & 7
        if kind == 0:
            value, at = _varint(message, at)
            yield field, value
            continue
        if kind == 2:
            size, at = _varint(message, at)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise ValueError(_BROKEN)
        if size > len(message) - at:
            raise ValueError("it ends early")
        yield field, message[at : at + size]
        at += size


def within(message: bytes, *path: int) -> Iterator[bytes]:
    """The messages at a path of field numbers. Raises ValueError as `fields` does."""
    for field, value in fields(message):
        if field == path[0] and isinstance(value, bytes):
            yield from within(value, *path[1:]) if len(path) > 1 else [value]


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """A variable-length integer and the place behind it."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            raise ValueError("it ends early")
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise ValueError(_BROKEN)

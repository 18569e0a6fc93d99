"""Files of a network that other programs run, and how to run them here: one format a file.

Rooms: `about` (what a file says of itself), `whole` (network and decoding as one), `format` (what each can
do), `onnx`, `torchscript`, and `exported`, a file in the place of a network.
"""

from __future__ import annotations

from pathlib import Path

from trainer.errors import TrainerError
from trainer.formats import onnx, torchscript
from trainer.formats.exported import Exported
from trainer.formats.format import Format

FORMATS = (onnx.FORMAT, torchscript.FORMAT)


def is_exported(path: Path) -> bool:
    """Whether the name is that of an exported network."""
    return any(path.suffix.lower() == known.suffix for known in FORMATS)


def format_of(path: Path) -> Format:
    """The format of a file of that name. Raises TrainerError where there is none."""
    for known in FORMATS:
        if path.suffix.lower() == known.suffix:
            return known
    suffixes = " or ".join(known.suffix for known in FORMATS)
    raise TrainerError(f"{path.name} names no format to export to", f"let the name end in {suffixes}")


def open_exported(path: Path) -> Exported:
    """The network in an exported file. Raises TrainerError, naming the file."""
    if not path.is_file():
        raise TrainerError(f"no network at {path}", "name a file that `trainer export` wrote")
    try:
        return Exported(*format_of(path).load(path.read_bytes()))
    except TrainerError as error:
        raise TrainerError(f"{path}: {error.message}", error.cure) from error

"""stdout and stderr as results are written to them. Loads nothing, because answers may be given at once."""

from __future__ import annotations

import os
import sys
from typing import TextIO


def give(result: str, said: str) -> None:
    """A result and the talk that went with it."""
    sys.stdout.write(result)
    flush()  # a disk that is full is told before all talk, whether Python buffers or not
    sys.stderr.write(said)


def flush() -> None:
    """Write stdout out; `head` and `less` may have seen enough."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        silence(sys.stdout)


def silence(stream: TextIO) -> None:
    """Python would complain when it flushes what cannot be written once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())

"""stdout and stderr: results, talk, errors, and streams that break."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

import typer

from curate.errors import CurateError


def tell(error: CurateError) -> None:
    """What stopped a command, and its cure, on stderr."""
    typer.echo(f"error: {error.message}", err=True)
    if error.cure:
        typer.echo(f"  {error.cure}", err=True)


@contextmanager
def talk(quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """A spinner on stderr that says what is being done; silent where stderr is no terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status("starting") as status:
        yield lambda what: status.update(f"{what} ...")


def mutter(what: str) -> None:
    """What is being done, on stderr: a spinner would fight with sections on the same terminal."""
    if sys.stderr.isatty():
        typer.echo(f"  {what} ...", err=True)


def print_json(value: object) -> None:
    """A result for programs."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


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

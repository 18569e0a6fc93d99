"""The command line: arguments in, one call, printed result, exit code. No logic.

One file a command, each with one function of its name; `program` lists them and loads the one that was asked
for; `start` is what runs first. stdout is the result, stderr the talk.
"""

from __future__ import annotations

from typing import Any

from curate.cli.start import main

__all__ = ["app", "main"]


def __getattr__(name: str) -> Any:
    """`app`, the Typer program, which is loaded when somebody asks for it."""
    if name != "app":
        raise AttributeError(name)
    from curate.cli.program import app

    return app

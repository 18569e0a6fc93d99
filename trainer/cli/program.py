"""The `trainer` program: which commands there are, and how every one of them ends.

Exit codes: 0 done, 1 done but some of the data could not be used, 2 could not run, 130 interrupted. A
command's file is loaded when it is asked for, and its pipeline when it runs, so that `trainer --help` answers
at once and loads no torch.
"""

from __future__ import annotations

import difflib
import errno
import importlib
import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from trainer import __version__
from trainer.cli.knob_options import GroupedCommand
from trainer.errors import TrainerError
from trainer.leaving import leave, status_of
from trainer.threads import spin_briefly

# files of this folder, in the order of `trainer --help`
COMMANDS = ("fit", "val", "predict", "export", "augment", "compare", "evolve", "models", "hyp")
# a file or folder that cannot be read or written as it is: a wrong request, no bug
_OF_THE_PLACE = frozenset(
    (
        *(errno.EACCES, errno.EPERM, errno.EROFS),
        *(errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG),
        *(errno.ENOSPC, errno.EDQUOT),
    )
)
_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


class Commands(TyperGroup):
    """Loads the command that is asked for; a wrong request becomes one line with its cure, exit code 2."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names for `trainer --help`."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name. Raises TrainerError, naming the nearest one."""
        if cmd_name not in COMMANDS:
            near = difflib.get_close_matches(cmd_name, COMMANDS, n=1)
            cure = f"did you mean: trainer {near[0]}" if near else "list them: trainer --help"
            raise TrainerError(f"there is no command {cmd_name!r}", cure)
        function = getattr(importlib.import_module(f"trainer.cli.{cmd_name}"), cmd_name)
        one = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        one.command(cmd_name, cls=GroupedCommand, context_settings=_CONTEXT)(function)
        return typer.main.get_command(one)

    def invoke(self, ctx: Any) -> Any:
        """Run it."""
        try:
            spin_briefly()  # before a command loads torch
            return super().invoke(ctx)
        except TrainerError as error:
            typer.echo(f"error: {error.message}", err=True)
            if error.cure:
                typer.echo(f"  {error.cure}", err=True)
            raise typer.Exit(2) from error
        except OSError as error:
            if error.errno not in _OF_THE_PLACE:
                raise
            place = f"{error.filename}: " if error.filename is not None else ""
            typer.echo(f"error: {place}{error.strerror}", err=True)
            typer.echo("  make room or give access there, or name another place", err=True)
            raise typer.Exit(2) from error
        except KeyboardInterrupt as error:
            typer.echo("interrupted", err=True)
            raise typer.Exit(130) from error


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings=_CONTEXT,
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"trainer {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Turn a hand-over folder (images, labels, data.yaml) into a detector.

    \b
    trainer fit out/data.yaml --imgsz 320 --minutes 10 -o runs/first
    trainer val runs/first out/data.yaml --split test
    trainer augment out/data.yaml -o sheet.png
    trainer predict photos/ --weights runs/first -o found/
    trainer export runs/first -o cigarette.onnx
    trainer compare out/data.yaml --models light,yolov5n,rfb --minutes 5 -o runs/which
    trainer evolve out/data.yaml --steps 500 --trials 60 --imgsz 320 -o runs/search

    Images are turned as their EXIF orientation says, in training and in prediction alike.

    Exit codes: 0 done, 1 done but some data could not be used, 2 could not run.
    """


def main() -> None:
    """Run the program and leave."""
    try:
        app()
        status = 0
    except SystemExit as end:
        status = status_of(end)
    finally:
        _flush()
    leave(status)


def _flush() -> None:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # `head` has seen enough; Python would complain once more when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

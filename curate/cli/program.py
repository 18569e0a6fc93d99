"""The `curate` program: which commands there are, and how every one of them ends.

Exit codes: 0 clean, 1 findings, 2 could not run, 130 interrupted. A command's file is loaded when it is asked
for, and its pipeline when it runs, so that `curate --help` answers at once.
"""

from __future__ import annotations

import difflib
import errno
import importlib
import os
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from curate import __version__
from curate.cli.console import said, speak, tell
from curate.errors import CurateError

COMMANDS = (  # files of this folder, in the order of `curate --help`
    *("validate", "undo", "log", "rule"),
    *("negatives", "cutouts", "paste", "split", "stats", "anchors", "export", "run", "ablate"),
)
# what the place has to do with it: rights, names, room; other errors of the system are mistakes of ours
_OF_THE_PLACE = frozenset(
    (
        *(errno.EACCES, errno.EPERM, errno.EROFS),
        *(errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG),
        *(errno.ENOSPC, errno.EDQUOT, errno.EIO),
    )
)
_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


class Commands(TyperGroup):
    """Loads the command that is asked for; a wrong request becomes one line with its cure, exit code 2."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names for `curate --help`."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name. Raises CurateError, naming the nearest one."""
        if cmd_name not in COMMANDS:
            near = difflib.get_close_matches(cmd_name, COMMANDS, n=1)
            cure = f"Did you mean: curate {near[0]}?" if near else "List them: curate --help"
            raise CurateError(f"There is no command {cmd_name!r}.", cure)
        function = getattr(importlib.import_module(f"curate.cli.{cmd_name}"), cmd_name)
        one = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        one.command(cmd_name, context_settings=_CONTEXT)(function)
        return typer.main.get_command(one)

    def invoke(self, ctx: Any) -> Any:
        """Run it."""
        speak(None)
        try:
            return super().invoke(ctx)
        except CurateError as error:
            tell(error)
            raise typer.Exit(2) from error
        except OSError as error:
            if error.errno not in _OF_THE_PLACE:
                raise
            tell(_of_the_place(error))
            raise typer.Exit(2) from error
        except KeyboardInterrupt as error:
            typer.echo(said("interrupted"), err=True)
            raise typer.Exit(130) from error


def _of_the_place(error: OSError) -> CurateError:
    """What no command has an own word for: a disk that fills up, a folder that nobody may read."""
    from curate.tree import display_path

    cure = "Give access or make room there, or name another place."
    if error.filename is None:  # of a file that is open already
        return CurateError(f"A file cannot be read or written: {error.strerror}.", cure)
    shown = display_path(Path(os.fsdecode(error.filename)))
    return CurateError(f"{shown} cannot be read or written: {error.strerror}.", cure)


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
        typer.echo(f"curate {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Find, explain and repair what is wrong with object-detection data; then make more of it.

    \b
    curate validate data/            what is wrong, where, and what it will do to training
    curate validate data/ --fix      repair what is provably safe
    curate undo data/                take the repair back, byte for byte
    curate rule BOX002               why a rule exists and what its repair does

    Exit codes: 0 clean, 1 findings, 2 could not run.
    """

"""How the program begins and ends. Both take as long as a small data set does, so neither waits for nothing.

The parser of the command line takes a tenth of a second to load. `curate validate` gives its last answer
without it, where that still holds, and else has the data set read meanwhile. At its end Python would take as
long to give back memory piece by piece that the system takes back at once.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Sequence

from curate.cli.streams import flush, give, silence
from curate.errors import CurateError

INTERRUPTED = 130  # exit status by Ctrl-C
PATIENCE = 10.0  # seconds that threads have then


def main() -> None:
    """Run the program and leave."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # a file name must not end the program because the terminal cannot show it
            stream.reconfigure(errors="backslashreplace")
    try:
        try:
            status = _run(sys.argv[1:])
        finally:
            flush()
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        silence(sys.stdout)
        from curate.cli.console import tell

        tell(CurateError(f"The result could not be written: {error.strerror}."))
        status = 2
    except KeyboardInterrupt:  # before there is a program that says so, or after it has
        from curate.cli.console import said

        print(said("interrupted"), file=sys.stderr)
        status = INTERRUPTED
    from trainer.leaving import leave

    # who interrupts it does not wait for a thread that hangs: what threads write is there whole or not at all
    leave(status, PATIENCE if status == INTERRUPTED else None)


def _run(words: Sequence[str]) -> int:
    """The exit status of a command line."""
    if not words or words[0] != "validate":
        return _program()
    from curate.commands import again

    answer = again.repeated(words)
    if answer is not None:
        give(answer.out, answer.err)
        return answer.status
    from curate.commands import ahead

    ahead.begin(words)
    try:
        return _program()
    finally:
        ahead.drop()


def _program() -> int:
    from curate.cli.program import app

    try:
        app()
    except SystemExit as end:
        from trainer.leaving import status_of

        return status_of(end)
    return 0

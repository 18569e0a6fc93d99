"""Everything that stops a command, drawn as a tree.

    CurateError                 a wrong request: one line and its cure, exit code 2
    ├── NotADataset             the folder holds nothing we can read as a data set
    ├── UnsafePath              a path that leaves the folders named on the command line
    ├── OutputExists            we would have to overwrite something unasked
    ├── ConfigError             an unknown key, a wrong type, a value out of range
    ├── ChangedMeanwhile        a file is no longer what it was when it was read
    ├── JournalError            undo cannot restore what it should (the file was changed since)
    └── MissingExtra            an optional package is needed; names the command that installs it

Wrong *data* is never an exception: it is a `Finding` (see `findings.py`), and the rest of the work goes on.
A bug is a traceback.
"""

from __future__ import annotations


class CurateError(Exception):
    """A request that cannot be carried out: what is wrong, and what the user can do about it."""

    def __init__(self, message: str, cure: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure

    def __str__(self) -> str:
        return f"{self.message} {self.cure}".strip()


class NotADataset(CurateError):  # noqa: N818 - names the fact; every class here ends up as "error: ..."
    """The folder holds nothing that can be read as a data set."""


class UnsafePath(CurateError):  # noqa: N818
    """A path leaves the folders that were named on the command line."""


class OutputExists(CurateError):  # noqa: N818
    """The output is there already and nothing is overwritten unasked."""


class ConfigError(CurateError):
    """A configuration file or option that cannot be understood."""


class ChangedMeanwhile(CurateError):  # noqa: N818
    """A file is no longer what it was when it was read, so what was worked out does not fit it."""

    def __init__(self, shown: str) -> None:
        """`shown` is the path as `tree.display` gives it."""
        super().__init__(
            f"{shown} changed while its repair was worked out.", "Close what writes there and run again."
        )


class JournalError(CurateError):
    """A change cannot be undone as asked; nothing was touched."""


class MissingExtra(CurateError):  # noqa: N818
    """A package that is not installed is needed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"{package} is not installed.", f"Install it with: pip install 'curate-detect[{extra}]'"
        )

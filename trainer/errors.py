"""What stops a trainer command: a wrong request, told in one line with its cure.

    Exception
    └── TrainerError        a request that cannot be carried out; exit code 2, never a traceback
        └── Diverged        these settings do not train: the loss is no number any more

Wrong *data* (a bad label row) is no error but a line in `FolderReport`; a bug stays a traceback.
"""

from __future__ import annotations


class TrainerError(Exception):
    """A request that cannot be carried out: what is wrong, and what to do about it."""

    def __init__(self, message: str, cure: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure

    def __str__(self) -> str:
        return f"{self.message}; {self.cure}" if self.cure else self.message


class Diverged(TrainerError):  # noqa: N818 - names the fact; a search expects it of some settings
    """The loss is no number any more, after `step` steps."""

    def __init__(self, message: str, cure: str, step: int) -> None:
        super().__init__(message, cure)
        self.step = step

"""What every log can do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol


class Log(Protocol):
    """One log of one run. Its file has `open_log(run, settings) -> Log`.

    Opening the log of a run that was begun before continues it: one curve, whatever the number of sittings.
    """

    #: What it raises where a disk or a server fails; anything else is a bug.
    failures: tuple[type[Exception], ...]

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """One point on the curve of each name, all finite."""

    def image(self, tag: str, picture: Path, step: int) -> None:
        """A picture of the run's, a JPEG or PNG file: its bytes, since encoding it anew takes a second."""

    def close(self, finished: bool) -> None:
        """Write what is still in memory; `finished` says whether the run came to its end."""

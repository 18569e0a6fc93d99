"""What many short runs on the same data share, and who watches them: see `trainer.evolve`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from trainer.data.cache import Store
from trainer.data.folder import Folder
from trainer.evaluate import Pictures


class Watcher(Protocol):
    """Whoever looks at a run while it goes."""

    def __call__(self, step: int, figures: Mapping[str, float]) -> bool:
        """Whether the run, judged after `step` steps (`Metrics.as_row`), is worth going on with."""


@dataclass(frozen=True)
class Series:
    """A series of runs: read once, decoded once, judged at the same steps."""

    folder: Folder
    photos: Store | None  # decoded training photographs; whoever made it closes it
    pictures: Pictures | None  # of val
    rungs: tuple[int, ...] | None  # steps after which a run is judged, besides its end; None: as it wants
    goes_on: Watcher
    draws: bool = False  # what its batches hold and what it finds, as pictures

    @classmethod
    def of_one(cls, folder: Folder) -> Series:
        """A run by itself, which nobody watches."""
        return cls(folder, None, None, None, _always, draws=True)


def _always(step: int, figures: Mapping[str, float]) -> bool:
    return True

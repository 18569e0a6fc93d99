"""Where a run stands: its configuration, and what finished steps have left for later ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curate import splits
from curate.config import Config
from curate.handover.assembly import RATIOS


@dataclass
class State:
    """Where the run stands. `values` holds what finished steps left for later ones."""

    config: Config
    workers: int | None
    say: Callable[[str], None]
    values: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _by_pixels: splits.PixelGroups | None = field(default=None, repr=False)

    @property
    def out(self) -> Path:
        """OUT, the folder that all steps write into."""
        return self.config.data.out

    @property
    def data(self) -> Path:
        """The data set as it is now: the working copy once there is one."""
        copy = self.values.get("fix", {}).get("copy")
        return self.out / copy if copy else self.config.data.path

    @property
    def classes(self) -> list[str] | None:
        """The declared list, or None to leave it to the data sets."""
        return list(self.config.classes.names) or None

    @property
    def ratios(self) -> dict[str, float]:
        """Shares of the splits, for sets without lists of their own."""
        if self.config.split is None:
            return dict(RATIOS)
        return splits.parse_ratios(",".join(str(v) for v in self.config.split.ratios))

    @property
    def group(self) -> splits.Grouping:
        """What says which images must not be separated; pixels of a data set are looked at once in a run."""
        if self.config.split is None or not self.config.split.pixels:
            return splits.groups
        if self._by_pixels is None:
            self._by_pixels = splits.PixelGroups(self.workers, self.say)
        return self._by_pixels

    @property
    def split_seed(self) -> int:
        """The seed that every dealing out in this run uses."""
        return self.config.split.seed if self.config.split else 0

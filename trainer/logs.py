"""TensorBoard files of a run: scalars and pictures in, event files under RUN/tensorboard out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray
from tensorboardX import SummaryWriter


class RunLog:
    """The TensorBoard log of one run; show it with `tensorboard --logdir RUN`.

    Opening an existing run adds an event file beside the old ones, and TensorBoard joins them, so that
    a resumed run stays one curve.
    """

    def __init__(self, run: Path) -> None:
        self.folder = Path(run) / "tensorboard"
        self.folder.mkdir(parents=True, exist_ok=True)
        # tensorboardX names a file by the second, so a quick resume would write over the one before.
        earlier = sum(1 for _ in self.folder.glob("events.*"))
        self._writer = SummaryWriter(str(self.folder), filename_suffix=f".{earlier}")

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """One point on the curve of each name; what is undefined (`nan`) leaves a gap."""
        for name, value in values.items():
            if math.isfinite(value):
                self._writer.add_scalar(name, float(value), step)

    def image(self, tag: str, rgb: NDArray[np.uint8], step: int) -> None:
        """A picture, (H, W, 3) uint8 RGB."""
        self._writer.add_image(tag, rgb, step, dataformats="HWC")

    def close(self) -> None:
        """Write what is still in memory."""
        self._writer.close()

    def __enter__(self) -> RunLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

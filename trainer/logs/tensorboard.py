"""TensorBoard files under RUN/tensorboard; show them with `tensorboard --logdir RUN`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tensorboardX import SummaryWriter
from tensorboardX.proto.summary_pb2 import Summary

from trainer.data.images import UnreadableImageError, image_size


def open_log(run: Path, settings: Mapping[str, Any]) -> TensorBoard:
    """Begin an event file beside those that are there; TensorBoard joins them."""
    return TensorBoard(run / "tensorboard", settings)


class TensorBoard:
    """Event files of one sitting."""

    failures = (OSError, UnreadableImageError)

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        # tensorboardX names a file by the second, so a quick resume would write over the one before
        earlier = sum(1 for _ in folder.glob("events.*"))
        self._writer = SummaryWriter(str(folder), filename_suffix=f".{earlier}")
        if settings and not earlier:
            rows = "".join(f"| {name} | {value} |\n" for name, value in settings.items())
            self._writer.add_text("settings", f"| setting | value |\n|---|---|\n{rows}", 0)

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """One point on the curve of each name."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def image(self, tag: str, picture: Path, step: int) -> None:
        """A picture, as it is in its file."""
        width, height = image_size(picture)
        image = Summary.Image(
            width=width, height=height, colorspace=3, encoded_image_string=picture.read_bytes()
        )
        summary = Summary(value=[Summary.Value(tag=tag, image=image)])
        self._writer.file_writer.add_summary(summary, step)

    def close(self, finished: bool) -> None:
        """Write what is still in memory."""
        self._writer.close()

"""A network and a split in, its `Metrics` out."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from itertools import islice

import numpy as np
from rich.console import Console
from rich.progress import track
from torch import nn

from trainer.data.folder import Split
from trainer.data.images import UnreadableImageError, read_image
from trainer.decode import Detections
from trainer.detect import Fitted, check_imgsz, coarsest_stride, detect, fit_in, input_size, read_ahead
from trainer.errors import TrainerError
from trainer.metrics import Metrics, Truth, score
from trainer.model.folding import folded
from trainer.suppression import JUDGED, Suppression

__all__ = ["Metrics", "Pictures", "evaluate", "find", "truths_of"]


class Pictures:
    """The photographs of a split as the network sees them, kept as long as they fit."""

    def __init__(self, split: Split, budget: int = 0) -> None:
        """Keep at most `budget` bytes; what does not fit is read again each time."""
        self.split, self.left = split, budget
        self._kept: dict[tuple[int, int | tuple[int, int], int], Fitted] = {}
        self._lock = threading.Lock()

    def __call__(self, index: int, size: int | tuple[int, int], stride: int) -> Fitted:
        """Photograph number `index`, letterboxed as `fit_in` does. Safe to call from several threads.

        Raises TrainerError where it cannot be decoded.
        """
        key = (index, size, stride)
        fitted = self._kept.get(key)
        if fitted is None:
            try:
                image = read_image(self.split.images[index])
            except UnreadableImageError as error:
                cure = f"remove it from the {self.split.name} split or replace it"
                raise TrainerError(str(error), cure) from error
            fitted = fit_in(image, size, stride)
            with self._lock:
                if key not in self._kept and fitted.picture.nbytes <= self.left:
                    self.left -= fitted.picture.nbytes
                    self._kept[key] = fitted
        return fitted


def evaluate(
    model: nn.Module,
    split: Split,
    classes: Sequence[str],
    *,
    imgsz: int,
    batch: int = 16,
    device: str = "cpu",
    suppression: Suppression = JUDGED,
    progress: bool = False,
    pictures: Pictures | None = None,
) -> Metrics:
    """Judge a network by a split: COCO and VOC AP over all detections, in original pixels.

    Every image is letterboxed to a long side of `imgsz` pixels. A split without images or labels has
    undefined APs (`nan`). The model is left as it is. `pictures` of the
    split are kept from call to call. Raises TrainerError where an image that had a size when the folder was
    read cannot be decoded now.
    """
    found = find(
        model,
        split,
        imgsz=imgsz,
        batch=batch,
        device=device,
        suppression=suppression,
        progress=progress,
        pictures=pictures,
    )
    return score(found, truths_of(split), classes)


def truths_of(split: Split) -> list[Truth]:
    """The split's labels in pixels of the original images, in its order."""
    return [
        Truth.from_label(label, (int(width), int(height)))
        for label, (width, height) in zip(split.labels, split.sizes, strict=True)
    ]


def find(
    model: nn.Module,
    split: Split,
    *,
    imgsz: int,
    batch: int = 16,
    device: str = "cpu",
    suppression: Suppression = JUDGED,
    progress: bool = False,
    pictures: Pictures | None = None,
) -> list[Detections]:
    """What the network finds in each image of the split, in its order; a box may carry several classes."""
    check_imgsz(model, imgsz)
    # Neighbours in aspect share a letterboxed shape, so that batches stay whole.
    aspect = split.sizes[:, 0] / np.maximum(split.sizes[:, 1], 1) if len(split) else np.zeros(0)
    order = np.argsort(aspect, kind="stable").tolist()
    found: list[Detections] = [Detections.none()] * len(split)
    size, stride = input_size(model, imgsz), coarsest_stride(model)
    shown = pictures or Pictures(split)
    read = read_ahead(lambda i: shown(i, size, stride), order, ahead=batch)
    looking = folded(model)
    chunks = [order[i : i + batch] for i in range(0, len(order), batch)]
    bar = Console(stderr=True)
    for chunk in track(chunks, "evaluate", console=bar, disable=not progress, transient=True):
        images = list(islice(read, len(chunk)))
        results = detect(looking, images, suppression, multi_label=True, device=device)
        for i, result in zip(chunk, results, strict=True):
            found[i] = result
    return found

"""A network and photographs in, boxes in original pixels out: the one path that `val` and `predict` share."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from trainer.checkpoint import load_model
from trainer.data.images import Image, letterbox
from trainer.decode import Detections, detections
from trainer.errors import TrainerError
from trainer.formats import is_exported, open_exported
from trainer.model.folding import folded
from trainer.model.meta import FileMeta
from trainer.suppression import Suppression

_Item = TypeVar("_Item")
_Read = TypeVar("_Read")


@dataclass(frozen=True)
class Fitted:
    """An image as the network sees it, and the way back."""

    picture: Image  # letterboxed
    scale: float
    pad: tuple[int, int]  # left, top
    size: tuple[int, int]  # width, height of the original


def fit_in(image: Image, size: int | tuple[int, int], stride: int) -> Fitted:
    """Letterbox `image` (H, W, 3) to a long side of `size` px and sides that `stride` divides.

    A `size` of (width, height) is exact; see `input_size`.
    """
    picture, scale, pad = letterbox(image, size, stride)
    return Fitted(picture, scale, pad, (image.shape[1], image.shape[0]))


def coarsest_stride(model: nn.Module) -> int:
    """The sides of every input must be multiples of this."""
    return cast(int, model.coarsest)


def input_size(model: nn.Module, imgsz: int) -> int | tuple[int, int]:
    """What `fit_in` is told: `imgsz`, or (width, height) where the network takes images of one size only."""
    return getattr(model, "fixed", None) or imgsz


def check_imgsz(model: nn.Module, imgsz: int) -> None:
    """TrainerError unless the network can take images of a long side of `imgsz` pixels."""
    fixed = getattr(model, "fixed", None)
    if fixed is not None:
        if imgsz != max(fixed):
            raise TrainerError(
                f"--imgsz {imgsz}, but the exported file takes {fixed[0]} x {fixed[1]} px only",
                f"leave out --imgsz, or export it again with --imgsz {imgsz} or --dynamic",
            )
        return
    stride = coarsest_stride(model)
    if imgsz < stride or imgsz % stride:
        near = max(stride, round(imgsz / stride) * stride)
        raise TrainerError(f"--imgsz {imgsz} is no multiple of {stride}", f"try --imgsz {near}")


@torch.inference_mode()
def detect(
    model: nn.Module,
    images: Sequence[Fitted],
    suppression: Suppression,
    *,
    multi_label: bool = False,
    device: str = "cpu",
) -> list[Detections]:
    """The boxes of each image, in pixels of the original and clipped to it, best score first.

    Images of one letterboxed shape pass the network together, so the answer for an image does not depend
    on the shape of its neighbours. `multi_label` as in `trainer.decode.detections`.
    """
    found: list[Detections] = [Detections.none()] * len(images)
    for indices in _by_shape([image.picture for image in images]):
        x = _tensor([images[i].picture for i in indices], device)
        decoded = model.decode(model(x))  # type: ignore[operator]
        results = detections(decoded, suppression, multi_label=multi_label)
        for i, result in zip(indices, results, strict=True):
            found[i] = result.to_original(images[i].scale, images[i].pad, images[i].size)
    return found


def read_ahead(read: Callable[[_Item], _Read], items: Iterable[_Item], ahead: int) -> Iterator[_Read]:
    """`read(item)` for every item in order, while threads already read up to `ahead` of those that follow.

    OpenCV decodes without the interpreter's lock, so this goes on while the network computes.
    """
    with ThreadPoolExecutor(2) as pool:
        waiting: deque[Future[_Read]] = deque()
        for item in items:
            waiting.append(pool.submit(read, item))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def find_weights(path: Path) -> Path:
    """The weights that `path` means: the file itself, or the best ones of a run's folder."""
    if not path.is_dir():
        return path
    for name in ("best.pt", "last.pt"):
        for folder in (path / "weights", path):
            if (folder / name).is_file():
                return folder / name
    raise TrainerError(f"{path} holds no weights", "name a .pt file, or a run that `trainer fit` has begun")


def load_network(path: Path, device: str = "cpu") -> tuple[nn.Module, FileMeta]:
    """The network of a weights file, a run's folder or an exported file, and what the file says of it.

    Raises TrainerError.
    """
    file = find_weights(path)
    if is_exported(file):
        exported = open_exported(file)
        return exported.eval(), exported.about
    return load_model(file, device)


def load_detector(path: Path, device: str = "cpu") -> tuple[nn.Module, FileMeta]:
    """The same, only to look with: batch norms are folded into the convolutions before them."""
    model, meta = load_network(path, device)
    return folded(model), meta


def _by_shape(pictures: Sequence[Image]) -> Iterable[list[int]]:
    groups: dict[tuple[int, ...], list[int]] = {}
    for i, picture in enumerate(pictures):
        groups.setdefault(picture.shape, []).append(i)
    return groups.values()


def _tensor(pictures: Sequence[NDArray[np.uint8]], device: str) -> torch.Tensor:
    """(B, 3, H, W) float in 0..1, moved as bytes because a quarter of the memory crosses to the device."""
    batch = torch.from_numpy(np.stack(pictures)).to(device)  # (B, H, W, 3)
    return batch.permute(0, 3, 1, 2).float() / 255  # channels stay last in memory, as convolutions like it

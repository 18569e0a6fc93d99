"""A network and photographs in, boxes in original pixels out: the one path that `val` and `predict` share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from trainer.data.images import Image, letterbox
from trainer.decode import Detections, decode, detections


@torch.inference_mode()
def detect(
    model: nn.Module,
    images: Sequence[Image],
    *,
    imgsz: int,
    conf: float,
    iou: float,
    max_det: int = 300,
    multi_label: bool = False,
    device: str = "cpu",
) -> list[Detections]:
    """The boxes of each image, in its own pixels and clipped to it, best score first.

    `images` are (H, W, 3) uint8 RGB of any sizes. Each is letterboxed to a long side of `imgsz`, and those
    of one shape pass the network together, so the answer for an image does not depend on its neighbours.
    """
    strides, anchors = cast(Sequence[int], model.strides), cast(torch.Tensor, model.anchors)
    boxed = [letterbox(image, imgsz, max(strides)) for image in images]
    found: list[Detections] = [Detections.none()] * len(images)
    for indices in _by_shape([picture for picture, _, _ in boxed]):
        x = _tensor([boxed[i][0] for i in indices], device)
        decoded = decode(model(x), anchors, strides)
        results = detections(decoded, conf=conf, iou=iou, max_det=max_det, multi_label=multi_label)
        for i, result in zip(indices, results, strict=True):
            height, width = images[i].shape[:2]
            _, scale, pad = boxed[i]
            found[i] = result.to_original(scale, pad, (width, height))
    return found


def _by_shape(pictures: Sequence[Image]) -> Iterable[list[int]]:
    groups: dict[tuple[int, ...], list[int]] = {}
    for i, picture in enumerate(pictures):
        groups.setdefault(picture.shape, []).append(i)
    return groups.values()


def _tensor(pictures: Sequence[NDArray[np.uint8]], device: str) -> torch.Tensor:
    """(B, 3, H, W) float in 0..1, moved as bytes because a quarter of the memory crosses to the device."""
    batch = torch.from_numpy(np.stack(pictures)).to(device)  # (B, H, W, 3)
    return batch.permute(0, 3, 1, 2).contiguous().float() / 255

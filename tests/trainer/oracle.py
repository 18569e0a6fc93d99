"""A network that needs no training: it finds the one bright rectangle of an image, exactly.

It keeps the contract of the real ones (raw logits out, strides as an attribute, `decode`), so everything
around a network can be tested with answers known by hand.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from trainer.data.folder import Split
from trainer.data.labels import FolderReport
from trainer.decode import decode

Box = tuple[int, int, int, int]


class Oracle(nn.Module):
    """Sees bright green as class 0 and bright red as class 1, with a confidence of about 0.9."""

    anchors: Tensor

    def __init__(self, stride: int = 32, anchor: float = 100.0) -> None:
        super().__init__()
        self.strides, self.coarsest = (stride,), stride
        self.register_buffer("anchors", torch.full((1, 1, 2), anchor))

    def forward(self, x: Tensor) -> list[Tensor]:
        stride, anchor = self.strides[0], float(self.anchors[0, 0, 0])
        raw = torch.full((len(x), 1, x.shape[2] // stride, x.shape[3] // stride, 7), -20.0)
        for i, picture in enumerate(x):
            for label, channel in enumerate((1, 0)):
                rows, columns = (picture[channel] > 0.7).nonzero(as_tuple=True)
                if not len(rows):
                    continue
                x1, x2 = float(columns.min()), float(columns.max()) + 1
                y1, y2 = float(rows.min()), float(rows.max()) + 1
                cx, cy = (x1 + x2) / 2 / stride, (y1 + y2) / 2 / stride
                wh = torch.tensor([x2 - x1, y2 - y1])
                cell = raw[i, 0, int(cy), int(cx)]
                xy = torch.tensor([cx - int(cx), cy - int(cy)])
                cell[0:2] = torch.logit((xy + 0.5) / 2)
                cell[2:4] = torch.logit((wh / anchor).sqrt() / 2)
                cell[4] = 4.0  # sigmoid 0.982
                cell[5 + label] = 2.4  # sigmoid 0.917
        return [raw]

    def decode(self, maps: list[Tensor]) -> Tensor:
        return decode(maps, self.anchors, self.strides)


def picture(width: int, height: int, box: Box | None, *, red: bool = False) -> NDArray[np.uint8]:
    """A dark image with one bright rectangle, (H, W, 3) RGB."""
    image = np.full((height, width, 3), 30, np.uint8)
    if box is not None:
        x1, y1, x2, y2 = box
        image[y1:y2, x1:x2] = (255, 0, 0) if red else (0, 255, 0)
    return image


def save(path: Path, image: NDArray[np.uint8]) -> Path:
    """Write it as the suffix says; PNG keeps the pixels exactly."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix, np.ascontiguousarray(image[..., ::-1]))[1].tobytes())
    return path


def split_of(folder: Path, scenes: list[tuple[int, int, Box | None]], *, red: bool = False) -> Split:
    """A split of pictures whose labels are their bright rectangles."""
    images, labels = [], []
    for i, (width, height, box) in enumerate(scenes):
        images.append(save(folder / f"图 {i}.png", picture(width, height, box, red=red)))
        rows = []
        if box is not None:
            x1, y1, x2, y2 = box
            cx, cy = (x1 + x2) / 2 / width, (y1 + y2) / 2 / height
            rows.append((int(red), cx, cy, (x2 - x1) / width, (y2 - y1) / height))
        labels.append(np.array(rows, np.float32).reshape(-1, 5))
    sizes = np.array([scene[:2] for scene in scenes], np.int64).reshape(-1, 2)
    return Split("val", images, labels, sizes, FolderReport())

"""The anchor head: feature maps in, raw box, objectness and class logits out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from trainer.decode import decode
from trainer.errors import TrainerError

AnchorGrid = Sequence[Sequence[Sequence[float]]]  # (L, A, 2)


@dataclass(frozen=True)
class AnchorHead:
    """Boxes as corrections of anchors, with objectness: the head of YOLOv5."""

    kind: ClassVar[str] = "anchor"

    anchors: tuple[tuple[tuple[float, float], ...], ...]  # (levels, per level, 2): w, h in pixels at imgsz

    def build(
        self, channels: Sequence[int], strides: Sequence[int], classes: int, imgsz: int, activation: str
    ) -> nn.Module:
        """The module; the activation is of no use to it."""
        if len(self.anchors) != len(strides) or len({len(level) for level in self.anchors}) != 1:
            shape = [len(level) for level in self.anchors]
            raise TrainerError(
                f"anchors {shape} do not fit {len(strides)} levels", "give every level the same number"
            )
        return AnchorHeadModule(self, channels, strides, classes, imgsz)


class AnchorHeadModule(nn.Module):
    """One 1x1 convolution a level: (B, c, H, W) -> raw logits (B, A, H, W, 5 + classes).

    The last axis is x, y, w, h, objectness, then classes; `trainer.decode` says what they mean.
    """

    anchors: Tensor  # (L, A, 2): w, h in pixels at the training size

    def __init__(
        self, config: AnchorHead, channels: Sequence[int], strides: Sequence[int], classes: int, imgsz: int
    ) -> None:
        super().__init__()
        self.strides = tuple(strides)
        self.outputs = 5 + classes
        # the configuration is where anchors are kept; a copy among the weights could only differ from it
        self.register_buffer("anchors", torch.tensor(config.anchors, dtype=torch.float32), persistent=False)
        self.convs = nn.ModuleList(nn.Conv2d(c, self.anchors.shape[1] * self.outputs, 1) for c in channels)
        self.set_priors(strides, imgsz)

    def set_priors(self, strides: Sequence[int], imgsz: int, objects: float = 8.0) -> None:
        """Start from what is likely: about `objects` objects an image, any class as likely as another.

        Without it the first steps are spent on learning that nearly every cell is empty
        (RetinaNet, arXiv:1708.02002, section 3.3).
        """
        classes = self.outputs - 5
        class_prior = 0.6 / max(classes, 1)
        for conv, stride in zip(self.convs, strides, strict=True):
            assert isinstance(conv, nn.Conv2d)
            assert conv.bias is not None
            cells = (imgsz / stride) ** 2
            with torch.no_grad():
                bias = conv.bias.view(-1, self.outputs)
                bias[:, 4] = math.log(objects / max(cells, objects + 1))
                bias[:, 5:] = math.log(class_prior / (1 - class_prior))

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        out = []
        for conv, x in zip(self.convs, maps, strict=True):
            b, _, h, w = x.shape
            y = conv(x).view(b, -1, self.outputs, h, w)
            out.append(y.permute(0, 1, 3, 4, 2))  # (B, A, H, W, 5 + C)
        return out

    def decode(self, maps: Sequence[Tensor]) -> Tensor:
        """Boxes, objectness and class probabilities of every anchor: (B, N, 5 + C)."""
        return decode(maps, self.anchors, self.strides)

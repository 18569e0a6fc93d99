"""The anchor heads: feature maps in, raw box, objectness and class logits out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from trainer.anchors import THRESHOLD
from trainer.decode.anchor import decode, decode_yolov3
from trainer.errors import TrainerError

AnchorGrid = Sequence[Sequence[Sequence[float]]]  # (L, A, 2)
Decoder = Callable[[Sequence[Tensor], Tensor, Sequence[int]], Tensor]  # maps, anchors, strides -> boxes


@dataclass(frozen=True)
class AnchorHead:
    """Boxes as corrections of anchors, with objectness: the head of YOLOv5."""

    kind: ClassVar[str] = "anchor"

    anchors: tuple[tuple[tuple[float, float], ...], ...]  # (levels, per level, 2): w, h in pixels at imgsz
    anchor_t: float = THRESHOLD  # what suits them, where a training is not told another

    def build(
        self, channels: Sequence[int], strides: Sequence[int], classes: int, imgsz: int, activation: str
    ) -> nn.Module:
        """The module; the activation is of no use to it."""
        return AnchorHeadModule(self.anchors, channels, strides, classes, imgsz)


@dataclass(frozen=True)
class Yolov3Head:
    """The same with the boxes of YOLOv3, whose centres stay in their cells and whose sides know no bounds."""

    kind: ClassVar[str] = "yolov3"

    anchors: tuple[tuple[tuple[float, float], ...], ...]  # as those of AnchorHead

    def build(
        self, channels: Sequence[int], strides: Sequence[int], classes: int, imgsz: int, activation: str
    ) -> nn.Module:
        """The module; the activation is of no use to it."""
        return AnchorHeadModule(self.anchors, channels, strides, classes, imgsz, decode_yolov3)


class AnchorHeadModule(nn.Module):
    """One 1x1 convolution a level: (B, c, H, W) -> raw logits (B, A, H, W, 5 + classes).

    The last axis is x, y, w, h, objectness, then classes; `trainer.decode` says what they mean.
    """

    anchors: Tensor  # (L, A, 2): w, h in pixels at the training size

    def __init__(
        self,
        anchors: AnchorGrid,
        channels: Sequence[int],
        strides: Sequence[int],
        classes: int,
        imgsz: int,
        boxes: Decoder = decode,
    ) -> None:
        super().__init__()
        if len(anchors) != len(strides) or len({len(level) for level in anchors}) != 1:
            shape = [len(level) for level in anchors]
            raise TrainerError(
                f"anchors {shape} do not fit {len(strides)} levels", "give every level the same number"
            )
        self.boxes = boxes
        self.strides = tuple(strides)
        self.outputs = 5 + classes
        # the configuration is where anchors are kept; a copy among the weights could only differ from it
        self.register_buffer("anchors", torch.tensor(anchors, dtype=torch.float32), persistent=False)
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
        return self.boxes(maps, self.anchors, self.strides)

    def class_layout(self) -> dict[str, tuple[int, int]]:
        """Of tensors with a row a class: how many groups of rows, and how many rows before the classes."""
        layout = (self.anchors.shape[1], 5)
        return {f"convs.{i}.{part}": layout for i in range(len(self.convs)) for part in ("weight", "bias")}

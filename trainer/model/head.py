"""The anchor head: feature maps in, raw box, objectness and class logits out."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn


class AnchorHead(nn.Module):
    """One 1x1 convolution a level: (B, c, H, W) -> raw logits (B, A, H, W, 5 + classes).

    The last axis is x, y, w, h, objectness, then classes; `trainer.decode` says what they mean.
    """

    def __init__(self, channels: Sequence[int], anchors: int, classes: int) -> None:
        super().__init__()
        self.anchors = anchors
        self.outputs = 5 + classes
        self.convs = nn.ModuleList(nn.Conv2d(c, anchors * self.outputs, 1) for c in channels)

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
                bias = conv.bias.view(self.anchors, self.outputs)
                bias[:, 4] = math.log(objects / max(cells, objects + 1))
                bias[:, 5:] = math.log(class_prior / (1 - class_prior))

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        out = []
        for conv, x in zip(self.convs, maps, strict=True):
            b, _, h, w = x.shape
            y = conv(x).view(b, self.anchors, self.outputs, h, w)
            out.append(y.permute(0, 1, 3, 4, 2))  # (B, A, H, W, 5 + C)
        return out

"""The bricks of the YOLOv5 family: convolution, bottleneck, CSP stage, pyramid pooling.

Features flow in and out as float tensors (B, C, H, W); every brick keeps H and W unless it has a stride.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

_ACTIVATIONS: dict[str, type[nn.Module]] = {"silu": nn.SiLU, "relu": nn.ReLU}  # of trainer.model.names


def activation(name: str) -> nn.Module:
    """The activation of that name, working in place."""
    if name == "leaky":
        return nn.LeakyReLU(0.1, inplace=True)
    return _ACTIVATIONS[name](inplace=True)


class Conv(nn.Module):
    """Convolution without bias, batch norm, activation: (B, c_in, H, W) -> (B, c_out, H/stride, W/stride)."""

    def __init__(
        self, c_in: int, c_out: int, kernel: int = 1, stride: int = 1, *, padding: int | None = None, act: str
    ) -> None:
        super().__init__()
        padding = kernel // 2 if padding is None else padding
        self.conv = nn.Conv2d(c_in, c_out, kernel, stride, padding, bias=False)
        # the family's constants: a larger eps and a slower average than PyTorch's defaults
        self.bn = nn.BatchNorm2d(c_out, eps=1e-3, momentum=0.03)
        self.act = activation(act)

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.bn(self.conv(x)))


class Bottleneck(nn.Module):
    """1x1 then 3x3 convolution, added to its input where `shortcut` is set."""

    def __init__(self, channels: int, *, shortcut: bool, act: str) -> None:
        super().__init__()
        self.reduce = Conv(channels, channels, 1, act=act)
        self.spatial = Conv(channels, channels, 3, act=act)
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        y = self.spatial(self.reduce(x))
        return x + y if self.shortcut else y


class CSPStage(nn.Module):
    """Cross-stage-partial stage with three 1x1 convolutions (CSPNet, arXiv:1911.11929; "C3" in YOLOv5).

    Half of the channels passes `depth` bottlenecks, the other half passes by; both are joined by a 1x1.
    The two splitting 1x1 convolutions of the paper read the same input, so one convolution computes both:
    the same weights and the same arithmetic, one pass over memory less.
    """

    recomputable = True  # see `trainer.recompute`

    def __init__(self, c_in: int, c_out: int, depth: int, *, shortcut: bool = True, act: str) -> None:
        super().__init__()
        hidden = c_out // 2
        self.split = Conv(c_in, 2 * hidden, 1, act=act)
        self.chain = nn.Sequential(*(Bottleneck(hidden, shortcut=shortcut, act=act) for _ in range(depth)))
        self.join = Conv(2 * hidden, c_out, 1, act=act)

    def forward(self, x: Tensor) -> Tensor:
        through, beside = self.split(x).chunk(2, dim=1)
        return self.join(torch.cat((self.chain(through), beside), dim=1))


class SPPF(nn.Module):
    """Spatial pyramid pooling: 5, 9 and 13 pixel max pools, as three 5-pixel pools in series."""

    def __init__(self, c_in: int, c_out: int, kernel: int = 5, *, act: str) -> None:
        super().__init__()
        hidden = c_in // 2
        self.reduce = Conv(c_in, hidden, 1, act=act)
        self.pool = nn.MaxPool2d(kernel, stride=1, padding=kernel // 2)
        self.join = Conv(4 * hidden, c_out, 1, act=act)

    def forward(self, x: Tensor) -> Tensor:
        x = self.reduce(x)
        pool5 = self.pool(x)
        pool9 = self.pool(pool5)
        return self.join(torch.cat((x, pool5, pool9, self.pool(pool9)), dim=1))

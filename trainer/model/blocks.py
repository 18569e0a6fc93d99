"""The bricks of the networks: convolution, residual pairs, cross-stage stages, pyramid pooling.

Features flow in and out as float tensors (B, C, H, W); every brick keeps H and W unless it has a stride.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.fusion import fuse_conv_bn_weights

_ACTIVATIONS: dict[str, type[nn.Module]] = {  # of trainer.model.names
    "silu": nn.SiLU,
    "relu": nn.ReLU,
    "hardswish": nn.Hardswish,
    "mish": nn.Mish,
}


def activation(name: str) -> nn.Module:
    """The activation of that name, working in place."""
    if name == "leaky":
        return nn.LeakyReLU(0.1, inplace=True)
    return _ACTIVATIONS[name](inplace=True)


def norm(channels: int) -> nn.BatchNorm2d:
    """Batch norm with the family's constants: a larger eps and a slower average than PyTorch's defaults."""
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.03)


class Conv(nn.Module):
    """Convolution without bias, batch norm, activation: (B, c_in, H, W) -> (B, c_out, H/stride, W/stride).

    `act` None leaves the activation out.
    """

    def __init__(
        self,
        c_in: int,
        c_out: int,
        kernel: int = 1,
        stride: int = 1,
        *,
        padding: int | None = None,
        dilation: int = 1,
        groups: int = 1,
        act: str | None,
    ) -> None:
        super().__init__()
        padding = dilation * (kernel // 2) if padding is None else padding
        self.conv = nn.Conv2d(
            c_in, c_out, kernel, stride, padding, dilation=dilation, groups=groups, bias=False
        )
        self.bn: nn.Module = norm(c_out)
        self.act = nn.Identity() if act is None else activation(act)

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.bn(self.conv(x)))

    def fold(self) -> None:
        """See `trainer.model.folding`."""
        self.bn = _fold((self.conv,), self.bn)


def _fold(convs: Sequence[nn.Conv2d], bn: nn.Module) -> nn.Module:
    """Scale and shift the channels of `convs` as `bn`, which sees them side by side, does in evaluation.

    What is left to do after them: nothing. A norm that was folded before is no more.
    """
    if not isinstance(bn, _BatchNorm):
        return bn
    assert bn.running_mean is not None and bn.running_var is not None
    parts = [t.chunk(len(convs)) for t in (bn.running_mean, bn.running_var, bn.weight, bn.bias)]
    for conv, mean, variance, weight, bias in zip(convs, *parts, strict=True):
        conv.weight, conv.bias = fuse_conv_bn_weights(
            conv.weight, conv.bias, mean, variance, bn.eps, weight, bias
        )
    return nn.Identity()


class Focus(nn.Module):
    """Each square of four pixels becomes one with four times the channels, then a 3x3 convolution.

    The stem of YOLOv5 before v6: (B, 3, H, W) -> (B, c_out, H/2, W/2). Channels are those of the upper left
    pixels, the lower left, the upper right, the lower right.
    """

    def __init__(self, c_in: int, c_out: int, *, act: str) -> None:
        super().__init__()
        self.conv = Conv(4 * c_in, c_out, 3, act=act)

    def forward(self, x: Tensor) -> Tensor:
        corners = [x[..., row::2, column::2] for column in (0, 1) for row in (0, 1)]
        return self.conv(torch.cat(corners, dim=1))


class Bottleneck(nn.Module):
    """1x1 then 3x3 convolution, added to its input where `shortcut` is set; `hidden` channels between."""

    def __init__(
        self, c_in: int, c_out: int | None = None, *, hidden: int | None = None, shortcut: bool, act: str
    ) -> None:
        super().__init__()
        c_out = c_in if c_out is None else c_out
        hidden = c_out if hidden is None else hidden
        self.reduce = Conv(c_in, hidden, 1, act=act)
        self.spatial = Conv(hidden, c_out, 3, act=act)
        self.shortcut = shortcut and c_in == c_out

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


class BottleneckCSP(nn.Module):
    """The stage of YOLOv5 up to v3.1: as `CSPStage`, but both halves are normed only after they are joined.

    `act` follows that norm, too, except that v3.1 kept LeakyReLU there: see `joint_act`.
    """

    recomputable = True

    def __init__(
        self,
        c_in: int,
        c_out: int,
        depth: int,
        *,
        shortcut: bool = True,
        act: str,
        joint_act: str | None = None,
    ) -> None:
        super().__init__()
        hidden = c_out // 2
        self.enter = Conv(c_in, hidden, 1, act=act)
        self.chain = nn.Sequential(*(Bottleneck(hidden, shortcut=shortcut, act=act) for _ in range(depth)))
        self.through = nn.Conv2d(hidden, hidden, 1, bias=False)
        self.beside = nn.Conv2d(c_in, hidden, 1, bias=False)
        self.bn: nn.Module = norm(2 * hidden)
        self.act = activation(joint_act or act)
        self.join = Conv(2 * hidden, c_out, 1, act=act)

    def forward(self, x: Tensor) -> Tensor:
        through = self.through(self.chain(self.enter(x)))
        return self.join(self.act(self.bn(torch.cat((through, self.beside(x)), dim=1))))

    def fold(self) -> None:
        """See `trainer.model.folding`: each convolution takes the half of the norm that follows it."""
        self.bn = _fold((self.through, self.beside), self.bn)


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


class Pyramid(nn.Module):
    """Max pools of several sizes beside the input: (B, C, H, W) -> (B, (1 + pools) C, H, W)."""

    def __init__(self, kernels: Sequence[int] = (5, 9, 13)) -> None:
        super().__init__()
        self.pools = nn.ModuleList(nn.MaxPool2d(k, stride=1, padding=k // 2) for k in kernels)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((x, *(pool(x) for pool in self.pools)), dim=1)


class SPP(nn.Module):
    """Spatial pyramid pooling with its pools side by side, as YOLOv5 had it before v6: `SPPF`'s output."""

    def __init__(self, c_in: int, c_out: int, kernels: Sequence[int] = (5, 9, 13), *, act: str) -> None:
        super().__init__()
        hidden = c_in // 2
        self.reduce = Conv(c_in, hidden, 1, act=act)
        self.pyramid = Pyramid(kernels)
        self.join = Conv((1 + len(kernels)) * hidden, c_out, 1, act=act)

    def forward(self, x: Tensor) -> Tensor:
        return self.join(self.pyramid(self.reduce(x)))

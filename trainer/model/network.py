"""Backbone, neck and head as one network."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from trainer.model.config import ModelConfig


class Detector(nn.Module):
    """Takes images (B, 3, H, W), float RGB in 0..1, H and W multiples of the largest stride.

    Gives the head's raw maps, the same in training and in evaluation; `decode` makes boxes of them.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.strides = config.strides
        self.backbone = config.backbone.build(config.strides, config.activation)
        self.neck = config.neck.build(self.backbone.channels, config.activation)  # type: ignore[arg-type]
        self.head = config.head.build(
            self.neck.channels,  # type: ignore[arg-type]
            config.strides,
            config.classes,
            config.imgsz,
            config.activation,
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        return self.head(self.neck(self.backbone(x)))

    def decode(self, maps: Sequence[Tensor]) -> Tensor:
        """Boxes, objectness, class probabilities of every cell: (B, N, 4 + 1 + C), see `trainer.decode`."""
        return self.head.decode(maps)  # type: ignore[operator]


def build(config: ModelConfig) -> Detector:
    """The network `config` describes, with fresh random weights from torch's global generator."""
    return Detector(config)


def parameters(model: nn.Module) -> int:
    """How many numbers training may change."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)

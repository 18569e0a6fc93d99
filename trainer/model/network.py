"""Backbone, neck and head as one network."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from trainer.errors import TrainerError
from trainer.model.config import ModelConfig


class Detector(nn.Module):
    """Takes images (B, 3, H, W), float RGB in 0..1, H and W multiples of `coarsest`.

    Gives the head's raw maps, the same in training and in evaluation; `decode` makes boxes of them.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.strides = config.strides
        self.coarsest = config.levels[-1]
        self._still: list[nn.Module] = []
        self.backbone = config.backbone.build(config.levels, config.activation)
        wanted = [config.levels.index(stride) for stride in config.strides]
        self.neck = config.neck.build(self.backbone.channels, wanted, config.activation)  # type: ignore[arg-type]
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

    def freeze(self, count: int) -> int:
        """Train the first `count` parts of the backbone no more; how many parameters these have.

        Their batch norms stay in evaluation, too: averages that go on moving would change what the frozen
        weights were made for. Raises TrainerError where the backbone has fewer parts.
        """
        parts: list[nn.Module] = self.backbone.parts()  # type: ignore[operator]
        if count > len(parts):
            raise TrainerError(
                f"--freeze {count}, but the backbone of {self.config.name} has {len(parts)} stages",
                f"give at most {len(parts)}",
            )
        self._still = parts[:count]
        for part in self._still:
            part.requires_grad_(False)
        self.train(self.training)
        return sum(p.numel() for part in self._still for p in part.parameters())

    def train(self, mode: bool = True) -> Detector:
        """As usual, but frozen parts stay in evaluation."""
        super().train(mode)
        for part in self._still:
            part.eval()
        return self


def build(config: ModelConfig) -> Detector:
    """The network `config` describes, with fresh random weights from torch's global generator."""
    return Detector(config)


def parameters(model: nn.Module) -> int:
    """How many numbers the network learns; those that are frozen now count, too."""
    return sum(p.numel() for p in model.parameters())

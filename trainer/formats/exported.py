"""An exported file in the place of a network: judged, timed and looked with like the weights it came from."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from trainer.formats.about import About
from trainer.formats.format import Run
from trainer.formats.whole import decoded


class Exported(nn.Module):
    """Keeps the contract of `trainer.model.network.Detector`, as far as looking needs it."""

    def __init__(self, run: Run, about: About) -> None:
        super().__init__()
        self.about = about
        self.coarsest = about.stride
        self.fixed = about.shape  # (width, height) of every image, where there is but one
        self._run = run

    def forward(self, x: Tensor) -> list[Tensor]:
        """The file's output for (B, 3, H, W) images, computed on the processor, given back where `x` is."""
        images = x.cpu()
        if self.fixed is None:
            return [self._run(images).to(x.device)]
        answers = []
        for part in images.split(self.about.batch):
            missing = self.about.batch - len(part)
            whole = torch.cat((part, part.new_zeros(missing, *part.shape[1:]))) if missing else part
            answers.append(self._run(whole)[: len(part)])
        return [torch.cat(answers).to(x.device)]

    def decode(self, maps: list[Tensor]) -> Tensor:
        """As any network's: (B, N, 4 + 1 + C)."""
        (output,) = maps
        return decoded(output, len(self.about.classes))

    def __deepcopy__(self, memo: dict[int, Any]) -> Exported:
        """Itself: nothing of a file can be changed, and a session cannot be copied."""
        return self

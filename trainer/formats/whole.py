"""A network and the decoding of its boxes as one module of one output, laid out as other programs read it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from trainer.errors import TrainerError

#: (B, N, 5 + C): cx, cy, w, h, objectness, a probability a class; a score is objectness times probability.
ROWS = "yolov5"
#: (B, 4 + C, N): cx, cy, w, h, a score a class.
COLUMNS = "yolov8"
LAYOUTS = (ROWS, COLUMNS)


class Whole(nn.Module):
    """Images (B, 3, H, W), RGB in 0..1, to every box before suppression, in pixels of the input."""

    def __init__(self, model: nn.Module, layout: str) -> None:
        super().__init__()
        self.model, self.layout = model, layout

    def forward(self, x: Tensor) -> Tensor:
        decoded = self.model.decode(self.model(x))  # type: ignore[operator]
        low, high = decoded[..., :2], decoded[..., 2:4]
        boxes = torch.cat(((low + high) / 2, high - low), dim=-1)
        if self.layout == ROWS:
            return torch.cat((boxes, decoded[..., 4:]), dim=-1)
        return torch.cat((boxes, decoded[..., 4:5] * decoded[..., 5:]), dim=-1).transpose(1, 2)


def layout_of(kind: str) -> str:
    """What suits a kind of head: rows where objectness is a thing of its own."""
    return COLUMNS if kind == "free" else ROWS


def decoded(output: Tensor, classes: int) -> Tensor:
    """The way back: `trainer.decode`'s (B, N, 4 + 1 + C) of an output in either layout.

    Raises TrainerError for an output of another shape.
    """
    if output.ndim == 3 and output.shape[2] == 5 + classes:
        boxes, scores = output[..., :4], output[..., 4:]
    elif output.ndim == 3 and output.shape[1] == 4 + classes:
        columns = output.transpose(1, 2)
        boxes = columns[..., :4]
        scores = torch.cat((torch.ones_like(columns[..., :1]), columns[..., 4:]), dim=-1)
    else:
        raise TrainerError(
            f"its output of shape {tuple(output.shape)} is none of a detector of {classes} classes",
            "take a file that `trainer export` wrote",
        )
    half = boxes[..., 2:] / 2
    return torch.cat((boxes[..., :2] - half, boxes[..., :2] + half, scores), dim=-1)

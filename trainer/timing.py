"""Networks and photographs in, milliseconds a photograph out: decoding, network and suppression, one by one.

All networks take turns on each photograph, so that whatever else the machine does falls on all of them alike.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from trainer.data.images import UnreadableImageError, read_image
from trainer.detect import check_imgsz, coarsest_stride, detect, fit_in, input_size
from trainer.suppression import Suppression

WARM = 3  # photographs before the clock starts


@dataclass(frozen=True)
class Times:
    """Milliseconds of one photograph at a time; medians, since other work on the machine makes outliers."""

    photographs: int
    total: float  # file read and decoded, letterboxed, network, boxes, suppression
    network: float  # the network alone, on the same image
    slow: float  # total that 95 of 100 photographs stay under

    def as_dict(self) -> dict[str, float]:
        """Plain types for JSON."""
        return {
            "photographs": self.photographs,
            "ms": self.total,
            "ms_network": self.network,
            "ms_95": self.slow,
        }


def measure(
    models: Mapping[str, tuple[nn.Module, int]],
    photographs: Sequence[Path],
    suppression: Suppression,
    *,
    device: str = "cpu",
) -> dict[str, Times]:
    """Time each network (and the size it sees images at) on each photograph, as `trainer predict` runs it."""
    for model, imgsz in models.values():
        check_imgsz(model, imgsz)
    totals: dict[str, list[float]] = {name: [] for name in models}
    alone: dict[str, list[float]] = {name: [] for name in models}
    readable = [path for path in photographs if _reads(path)]
    for i, path in enumerate((*readable[:1] * WARM, *readable)):
        for name, (model, imgsz) in models.items():
            began = time.perf_counter()
            image = fit_in(read_image(path), input_size(model, imgsz), coarsest_stride(model))
            detect(model, [image], suppression, device=device)
            took = time.perf_counter() - began
            forward = _forward(model, image.picture, device)
            if i >= WARM:
                totals[name].append(1000 * took)
                alone[name].append(1000 * forward)
    return {
        name: Times(
            photographs=len(readable),
            total=float(np.median(totals[name])),
            network=float(np.median(alone[name])),
            slow=float(np.quantile(totals[name], 0.95)),
        )
        for name in models
        if readable
    }


def _reads(path: Path) -> bool:
    try:
        read_image(path)
    except UnreadableImageError:
        return False  # the judgement has told of it
    return True


@torch.inference_mode()
def _forward(model: nn.Module, picture: np.ndarray, device: str) -> float:
    """Seconds that the network takes for one image."""
    x = torch.from_numpy(picture)[None].to(device).permute(0, 3, 1, 2).float() / 255
    _wait(device)
    began = time.perf_counter()
    model(x)
    _wait(device)
    return time.perf_counter() - began


def _wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()
    elif device == "mps":
        torch.mps.synchronize()

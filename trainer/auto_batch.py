"""How many images a step fit into the memory of an accelerator: a few steps are tried and a line is drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from trainer.errors import TrainerError
from trainer.loss.terms import Criterion, Targets

TRIED = (1, 2, 4, 8)  # images
SHARE = 0.8  # of the memory that is free
WITHOUT = 8  # images a step where memory is not what ends a CPU's patience
MOST = 1024
SMALLER = "lower --imgsz or choose a smaller --model"


def batch_that_fits(images: Sequence[int], used: Sequence[int], free: int) -> int:
    """The largest even batch in SHARE of `free` bytes, from what steps of some `images` took at their peak.

    Memory grows by a line: what a step of any size needs, and what each image adds. Raises TrainerError
    where not even one image fits.
    """
    each, base = np.polyfit(np.asarray(images, float), np.asarray(used, float), 1)
    room = int((SHARE * free - base) / max(each, 1.0))
    if room < 1:
        raise TrainerError(
            "not one image a step fits into the memory", "lower --imgsz or choose a smaller --model"
        )
    return min(room if room == 1 else room // 2 * 2, MOST)


def auto_batch(model: nn.Module, loss: Criterion, imgsz: int, device: torch.device) -> int:
    """The batch for that network on that device: measured on CUDA, WITHOUT elsewhere."""
    if device.type != "cuda":
        return WITHOUT
    free, _ = torch.cuda.mem_get_info(device)
    used = []
    tried = []
    for count in TRIED:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        try:
            _try(model, loss, count, imgsz, device)
        except torch.cuda.OutOfMemoryError:
            break
        used.append(torch.cuda.max_memory_allocated(device) - before)
        tried.append(count)
    model.zero_grad(set_to_none=True)
    torch.cuda.empty_cache()
    if len(tried) < 2:
        raise TrainerError(
            "not two images a step fit into the memory", "lower --imgsz or choose a smaller --model"
        )
    return batch_that_fits(tried, used, free)


def _try(model: nn.Module, loss: Criterion, count: int, imgsz: int, device: torch.device) -> None:
    images = torch.rand(count, 3, imgsz, imgsz, device=device)
    boxes = torch.tensor([[0.5, 0.5, 0.2, 0.2]], device=device).repeat(count, 1) * imgsz
    targets = Targets(
        boxes, torch.zeros(count, dtype=torch.long, device=device), torch.arange(count, device=device)
    )
    loss(model(images), targets).total.backward()

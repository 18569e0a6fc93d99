"""A small convolutional network in PyTorch that learns to tell two kinds of crops apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch
    from torch import nn

_EPOCHS = 40
_BATCH = 32
_RATE = 2e-3


def scores(
    train: NDArray[np.uint8], labels: NDArray[np.int64], test: NDArray[np.uint8], seed: int
) -> NDArray[np.float64]:
    """How much each of `test` (M, S, S, 3) looks like label 1, after learning `train` (N, S, S, 3)."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # of such small tensors, threads only wait for each other
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return _learnt(_tensor(train), torch.from_numpy(labels).float(), _tensor(test))
    finally:
        torch.set_num_threads(threads)


def _learnt(x: torch.Tensor, y: torch.Tensor, test: torch.Tensor) -> NDArray[np.float64]:
    import torch
    from torch.nn import functional

    network = _network()
    optimizer = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=0.02)
    # both kinds count the same, however many there are of each
    weight = torch.where(y > 0, 0.5 / y.mean().clamp(min=1e-6), 0.5 / (1 - y).mean().clamp(min=1e-6))
    steps = _EPOCHS * -(-len(x) // _BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=steps)
    network.train()
    for _ in range(_EPOCHS):
        order = torch.randperm(len(x))
        for start in range(0, len(x), _BATCH):
            batch = order[start : start + _BATCH]
            out = network(_augmented(x[batch]))[:, 0]
            loss = functional.binary_cross_entropy_with_logits(out, y[batch], weight=weight[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    network.eval()
    with torch.inference_mode():
        views = [test, test.flip(3), test.flip(2), test.flip(2, 3)]
        return np.asarray(torch.stack([network(view)[:, 0] for view in views]).mean(0).double())


def _network() -> nn.Module:
    """Three levels of convolutions: enough for seams and grain, too little to know photographs by heart."""
    from torch import nn

    layers: list[nn.Module] = []
    for before, after in ((3, 12), (12, 24), (24, 32)):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.GroupNorm(4, after)]
        layers += [nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Dropout(0.3), nn.Linear(128, 1))


def _tensor(pictures: NDArray[np.uint8]) -> torch.Tensor:
    import torch

    return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1


def _augmented(batch: torch.Tensor) -> torch.Tensor:
    """Mirrored, turned by quarters, moved by up to two pixels, other light and contrast."""
    import torch

    if torch.rand(1) < 0.5:
        batch = batch.flip(3)
    if torch.rand(1) < 0.5:
        batch = batch.flip(2)
    batch = torch.rot90(batch, int(torch.rand(1) * 4), (2, 3))
    move = (torch.rand(2) * 5).long() - 2
    batch = torch.roll(batch, (int(move[0]), int(move[1])), (2, 3))
    shown = batch.abs().amax(dim=1, keepdim=True) > 0.01  # the grey around stays grey
    gain = 1 + 0.4 * (torch.rand(len(batch), 1, 1, 1) - 0.5)
    shift = 0.3 * (torch.rand(len(batch), 3, 1, 1) - 0.5)
    return torch.where(shown, batch * gain + shift, batch)

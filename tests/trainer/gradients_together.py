"""A module for torchrun: the gradients of one batch that all processes share, one file RANK.pt a process."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from trainer.leaving import leave
from trainer.world import World, count_norms_together, join

BATCH = 4  # images of all processes together


def gradients_of_part(world: World) -> torch.Tensor:
    """All gradients of a convolution, a batch norm and a mean over the batch, of which each process sees its
    part; then the norm's running averages. In double precision."""
    part = BATCH // world.size
    seeded = torch.Generator().manual_seed(1)
    x = torch.randn(BATCH, 2, 6, 6, dtype=torch.float64, generator=seeded)
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3), torch.nn.BatchNorm2d(3), torch.nn.SiLU()).double()
    model = world.joined(count_norms_together(net, world))
    seen = model(x[part * world.rank : part * (world.rank + 1)])
    (seen.square() * torch.arange(1.0, 4.0)[None, :, None, None]).mean().backward()
    found = [p.grad.flatten() for p in net.parameters() if p.grad is not None]
    norm = net[1]
    assert isinstance(norm, torch.nn.BatchNorm2d)
    assert norm.running_mean is not None and norm.running_var is not None
    return torch.cat((*found, norm.running_mean, norm.running_var))


def main(out: Path) -> None:
    """Leave this process's gradients in the folder `out`."""
    with join(torch.device("cpu")) as world:
        torch.save(gradients_of_part(world), out / f"{world.rank}.pt")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    leave(0)

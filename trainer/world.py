"""Several processes that train one network, as `torchrun` starts them; or one process, which is the same.

Every process takes its own part of each batch, gradients are averaged, and the first process decides, writes
and judges. With `--batch B` on W processes a step is that of one process with `--batch B * W`.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any, cast

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from trainer.errors import TrainerError

_CPU = torch.device("cpu")
_GROUPS = count()  # every process counts the groups it joins, and all join the same ones
# Groups outlive their networks: where the last of a network takes its group along, it holds Python's lock and
# waits for threads of the group that may wait for that lock.
_KEPT: list[dist.ProcessGroup | None] = []
PATIENCE = timedelta(hours=2)  # the others wait that long for the first process, which judges alone


@dataclass(frozen=True)
class World:
    """This process among those that train together."""

    rank: int = 0
    size: int = 1
    device: torch.device = _CPU

    @property
    def leads(self) -> bool:
        """Whether this is the process that decides and writes."""
        return self.rank == 0

    def mean(self, value: float) -> float:
        """The mean of a number over all processes."""
        if self.size == 1:
            return value
        total = torch.tensor([value], dtype=torch.float64, device=self.device)
        dist.all_reduce(total)
        return float(total) / self.size

    def mean_of(self, values: Tensor) -> Tensor:
        """The mean of a tensor over all processes, without gradient; `values` itself where there is one."""
        if self.size == 1:
            return values
        total = values.clone()
        dist.all_reduce(total)
        return total / self.size

    def agreed(self, values: Sequence[float]) -> list[float]:
        """What the first process says."""
        if self.size == 1:
            return list(values)
        said = torch.tensor(values, dtype=torch.float64, device=self.device)
        dist.broadcast(said, src=0)
        return cast("list[float]", said.tolist())

    def wait(self) -> None:
        """Until all processes are here."""
        if self.size > 1:
            dist.barrier()

    def joined(self, model: nn.Module) -> nn.Module:
        """The network with its gradients averaged over all processes."""
        if self.size == 1:
            return model
        where = [self.device.index] if self.device.type == "cuda" else None
        with warnings.catch_warnings():
            # newer versions call this `forward_sync_buffers`, older ones do not know that name
            warnings.simplefilter("ignore", FutureWarning)
            # buffers are equal already: batch norm is counted over all processes
            return DistributedDataParallel(model, device_ids=where, broadcast_buffers=False)


def under_torchrun() -> bool:
    """Whether this process is one of several that torchrun has started."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


@contextmanager
def join(device: torch.device) -> Iterator[World]:
    """Meet the other processes, if there are any, and part from them at the end.

    A process that was in a group ends with `trainer.leaving.leave`, which says why. Raises TrainerError where
    the device cannot be shared between processes.
    """
    if not under_torchrun():
        yield World(device=device)
        return
    if device.type == "mps":
        raise TrainerError("several processes cannot share an Apple GPU", "train in one process")
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
    backend = "nccl" if device.type == "cuda" else "gloo"
    store, rank, size = next(dist.rendezvous("env://", timeout=PATIENCE))
    store.set_timeout(PATIENCE)  # GPUs meet at their first sum only, through the store
    # the store outlives a group: without a name of its own a second one would read the addresses of the first
    store = dist.PrefixStore(f"trainer/{next(_GROUPS)}", store)
    dist.init_process_group(backend, store=store, rank=rank, world_size=size, timeout=PATIENCE)
    _KEPT.append(dist.group.WORLD)
    try:
        yield World(rank, size, device)
    finally:
        dist.destroy_process_group()


def count_norms_together(model: nn.Module, world: World) -> nn.Module:
    """Batch norms that see the batches of all processes, with the same parameters under the same names."""
    if world.size == 1:
        return model
    if world.device.type == "cuda":
        return cast(nn.Module, nn.SyncBatchNorm.convert_sync_batchnorm(model))
    for name, child in model.named_children():
        if isinstance(child, nn.BatchNorm2d):
            setattr(model, name, _SharedBatchNorm.of(child))
        else:
            count_norms_together(child, world)
    return model


class _Sum(torch.autograd.Function):
    """The sum of a tensor over all processes; the gradient of a sum of all of theirs is summed, too."""

    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        total = value.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        total = gradient.clone()
        dist.all_reduce(total)
        return total


def _sum(value: Tensor) -> Tensor:
    return cast(Tensor, _Sum.apply(value))


class _SharedBatchNorm(nn.BatchNorm2d):
    """Batch norm over the batches of all processes, where PyTorch's own knows CUDA only."""

    @classmethod
    def of(cls, norm: nn.BatchNorm2d) -> _SharedBatchNorm:
        shared = cls(norm.num_features, norm.eps, norm.momentum)
        shared.load_state_dict(norm.state_dict())
        return shared.to(norm.weight).train(norm.training)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        values = x.to(torch.promote_types(x.dtype, torch.float32))
        counts = values.new_tensor([values.numel() / values.shape[1]])
        total = _sum(torch.cat((values.sum((0, 2, 3)), counts)))
        count = total[-1].detach()
        mean = (total[:-1] / count)[None, :, None, None]
        # the mean first: the difference of two large sums would lose the variance
        variance = _sum((values - mean).square().sum((0, 2, 3))) / count
        scale = self.weight * torch.rsqrt(variance + self.eps)
        if self.track_running_stats:
            self._remember(mean.detach().flatten(), variance.detach(), float(count))
        normal = (values - mean) * scale[None, :, None, None] + self.bias[None, :, None, None]
        return normal.to(x.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor, count: float) -> None:
        assert self.running_mean is not None and self.running_var is not None
        assert self.num_batches_tracked is not None and self.momentum is not None
        self.num_batches_tracked += 1
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance * count / max(count - 1, 1), self.momentum)

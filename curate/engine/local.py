"""Work on this machine: a pool of processes, or no pool where starting one would cost more than it saves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def map_shards(
    function: Callable[[Sequence[T]], R],
    items: Sequence[T],
    *,
    workers: int | None = None,
    shard: int = 500,
    in_process_below: int = 2000,
) -> list[R]:
    """Apply `function` to consecutive slices of `items`; the results in order, whoever computed them."""
    raise NotImplementedError

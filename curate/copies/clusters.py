"""Groups out of pairs. Pure Python: the rules that compare bytes alone load no numpy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable


def clusters(pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Sorted groups of what pairs connect, directly or by way of others."""
    parent: dict[int, int] = {}

    def root(one: int) -> int:
        parent.setdefault(one, one)
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for a, b in pairs:
        low, high = sorted((root(a), root(b)))
        parent[high] = low
    members: dict[int, list[int]] = defaultdict(list)
    for one in sorted(parent):
        members[root(one)].append(one)
    return sorted(members.values())

"""After how many steps a trial is judged, and whether it is given up there.

A trial's schedule is made for all of its steps, so figures of different trials at one rung compare. A trial
that starts from the defaults is never given up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optuna.pruners import BasePruner

PRUNERS = ("halving", "median", "hyperband", "none")
_STARTUP = 5  # trials before the median means anything


def rungs(pruner: str, steps: int) -> tuple[int, ...]:
    """Steps after which a trial of `steps` steps is judged, besides its end."""
    parts = {"halving": (4, 2), "median": (4, 2, 4 / 3), "hyperband": (9, 3), "none": ()}[pruner]
    first = max(int(steps // parts[0]), 1) if parts else 0
    at = sorted({round(first * parts[0] / part) for part in parts})
    return tuple(step for step in at if 0 < step < steps)


def make_pruner(pruner: str, steps: int) -> BasePruner:
    """The pruner of Optuna for rungs as `rungs` gives them.

    halving: a trial goes on from a rung if it is in the upper half of those that came there (asynchronous
    successive halving, arXiv:1810.05934); median: if it is no worse than their median; hyperband: halving by
    thirds in several brackets, some of them kinder (arXiv:1603.06560).
    """
    from optuna import pruners

    at = rungs(pruner, steps)
    if not at:
        return pruners.NopPruner()
    if pruner == "halving":
        return pruners.SuccessiveHalvingPruner(min_resource=at[0], reduction_factor=2)
    if pruner == "median":
        return pruners.MedianPruner(n_startup_trials=_STARTUP)
    return pruners.HyperbandPruner(min_resource=at[0], max_resource=steps, reduction_factor=3)

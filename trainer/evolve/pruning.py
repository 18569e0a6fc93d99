"""After how many steps a trial is judged, and whether it is given up there.

A trial's schedule is made for all of its steps, so figures of different trials at one rung compare. A rung at
which nobody has learnt anything yet tells nothing: from scratch on 205 photographs AP50 was 0.02 after 25 and
43 % of the steps, and 0.51 at the end. So nothing is given up where the best figure is still a small part of
the best at the end. The trials that start from the defaults and the mean of the best are never given up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optuna.pruners import BasePruner
    from optuna.trial import FrozenTrial

PRUNERS = ("halving", "median", "hyperband", "none")
TELLS = 0.2  # part of the best figure at the end that the best at a rung must have come to
_STARTUP = 5  # trials before the median means anything


def rungs(pruner: str, steps: int) -> tuple[int, ...]:
    """Steps after which a trial of `steps` steps is judged, besides its end."""
    parts = {
        "halving": (1 / 4, 1 / 2, 3 / 4),
        "median": (1 / 4, 1 / 2, 3 / 4),
        "hyperband": (1 / 9, 1 / 3),
        "none": (),
    }[pruner]
    first = max(int(steps * parts[0]), 1) if parts else 0
    at = sorted({round(first * part / parts[0]) for part in parts})
    return tuple(step for step in at if 0 < step < steps)


def tells(trials: Sequence[FrozenTrial], step: int) -> bool:
    """Whether the figures at a rung are worth a comparison."""
    there = [t.intermediate_values[step] for t in trials if step in t.intermediate_values]
    ended = [t.value for t in trials if t.state.name == "COMPLETE" and t.value is not None]
    return bool(there) and bool(ended) and max(there) >= TELLS * max(ended)


def in_upper_half(trials: Sequence[FrozenTrial], step: int, value: float) -> bool:
    """Whether a figure, one of those at that rung, is no worse than the middle of them.

    This is successive halving without waiting (arXiv:1810.05934): by those that have come there so far.
    """
    there = sorted(
        (t.intermediate_values[step] for t in trials if step in t.intermediate_values), reverse=True
    )
    return not there or value >= there[(len(there) - 1) // 2]


def make_pruner(pruner: str, steps: int) -> BasePruner:
    """The pruner of Optuna; none for halving, which `in_upper_half` decides.

    median: a trial goes on if it is no worse than the median of those that ended; hyperband: halving by
    thirds in several brackets, some of them kinder (arXiv:1603.06560).
    """
    from optuna import pruners

    at = rungs(pruner, steps)
    if pruner == "median":
        return pruners.MedianPruner(n_startup_trials=_STARTUP)
    if pruner == "hyperband" and at:
        return pruners.HyperbandPruner(min_resource=at[0], max_resource=steps, reduction_factor=3)
    return pruners.NopPruner()

"""What follows the progress of a run: learning rate, mosaic, evaluations, the end.

Progress is a share of the budget in 0..1. With --epochs and --steps it is counted in steps, so every run with
the same seed takes the same course; with --minutes it is read from the clock.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from trainer.config import FitConfig

EVALUATIONS = 20  # at most that many, evenly over a run counted in steps
GAP = 15.0  # a run counted in minutes trains that many times longer than its last evaluation took
FINISH = 1.5  # seconds kept for the last checkpoint and the pictures of a run counted in minutes


def learning_rate(progress: float, *, warmup: float, final: float, shape: str = "cosine") -> float:
    """Share of the highest rate: a straight climb during `warmup`, then down to `final` at 1.

    `shape` of the fall is cosine or linear.
    """
    if progress < warmup:
        return max(progress / warmup, 1e-3)
    fallen = min((progress - warmup) / max(1 - warmup, 1e-9), 1.0)
    if shape == "linear":
        return final + (1 - final) * (1 - fallen)
    return final + (1 - final) * (1 + math.cos(math.pi * fallen)) / 2


@dataclass(frozen=True)
class Budget:
    """How long a run lasts: a number of steps, or of seconds."""

    steps: int | None
    seconds: float | None
    epoch_steps: int  # steps in which every image is seen once, at least 1

    @classmethod
    def of(cls, config: FitConfig, images: int, images_a_step: int) -> Budget:
        """The budget `config` asks for with that many training images."""
        epoch_steps = max(math.ceil(images / images_a_step), 1)
        if config.minutes is not None:
            return cls(None, 60 * config.minutes, epoch_steps)
        if config.epochs is not None:
            return cls(math.ceil(config.epochs * images / images_a_step), None, epoch_steps)
        return cls(config.steps, None, epoch_steps)

    def progress(self, step: int, seconds: float, reserve: float = 0.0) -> float:
        """Share of the budget spent after `step` steps and `seconds`; `reserve` seconds stay for the end."""
        if self.steps is not None:
            return min(step / self.steps, 1.0)
        assert self.seconds is not None
        # an evaluation that takes longer than the whole budget must not leave training without time
        usable = max(self.seconds - reserve, self.seconds / 2)
        return min(seconds / usable, 1.0)

    def evaluates(self, step: int, since_last: float, last_cost: float) -> bool:
        """Whether to evaluate after `step`, `since_last` seconds after an evaluation of `last_cost` seconds.

        A run counted in steps evaluates at fixed steps, never twice an epoch; a run counted in minutes keeps
        the share of evaluations below 1 / (1 + GAP).
        """
        if self.steps is not None:
            every = max(self.epoch_steps, math.ceil(self.steps / EVALUATIONS))
            return step % every == 0 and step < self.steps
        assert self.seconds is not None
        return since_last >= max(GAP * last_cost, self.seconds / (EVALUATIONS + 5))

"""What a search is asked to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trainer.config import FitConfig
from trainer.errors import TrainerError
from trainer.evolve.pruning import PRUNERS

SAMPLERS = ("cmaes", "tpe", "genetic")


@dataclass(frozen=True)
class Plan:
    """A search around the settings of `config`, whose `run` is the folder to write and `steps` a trial's."""

    config: FitConfig
    trials: int | None = None  # how many; None: as many as `total_steps` allow
    total_steps: int | None = None  # of all trials, those that confirm among them
    only: Sequence[str] = ()  # settings or groups of them
    without: Sequence[str] = ()
    sampler: str = "cmaes"
    pruner: str = "halving"
    confirm: int = 3  # trials that are trained again beside the defaults; 0: none
    confirm_seeds: int = 3  # times each
    storage: str | None = None  # URL; None: a file of `config.run`
    study: str = "evolve"

    def __post_init__(self) -> None:
        for option, value, choices in (
            ("sampler", self.sampler, SAMPLERS),
            ("pruner", self.pruner, PRUNERS),
        ):
            if value not in choices:
                raise TrainerError(f"--{option} {value} is unknown", f"choose one of {', '.join(choices)}")
        if (self.trials is None) == (self.total_steps is None):
            raise TrainerError("a search needs exactly one budget", "give --trials or --total-steps")
        if self.confirm and self.confirm_seeds < 2:
            raise TrainerError(
                f"--confirm-seeds {self.confirm_seeds} does not show what chance does",
                "give 2 or more, or --confirm 0",
            )
        least = self.reserve + 3 * self.steps
        if self.total_steps is not None and self.total_steps < least:
            raise TrainerError(
                f"--total-steps {self.total_steps} is not enough: {self.reserve} to confirm, "
                f"{3 * self.steps} for three trials",
                f"give at least {least}, or fewer --steps, --confirm or --confirm-seeds",
            )
        if self.trials is not None and self.trials < 3:
            raise TrainerError(
                f"--trials {self.trials} compare nothing", "give 3 or more; the first is the start"
            )

    @property
    def steps(self) -> int:
        """Of one trial."""
        assert self.config.steps is not None
        return self.config.steps

    @property
    def ends_with_mean(self) -> bool:
        """Whether the last trial is the mean of the best; YOLOv5's scheme has none."""
        return self.sampler != "genetic"

    @property
    def reserve(self) -> int:
        """Steps that confirming takes, at most."""
        return (self.confirm + 1) * self.confirm_seeds * self.steps if self.confirm else 0

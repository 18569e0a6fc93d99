"""Everything a training run has to remember to go on as if it had never stopped."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from trainer.checkpoint import read_checkpoint, read_meta, save_checkpoint
from trainer.config import FitConfig, from_toml, to_toml
from trainer.ema import ModelEMA
from trainer.errors import TrainerError
from trainer.model.config import ModelConfig
from trainer.model.network import build
from trainer.optim import new_optimizer

# a resumed run may differ from the one it continues in these without leaving its course
FREE_ON_RESUME = frozenset(
    {"run", "allow_errors", "workers", "log", "cache", "cache_share", "device", "threads"}
)


@dataclasses.dataclass
class TrainingState:
    """The moving parts of a run between two steps."""

    config: FitConfig
    classes: tuple[str, ...]
    precision: str  # off, bf16 or fp16, as resolved when the run began
    images_a_step: int  # over all processes
    model: nn.Module
    ema: ModelEMA
    optimizer: torch.optim.Optimizer
    scaler: torch.amp.GradScaler  # does something for fp16 only
    loss_sum: torch.Tensor  # (1 + P,) of the total and its parts over the steps since the last evaluation
    loss_steps: int = 0  # how many these are
    step: int = 0
    progress: float = 0.0
    seconds: float = 0.0  # of wall time spent on the run, over all its sittings
    cpu_seconds: float = 0.0
    best: float | None = None  # the chosen metric's highest value
    best_step: int = 0
    stale: int = 0  # evaluations since then
    evaluation_seconds: float = 0.0  # what the last evaluation took
    evaluated_at: float = 0.0  # `seconds` when it ended
    finished: bool = False
    # with image-weights: (first batch that is not being prepared yet, AP of each class), an evaluation each
    class_ap: list[tuple[int, list[float]]] = dataclasses.field(default_factory=list)

    @property
    def model_config(self) -> ModelConfig:
        """The shape of the network."""
        return self.model.config  # type: ignore[return-value]

    def save(self, path: Path, metrics: Mapping[str, float] | None = None) -> None:
        """Write last.pt: the averaged weights to use, and the state to go on from."""
        counters = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.name not in ("config", "classes", "model", "ema", "optimizer", "scaler", "loss_sum")
        }
        state = {
            "config": to_toml(self.config),
            "counters": counters,
            "model": {k: v.detach().cpu().contiguous() for k, v in self.model.state_dict().items()},
            "optimizer": self.optimizer.state_dict(),
            "scaler": self.scaler.state_dict(),
            "loss_sum": self.loss_sum.cpu(),
            "random": random_state(),
        }
        save_checkpoint(
            path,
            self.ema.model.state_dict(),
            config=self.model_config,
            classes=self.classes,
            metrics=metrics,
            state=state,
        )

    def restore(self, content: Mapping[str, Any]) -> None:
        """Take over what `save` wrote."""
        state = content["state"]
        self.model.load_state_dict(state["model"])
        self.ema.model.load_state_dict(content["weights"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.scaler.load_state_dict(state["scaler"])
        self.loss_sum.copy_(state["loss_sum"])
        for name, value in state["counters"].items():
            setattr(self, name, value)
        set_random_state(state["random"])


def read_state(run: Path) -> tuple[dict[str, Any], FitConfig, ModelConfig]:
    """The last checkpoint of a run, the configuration it runs with, and its network's.

    Raises TrainerError where the run holds none.
    """
    path = run / "weights" / "last.pt"
    if not path.is_file():
        raise TrainerError(f"{run} holds no run to resume", "start it without --resume")
    content = read_checkpoint(path)
    if "state" not in content:
        raise TrainerError(f"{path} holds weights only", "start a new run in another folder")
    return content, from_toml(content["state"]["config"]), read_meta(content).config


def resume_config(run: Path) -> FitConfig:
    """The configuration of the run in that folder, to resume it with; TrainerError where there is none."""
    return dataclasses.replace(read_state(run)[1], run=run)


def refuse_other_course(saved: FitConfig, asked: FitConfig) -> None:
    """TrainerError where a resumed run is asked to differ from the one it should continue."""
    for field in dataclasses.fields(FitConfig):
        before, now = getattr(saved, field.name), getattr(asked, field.name)
        if field.name == "data":
            if not Path(before).exists():  # they were moved, or are seen from elsewhere
                continue
            before, now = Path(before).resolve(), Path(now).resolve()
        if field.name not in FREE_ON_RESUME and before != now:
            raise TrainerError(
                f"the run to resume has {field.name} = {before}, not {now}",
                "leave that option as it was, or start a new run in another folder",
            )


def new_state(
    config: FitConfig,
    model: nn.Module,
    classes: tuple[str, ...],
    *,
    precision: str,
    device: torch.device,
    images_a_step: int,
    parts: int,
) -> TrainingState:
    """The state in which a run begins; `parts` is how many the loss has."""
    return TrainingState(
        config=config,
        classes=classes,
        precision=precision,
        images_a_step=images_a_step,
        model=model,
        ema=ModelEMA(model, config.ema),
        optimizer=new_optimizer(model, config, device),
        scaler=torch.amp.GradScaler(device.type, enabled=precision == "fp16"),
        loss_sum=torch.zeros(1 + parts, device=device),
    )


def new_model(config: ModelConfig, device: torch.device) -> nn.Module:
    """The network on its device; channels-last, which both oneDNN and tensor cores work in."""
    return build(config).to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def random_state() -> dict[str, Any]:
    """The state of every global generator as plain types. Samples and their order have no state of their own:
    they are functions of the seed and the step (see `trainer.data.loader`)."""
    kind, keys, position, has_gauss, gauss = np.random.get_state(legacy=True)
    state: dict[str, Any] = {
        "torch": torch.get_rng_state(),
        "numpy": [str(kind), [int(key) for key in keys], int(position), int(has_gauss), float(gauss)],
        "python": random.getstate(),
    }
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state_all()
    return state


def set_random_state(state: Mapping[str, Any]) -> None:
    """The inverse of `random_state`."""
    torch.set_rng_state(state["torch"])
    kind, keys, position, has_gauss, gauss = state["numpy"]
    np.random.set_state((kind, np.array(keys, dtype=np.uint32), position, has_gauss, gauss))
    random.setstate(state["python"])
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["cuda"])

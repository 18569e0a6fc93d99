"""The training steps of `curate run`: the hand-over folder in, a trained and judged detector out.

One of the three places where curate calls the trainer, always imported inside a function.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from curate.commands.run_record import Outcome
from curate.commands.run_state import State
from curate.config import Config
from curate.errors import ConfigError, CurateError, MissingExtra

#: The preset of an ablation whose [fit] names none: auto could train arms of unlike sizes unlike.
SAME_FOR_ALL = "small-data"


def fit_config(state: State, *, preset: str = "auto") -> Any:
    """[fit] as a `trainer.config.FitConfig`: every option of `trainer fit`, with `_` where it has `-`.

    `preset` holds where the table names none. Raises ConfigError, before anything is trained.
    """
    from trainer.config import FitConfig, typed_fields
    from trainer.errors import TrainerError
    from trainer.presets import for_data

    data, run = state.out / "data" / "data.yaml", state.out / "fit"
    given = dict(state.config.fit or {})
    clash = sorted(given.keys() & {"data", "run"})
    if clash:
        raise ConfigError(f"[fit] {clash[0]} is set by curate run.", "Remove that line.")
    asked = given.pop("preset", preset)
    if not isinstance(asked, str):
        raise ConfigError(f"[fit] preset = {asked!r} is no text.", 'Write preset = "scratch", for example.')
    try:
        settings = typed_fields(given, "[fit]", also=("preset",))
        chosen, _ = for_data(asked, data)
        return FitConfig(**{**chosen.settings, **settings, "data": data, "run": run})
    except TrainerError as error:
        about = error.message if error.message.startswith("[fit]") else f"[fit]: {error.message}"
        raise ConfigError(f"{about}.", error.cure) from error


def network_of_device(fit: Mapping[str, Any]) -> str | None:
    """The network that a [fit] without one trains on this machine, where that is not the usual one."""
    if fit.get("model", "auto") != "auto" or "pretrained" in fit:
        return None
    return _network_of_device(str(fit.get("device", "auto")))


@cache
def _network_of_device(device: str) -> str | None:
    try:
        from trainer.errors import TrainerError
        from trainer.threads import spin_briefly

        spin_briefly()  # before torch is loaded
        from trainer.config import DEFAULT_MODEL
        from trainer.prepare import default_model
    except ModuleNotFoundError:
        return None  # nothing can be trained here
    try:
        name = default_model(device)
    except TrainerError:
        return None  # there is no such device, which the training says
    return None if name == DEFAULT_MODEL else name


def beside(config: Config, folder: Path) -> Config:
    """The configuration with the paths of [fit] as `folder`, where the file lies, means them."""
    if config.fit is None:
        return config
    return replace(config, fit={**config.fit, **{name: str(folder / path) for name, path in _paths(config)}})


def reads(config: Config) -> tuple[Path, ...]:
    """What [fit] reads of the user's."""
    return tuple(path for _, path in _paths(config) if path.exists())


def _paths(config: Config) -> list[tuple[str, Path]]:
    from trainer.config import NO_PATHS, PATHS

    given = {name: (config.fit or {}).get(name) for name in PATHS}
    return [
        (n, Path(value)) for n, value in given.items() if isinstance(value, str) and value not in NO_PATHS
    ]


def fit(state: State, *, again: bool) -> Outcome:
    """Train. With `again` the run that was cut short goes on from its last checkpoint."""
    config = fit_config(state)
    try:
        from trainer.errors import TrainerError
        from trainer.threads import spin_briefly

        spin_briefly()  # before torch is loaded
        from trainer.checkpoint import read_checkpoint, read_meta
        from trainer.fit import fit as train
    except ModuleNotFoundError as error:
        raise MissingExtra(str(error.name), "train") from error
    resume = again and (config.run / "weights" / "last.pt").is_file()
    try:
        result = train(config, resume=resume)
    except TrainerError as error:
        raise CurateError(f"fit: {error.message}.", error.cure) from error
    if result.interrupted:
        raise KeyboardInterrupt
    row = read_meta(read_checkpoint(result.best)).metrics  # of the evaluation that chose these weights
    figures = f"AP50 {row['ap50']:.3f} on val" if row else "no val split to judge by"
    text = f"{result.steps} steps in {result.seconds:.0f} s; best weights: step {result.best_step}, {figures}"
    pictures = [p for p in sorted([*config.run.glob("*.png"), *config.run.glob("*.jpg")]) if p.is_file()]
    return Outcome(
        f"{result.steps} steps, {figures}", text, (result.best, *pictures), {"best": str(result.best)}
    )


def val(state: State) -> Outcome:
    """Judge the best weights on images that neither trained nor chose them."""
    from rich.console import Console

    from trainer.errors import TrainerError
    from trainer.terminal import judgement
    from trainer.val import val as judge

    table = state.config.val
    assert table is not None
    out = state.out / "val"
    config = fit_config(state)
    try:
        judged = judge(
            config.run / "weights" / "best.pt",
            config.data,
            split=table.split,
            device=config.device,
            out=out,
            overwrite=True,
        )
    except TrainerError as error:
        raise CurateError(f"val: {error.message}.", error.cure) from error
    text = io.StringIO()
    console = Console(file=text, width=100, highlight=False)
    for line in judgement(judged):
        console.print(line)
    metrics = judged.metrics
    pictures = tuple(sorted(out.glob("*.png")))
    values = {"ap50": metrics.ap50, "ap": metrics.ap}
    summary = f"AP50 {metrics.ap50:.3f}, AP {metrics.ap:.3f} on {metrics.images} {judged.split} images"
    return Outcome(summary, text.getvalue(), pictures, values)

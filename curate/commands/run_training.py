"""The training steps of `curate run`: the hand-over folder in, a trained and judged detector out.

One of the three places where curate calls the trainer, always imported inside a function.
"""

from __future__ import annotations

import io
import json
from typing import Any

from curate.commands.run_record import Outcome
from curate.commands.run_state import State
from curate.errors import ConfigError, CurateError, MissingExtra


def fit_config(state: State) -> Any:
    """[fit] as a `trainer.config.FitConfig`. Raises ConfigError, before anything is trained."""
    from trainer.config import from_toml
    from trainer.errors import TrainerError

    settings = {"data": str(state.out / "data" / "data.yaml"), "run": str(state.out / "fit")}
    clash = sorted(settings.keys() & (state.config.fit or {}).keys())
    if clash:
        raise ConfigError(f"[fit] {clash[0]} is set by curate run.", "Remove that line.")
    given = {**(state.config.fit or {}), **settings}
    # JSON's numbers, texts and lists are TOML's too
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in given.items()]
    try:
        return from_toml("\n".join(lines) + "\n")
    except TrainerError as error:
        raise ConfigError(f"[fit]: {error.message}.", error.cure) from error


def fit(state: State, *, again: bool) -> Outcome:
    """Train. With `again` the run that was cut short goes on from its last checkpoint."""
    config = fit_config(state)
    try:
        from trainer.errors import TrainerError
        from trainer.threads import spin_briefly

        spin_briefly()  # before torch is loaded
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
    figures = f"AP50 {result.metrics.ap50:.3f} on val" if result.metrics else "no val split to judge by"
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

"""Several networks trained alike on one folder, judged and timed alike: `trainer compare`.

OUT/MODEL/seed-K/      a run of `trainer fit`, and trial.json once it has been judged
OUT/compare.json       all figures
OUT/compare.png        AP50 and AP against milliseconds a photograph

A trial that has trial.json is not trained again, one that was stopped goes on; so the same call after an
interruption, or with more models or seeds, does only what is missing.
"""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from trainer.catalogue import cost
from trainer.checkpoint import load_model
from trainer.config import FitConfig, from_toml, lines_of
from trainer.console import Talk
from trainer.detect import find_weights
from trainer.device import pick_device
from trainer.errors import TrainerError
from trainer.files import write_json
from trainer.fit import fit
from trainer.ground import Ground, find_with, read_ground
from trainer.metrics import judge
from trainer.model.folding import folded
from trainer.model.names import check_name, full_name
from trainer.suppression import JUDGED, SHOWN
from trainer.timing import measure
from trainer.trials import SCHEMA, Row, Trial, Trials

MOST_PHOTOGRAPHS = 50  # that the times are taken on
_OWN = ("data", "run", "model", "seed")  # of FitConfig: what trials differ in, and where they are


def compare_models(
    config: FitConfig,
    models: Sequence[str],
    seeds: int,
    out: Path,
    *,
    split: str | None = None,
    photographs: int = MOST_PHOTOGRAPHS,
) -> Trials:
    """Train each of `models` with seeds 0 to `seeds` - 1 as `config` says, judge and time them.

    `config.model`, `config.seed` and `config.run` mean nothing. `split` to judge by is test where there is
    one, else val. A trial that cannot be trained is told and the others go on. Ctrl-C ends the comparison
    with what there is; the same call goes on with it.

    Raises TrainerError for unknown or repeated models, and where OUT holds trials with other settings.
    """
    names = [full_name(name) for name in models]
    if not names or len(set(names)) != len(names):
        raise TrainerError(f"--models {','.join(models)} names no or equal models", "name each once")
    for name in names:
        check_name(name)
    ground = read_ground(config.data, split)
    settings = lines_of(_common(config))
    done: dict[str, list[Trial]] = {name: [] for name in names}
    stopped = False
    with Talk() as talk:
        # all networks by one seed before the next, so that an early end leaves a fair table
        plan = [(seed, name) for seed in range(seeds) for name in names]
        for number, (seed, name) in enumerate(plan, start=1):
            run = out / name / f"seed-{seed}"
            talk.say(f"[{number}/{len(plan)}] {name}, seed {seed}: {run}")
            asked = dataclasses.replace(config, model=name, seed=seed, run=run)
            trial = _trial(asked, ground, settings)
            if trial is None:
                stopped = True
                break
            if trial.problem:
                talk.say(f"  came to nothing: {trial.problem}")
            done[name].append(trial)
        rows = tuple(_rows(done, config, ground, photographs)) if not stopped else ()
    trials = Trials(
        out=out,
        data=config.data,
        split=ground.split.name,
        images=len(ground.split),
        imgsz=config.imgsz,
        device=pick_device(config.device).type,
        rows=rows,
        settings=settings,
        interrupted=stopped,
    )
    if not stopped:
        from trainer.plots.trials import plot_trials  # only who wants the plot pays for it

        plot_trials(trials, out / "compare.png")
        write_json(out / "compare.json", trials.as_dict())
    return trials


def _common(config: FitConfig) -> dict[str, Any]:
    fields = {field.name: getattr(config, field.name) for field in dataclasses.fields(FitConfig)}
    return {name: value for name, value in fields.items() if name not in _OWN}


def _trial(config: FitConfig, ground: Ground, settings: str) -> Trial | None:
    """The trial, from its trial.json, or trained on or trained; None where Ctrl-C stopped it."""
    name, run = config.model, config.run
    known = _known(run / "trial.json", settings, ground)
    if known is not None:
        return Trial(name, config.seed, run, **known)
    try:
        last = run / "weights" / "last.pt"
        if last.is_file():
            _refuse_other_settings(run, config)
        elif (run / "config.toml").is_file():
            shutil.rmtree(run)  # stopped before its first checkpoint: nothing to go on with
        result = fit(config, resume=last.is_file())
        if result.interrupted:
            return None
        found = find_with(
            result.best,
            ground,
            imgsz=None,
            batch=16,
            device=config.device,
            suppression=JUDGED,
            progress=False,
        )
    except _OtherSettingsError:
        raise
    except TrainerError as error:
        return Trial(name, config.seed, run, {}, 0, 0.0, 0.0, str(error))
    figures = judge(found.matching, ground.classes).as_row()
    trial = Trial(name, config.seed, run, figures, result.steps, result.seconds, result.cpu_seconds)
    content = trial.as_dict(run.parent.parent)
    content |= {"schema": SCHEMA, "settings": settings, "split": ground.split.name}
    content["judged"] = dataclasses.asdict(JUDGED)
    write_json(run / "trial.json", content)  # written last, so its existence means the trial is complete
    return trial


class _OtherSettingsError(TrainerError):
    """OUT holds a trial with other settings: mixing them would compare nothing."""


def _known(path: Path, settings: str, ground: Ground) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        same = content["schema"] == SCHEMA and content["settings"] == settings
        same = same and content["split"] == ground.split.name
        figures = {n: math.nan if v is None else float(v) for n, v in content["figures"].items()}
        found = {name: content[name] for name in ("steps", "seconds", "cpu_seconds")}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _OtherSettingsError(f"{path} is no trial", "remove it, and it is judged again") from error
    if same and content.get("judged") != dataclasses.asdict(JUDGED):
        return None  # judged again, from the weights that are there
    if not same:
        raise _OtherSettingsError(
            f"{path.parent} was trained with other settings or judged by another split",
            "choose another folder with -o",
        )
    return {"figures": figures, **found}


def _refuse_other_settings(run: Path, config: FitConfig) -> None:
    text = (run / "config.toml").read_text(encoding="utf-8") if (run / "config.toml").is_file() else ""
    saved = from_toml(text) if text else None
    if saved is None or _common(saved) != _common(config):
        raise _OtherSettingsError(
            f"{run} was begun with other settings", "choose another folder with -o, or the same settings"
        )


def _rows(
    done: Mapping[str, Sequence[Trial]], config: FitConfig, ground: Ground, photographs: int
) -> Iterator[Row]:
    """A row a model; all are timed in turns, by the weights of their first seed."""
    device = pick_device(config.device).type
    first = {name: next((t for t in trials if not t.problem), None) for name, trials in done.items()}
    loaded = {
        name: load_model(find_weights(trial.run), device)
        for name, trial in first.items()
        if trial is not None
    }
    paths = [Path(path) for path in ground.split.images[:photographs]]
    times = measure(
        {name: (folded(model), meta.imgsz) for name, (model, meta) in loaded.items()},
        paths,
        SHOWN,
        device=device,
    )
    for name, trials in done.items():
        if name in loaded:
            meta = loaded[name][1]
            count, flops = cost(meta.config, meta.imgsz)
        else:
            count, flops = 0, 0
        yield Row(name, tuple(trials), count, flops / 1e9, times.get(name))

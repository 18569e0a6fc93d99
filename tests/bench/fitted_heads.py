"""Do anchors, levels and size that fit the boxes help? And had the advice said so beforehand?

    python -m tests.bench.fitted_heads -o runs/fitted                        all of it
    python -m tests.bench.fitted_heads -o runs/fitted --imagenet             the same from ImageNet's weights
    python -m tests.bench.fitted_heads -o runs/fitted --sets bccd_voc        one data set
    python -m tests.bench.fitted_heads -o runs/fitted --dry-run              advice, costs, steps

Four ways to train the same network, by `curate ablate`: the published anchors; fitted anchors; fitted
anchors, --strides auto and the input size that `curate stats` advises; and multi-scale on top of the first.
Everything is learnt from scratch, or with `--imagenet` (needs the extra imagenet) everything but a frozen
backbone that knows ImageNet: thirty photographs teach a network nothing in minutes that begins at random
weights, whatever its anchors. All get the same time, in CPU seconds of one thread: what a step costs is
measured first for each way, and the number of steps that fits the budget stays in OUT/SET/plan.json, so that
whoever goes on does the same. Blood cells are judged by their own test list, hands (four classes as one) by a
list that is dealt out once, cigarettes by cross-validation. The same command goes on where it was cut short;
started several times, the processes share the trainings, one core each.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.bccd import IMAGENET, REPO, environment, stop, without
from tests.bench.sharing import made_once, write

DATA = REPO.parent / "shared" / "data"
HANDS = ("no-phone", "taking photos", "reading", "calling")
PUBLISHED, FITTED = "published anchors", "fitted anchors"
WHOLE, SCALES = "fitted anchors, levels and size", "published anchors, multi-scale"
LEFT_OUT = 5  # first steps of a probe: things are loaded and caches are cold
ROUNDS = 3  # of probes, there and back, so that a machine that slows down slows all ways alike


@dataclass(frozen=True)
class Source:
    """A data set of the proof."""

    folds: int | None  # cross-validation; None: a test list judges
    rename: tuple[str, ...] = ()
    ratios: str | None = None  # deal lists out once


SETS = {
    "bccd_voc": Source(None),
    "hands_phone_voc": Source(None, tuple(f"{name}=hand" for name in HANDS), "0.7,0,0.3"),
    "cigarettes_yolo": Source(3),
}


def curate(*words: object) -> str:
    """What a command of curate prints; the benchmark ends where it could not run."""
    command = [sys.executable, "-m", "curate", *map(str, words)]
    done = subprocess.run(command, cwd=REPO, env=environment(1), stdout=subprocess.PIPE, check=False)
    if done.returncode not in (0, 1):
        stop(f"failed: {' '.join(command)}")
    return done.stdout.decode()


# what is to be done


def data_of(name: str, asked: argparse.Namespace, place: Path) -> Path:
    """The data set that trains and judges, under `place` where it is not taken as it stands."""
    source, origin = SETS[name], Path(asked.data).resolve() / name
    if not origin.is_dir():
        stop(f"the data is not here: {origin} does not exist; give --data")
    if source.ratios is None:
        return origin
    out = place / "prepared"
    renamed = [word for pair in source.rename for word in ("--rename", pair)]
    curate("export", origin, "--to", "voc", "--ratios", source.ratios, *renamed, "-o", out, "--overwrite")
    return out


def advice_on(data: Path, imgsz: int) -> list[dict[str, Any]]:
    """What `curate stats` advises for a size; and for the size that it advises, where that is another."""
    found = [json.loads(curate("stats", data, "--imgsz", imgsz, "--output-format", "json"))["advice"]]
    better = found[0]["imgsz"]["advised"]
    if better != imgsz:
        again = curate("stats", data, "--imgsz", better, "--output-format", "json")
        found.append(json.loads(again)["advice"])
    return found


def ways(advice: Sequence[Mapping[str, Any]], asked: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Settings of each way beside the common ones. Where nothing but anchors is advised there are three."""
    size = advice[0]["imgsz"]["advised"]
    found: dict[str, dict[str, Any]] = {PUBLISHED: {}, FITTED: {"anchors": "fitted"}}
    last = advice[-1]["strides"]
    if size != asked.imgsz or last["advised"] != last["usual"]:
        found[WHOLE] = {"anchors": "fitted", "strides": "auto", "imgsz": size}
    found[SCALES] = {"multi_scale": list(asked.multi_scale)}
    if asked.multi_scale_step:
        found[SCALES]["multi_scale_step"] = asked.multi_scale_step
    return found


def common(asked: argparse.Namespace) -> dict[str, Any]:
    """Settings that all ways share; the anchors are the published ones where no way says otherwise."""
    return {
        "model": asked.model,
        "imgsz": asked.imgsz,
        "batch": asked.batch,
        "anchors": "default",
        "device": "cpu",
        "threads": 1,
        **(IMAGENET if asked.imagenet else {}),
    }


def make_plan(name: str, asked: argparse.Namespace, place: Path) -> dict[str, Any]:
    """Data, advice, and for each way its settings, its cost and its steps; measured once, then read."""
    file = place / "plan.json"
    mine = {key: getattr(asked, key) for key in ("model", "imgsz", "batch", "cpu_seconds", "imagenet")}
    mine |= {"multi_scale": list(asked.multi_scale), "multi_scale_step": asked.multi_scale_step}

    def make() -> None:
        data = data_of(name, asked, place)
        advice = advice_on(data, asked.imgsz)
        found = ways(advice, asked)
        costs = measure(name, data, {way: common(asked) | own for way, own in found.items()}, asked, place)
        arms = {
            way: {
                "fit": own,
                "cpu_seconds_a_step": round(costs[way], 4),
                "steps": max(round(asked.cpu_seconds / costs[way]), 1),
            }
            for way, own in found.items()
        }
        plan = {"asked": mine, "data": str(data), "advice": advice, "arms": arms}
        write(file, json.dumps(plan, ensure_ascii=False, indent=1) + "\n")

    made_once(file, make)
    plan: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    if plan["asked"] != mine:
        stop(f"{file} was made with other settings; give the same, or another -o")
    return plan


def measure(
    name: str, data: Path, fits: Mapping[str, Mapping[str, Any]], asked: argparse.Namespace, place: Path
) -> dict[str, float]:
    """CPU seconds of a step of each way; see `shared_costs`."""
    folder = place / "probe"
    shutil.rmtree(folder, ignore_errors=True)  # of a probe that was cut short
    words = ("--ratios", "0.7,0,0.3", "-o", folder / "data")
    curate("export", data, "--to", "yolo", *words)
    yaml = folder / "data" / "data.yaml"
    # nothing is judged on the way, as in the trainings that are planned
    (folder / "data" / "probe.yaml").write_text(without(yaml, "val", "test"), encoding="utf-8")
    times: dict[str, list[list[float]]] = {way: [] for way in fits}
    for number in range(ROUNDS):
        for way in list(fits)[:: 1 if number % 2 == 0 else -1]:
            job = {**fits[way], "steps": LEFT_OUT + asked.probe_steps, "seed": 0}
            job |= {"data": str(folder / "data" / "probe.yaml"), "run": str(folder / f"run-{number}")}
            command = [sys.executable, "-m", "tests.bench.fitted_heads", "--probe", json.dumps(job)]
            done = subprocess.run(command, cwd=REPO, env=environment(1), stdout=subprocess.PIPE, check=False)
            if done.returncode:
                stop(f"{name}, {way}: the probe failed")
            # other packages may print as they are loaded: ours comes last
            times[way].append(json.loads(done.stdout.splitlines()[-1]))
            print(f"{name}, {way}: {fmean(times[way][-1]):.3f} CPU s a step", file=sys.stderr)
    return shared_costs(fits, times)


def shared_costs(
    fits: Mapping[str, Mapping[str, Any]], rounds: Mapping[str, Sequence[Sequence[float]]]
) -> dict[str, float]:
    """What a step of each way costs, from the times of its steps in some rounds.

    Step by step all rounds do the same, so that the quickest counts: a busy machine only adds. Ways that
    differ in nothing but anchors share the mean of theirs, since their steps compute the same.
    """
    kind = {way: json.dumps({k: v for k, v in fit.items() if k != "anchors"}) for way, fit in fits.items()}
    own = {way: fmean(map(min, zip(*times, strict=True))) for way, times in rounds.items()}
    return {way: fmean(own[other] for other in fits if kind[other] == kind[way]) for way in fits}


def probe(job: dict[str, Any]) -> list[float]:
    """Take some steps; the CPU seconds of each but the first ones. In a process of its own."""
    from trainer.config import FitConfig, from_toml, lines_of

    run = Path(job["run"])
    shutil.rmtree(run, ignore_errors=True)
    config: FitConfig = from_toml(lines_of(job))
    from trainer.fit import fit

    clock: list[float] = []
    fit(config, on_step=lambda _: clock.append(time.process_time()))
    shutil.rmtree(run)
    return [b - a for a, b in zip(clock[LEFT_OUT - 1 :], clock[LEFT_OUT:], strict=False)]


def write_configuration(name: str, plan: Mapping[str, Any], asked: argparse.Namespace, place: Path) -> Path:
    """The curate.toml of an ablation; the first way is the baseline."""
    from trainer.config import lines_of

    source, arms = SETS[name], plan["arms"]
    first = arms[PUBLISHED]
    lines = [
        "# made by python -m tests.bench.fitted_heads from plan.json\n",
        "[data]\n" + lines_of({"path": plan["data"], "out": str(place / "run")}),
        "[export]\n",
        "[fit]\n" + lines_of(common(asked)),
        "[ablate]\n" + lines_of({"steps": first["steps"], "seeds": asked.seeds, "folds": source.folds}),
        "[[ablate.arm]]\n" + lines_of({"name": PUBLISHED}),
    ]
    for way in list(arms)[1:]:
        fit = lines_of(arms[way]["fit"] | {"steps": arms[way]["steps"]})
        lines.append("[[ablate.arm]]\n" + lines_of({"name": way}) + "[ablate.arm.fit]\n" + fit)
    pairs = [(WHOLE, FITTED)] if WHOLE in arms else []
    lines += ["[[ablate.compare]]\n" + lines_of({"a": a, "b": b}) for a, b in pairs]
    path = place / "curate.toml"
    write(path, "\n".join(lines))
    return path


# what came of it


@dataclass(frozen=True)
class Foretold:
    """What the advice said of one change, and what came of it."""

    about: str
    said: str
    outcome: str
    verdict: str  # agrees, contradicts, cannot be told


def agreement(advised: bool, difference: Mapping[str, Any] | None) -> str:
    """Whether a change came out as advised. Advice to leave it is only wrong where it helps."""
    seen = difference["verdict"] if difference else "cannot be told"
    if advised:
        return {"helps": "agrees", "hurts": "contradicts"}.get(seen, "cannot be told")
    return "contradicts" if seen == "helps" else "agrees"


def foretold(plan: Mapping[str, Any], told: Mapping[str, Any]) -> list[Foretold]:
    """The advice beside the outcome: of anchors, and of levels and size."""
    first, last = plan["advice"][0], plan["advice"][-1]
    pairs = {(row["of"], row["against"]): row for row in told["differences"]}
    anchors = first["anchors"]
    said = {
        "fit": "fit anchors",
        "keep": "keep the published anchors",
        "either": "keep the published anchors",
    }
    own = pairs[FITTED, PUBLISHED]
    rows = [
        Foretold(
            "anchors",
            f"{said[anchors['verdict']]} (fitness {anchors['gain']:+.3f} on other images)",
            own["sentence"],
            agreement(anchors["verdict"] == "fit", own),
        )
    ]
    if WHOLE not in plan["arms"]:
        return [*rows, Foretold("levels and size", "keep both", "not tried: the same as fitted anchors", "-")]
    size = first["imgsz"]["advised"]
    strides = ",".join(map(str, last["strides"]["advised"]))
    for against in (FITTED, PUBLISHED):
        row = pairs[WHOLE, against]
        words = f"train at {size} px with strides {strides}"
        about = f"levels and size, against {against}"
        rows.append(Foretold(about, words, row["sentence"], agreement(True, row)))
    return rows


def arms_table(name: str, plan: Mapping[str, Any], told: Mapping[str, Any]) -> Table:
    """A row a way, with intervals."""
    table = Table(title=f"{name}: {_judges(told)}", title_justify="left", box=None)
    for i, column in enumerate(
        ("way", "px", "steps", "CPU s", "AP50", "AP", "AP50 less the first's", "verdict")
    ):
        table.add_column(column, justify="right" if 0 < i < 7 else "left")
    less = {row["of"]: row for row in told["differences"] if row["against"] == PUBLISHED}
    for arm in told["arms"]:
        mine = plan["arms"][arm["name"]]
        spent = fmean(job["cpu_seconds"] for job in told["jobs"] if job["arm"] == arm["name"])
        row = less.get(arm["name"])
        table.add_row(
            arm["name"],
            str(mine["fit"].get("imgsz", plan["asked"]["imgsz"])),
            f"{mine['steps']:,}",
            f"{spent:.0f}",
            *(shown(arm[key]) for key in ("ap50", "ap")),
            shown(row["ap50"], sign=True) if row else "",
            row["verdict"] if row else "",
        )
    return table


def shown(estimate: Mapping[str, Any], *, sign: bool = False) -> str:
    """ "0.512 [0.480, 0.541]"; a figure that is not defined is a dash."""
    numbers = [estimate[key] for key in ("value", "low", "high")]
    if any(number is None for number in numbers):
        return "-"
    value, low, high = (f"{number:+.3f}" if sign else f"{number:.3f}" for number in numbers)
    return f"{value} [{low}, {high}]"


def _judges(told: Mapping[str, Any]) -> str:
    settings, data = told["settings"], told["data"]
    how = f"{settings['folds']} folds" if settings["folds"] else "a test list"
    return f"{len(data['photographs'])} photographs judge by {how}, seeds {len(settings['seeds'])}"


def report(name: str, plan: Mapping[str, Any], told: Mapping[str, Any], console: Console) -> None:
    """The table of a data set, and its advice beside the outcome."""
    console.print(arms_table(name, plan, told))
    for one in foretold(plan, told):
        console.print(
            f"  {one.about}: advised beforehand: {one.said}\n    {one.outcome}\n    -> {one.verdict}"
        )
    console.print()


def costs_table(plans: Mapping[str, Mapping[str, Any]], seeds: int) -> Table:
    """What would be trained, and what it costs."""
    table = Table(title="one training of each way", title_justify="left", box=None)
    for i, column in enumerate(("set", "way", "settings", "CPU s a step", "steps", "trainings", "CPU h")):
        table.add_column(column, justify="right" if i > 2 else "left")
    for name, plan in plans.items():
        many = seeds * (SETS[name].folds or 1)
        for way, arm in plan["arms"].items():
            own = ", ".join(f"{key} {value}" for key, value in arm["fit"].items())
            hours = many * arm["steps"] * arm["cpu_seconds_a_step"] / 3600
            cells = (f"{arm['cpu_seconds_a_step']:.2f}", f"{arm['steps']:,}", str(many), f"{hours:.1f}")
            table.add_row(name, way, own, *cells)
    return table


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", nargs="+", choices=sorted(SETS), default=list(SETS))
    parser.add_argument("--model", default="yolov5n", help="one with published anchors (default: yolov5n)")
    parser.add_argument(
        "--imgsz", type=int, default=320, help="pixels, where none are advised (default: 320)"
    )
    parser.add_argument("--batch", type=int, default=8, help="images a step (default: 8)")
    parser.add_argument("--imagenet", action="store_true", help="start from a backbone that knows ImageNet")
    parser.add_argument("--cpu-seconds", type=float, default=300.0, help="of each training (default: 300)")
    parser.add_argument("--seeds", type=int, default=3, help="of each way and fold (default: 3)")
    parser.add_argument(
        "--multi-scale", type=float, nargs=2, default=(0.8, 1.25), help="parts of imgsz (default: 0.8 1.25)"
    )
    parser.add_argument("--multi-scale-step", type=int, default=0, help="pixels between sizes (default: 32)")
    parser.add_argument(
        "--probe-steps", type=int, default=30, help="steps a round that are timed (default: 30)"
    )
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the real data")
    parser.add_argument("--dry-run", action="store_true", help="advise, measure, and say what it would cost")
    parser.add_argument("--probe", help=argparse.SUPPRESS)
    parser.add_argument("-o", "--out", type=Path, default=Path("runs/fitted-heads"))
    return parser


def main() -> None:
    """Run the benchmark."""
    asked = arguments().parse_args()
    if asked.probe:
        print(json.dumps(probe(json.loads(asked.probe))))
        return
    plans, out = {}, asked.out.resolve()
    for name in asked.sets:
        place = out / name
        place.mkdir(parents=True, exist_ok=True)
        plans[name] = make_plan(name, asked, place)
    console = Console(width=140, highlight=False)
    if asked.dry_run:
        console.print(costs_table(plans, asked.seeds))
        return
    for name, plan in plans.items():
        config = write_configuration(name, plan, asked, out / name)
        command = [sys.executable, "-m", "curate", "ablate", str(config), "-o", str(out / name / "ablation")]
        # its own table goes to stderr: ours is the result
        done = subprocess.run(command, cwd=REPO, env=environment(1), stdout=sys.stderr, check=False)
        if done.returncode:
            stop(f"exit {done.returncode}; the same command goes on from there: {' '.join(command)}")
    results = {
        name: json.loads((out / name / "ablation" / "ablation.json").read_text(encoding="utf-8"))
        for name in plans
    }
    for name, told in results.items():
        report(name, plans[name], told, console)


if __name__ == "__main__":
    main()

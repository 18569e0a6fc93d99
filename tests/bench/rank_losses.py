"""Which losses, heads and assigners learn most from the blood cells at equal CPU time.

    python -m tests.bench.rank_losses -o runs/losses                         about 40 CPU minutes
    python -m tests.bench.rank_losses -o runs/losses --seeds 4               goes on with two seeds more
    python -m tests.bench.rank_losses -o runs/losses --also "vfl x2=--cls-loss varifocal --cls 2 --obj 2"

Everything but the named options is equal. Each variant has as many steps as its CPU seconds a step allow: the
difference between a run of a few steps and one of more, taken twice on one thread, the lesser kept, so that
neither start nor other work on the machine counts. Trained on the 205 train images without evaluation on the
way; the last weights are judged by the 159 images of val and test, which choose nothing.

Processes started on the same folder share the trials; what has its trial.json is not done again. Prints a
table with mean and spread over the seeds, best first within each question, and the difference from the
defaults over the same seeds; leaves OUT/losses.json and OUT/losses.md.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

from tests.bench.bccd import REPO, export, judge, run, spread, stop, trainer, without
from tests.bench.sharing import claimed, made_once, write

BASE = "defaults: ciou, bce, anchors by ratio"
#: Question -> variant -> options. The defaults stand in each.
QUESTIONS: Mapping[str, Mapping[str, str]] = {
    "box loss": {name: f"--box-loss {name}" for name in ("giou", "diou", "eiou", "nwd")},
    "class loss": {name: f"--cls-loss {name}" for name in ("focal", "varifocal", "quality")},
    "head and assigner": {
        "anchors by IoU": "--assigner iou",
        "free, tal": "--head free --assigner tal",
        "free, simota": "--head free --assigner simota",
    },
}
FEW, MORE = 4, 24  # steps of the two runs that tell the CPU seconds of a step
FIGURES = ("ap50", "ap", "ap_small")


def folder(out: Path) -> Path:
    """The blood cells with val and test as one split to judge by; its data.yaml."""
    data = out / "cells" / "judged-by-both.yaml"

    def make() -> None:
        shutil.rmtree(data.parent, ignore_errors=True)
        text = without(export(data.parent), "val")
        (data.parent / "dataset.json").unlink()  # which counts the splits as they were
        write(data, text.replace("test: images/test\n", "test: [images/val, images/test]\n"))

    made_once(data, make)
    return data


def train(data: Path, options: str, steps: int, seed: int, out: Path, asked: argparse.Namespace) -> float:
    """Leave a run in `out`; its CPU seconds."""
    shutil.rmtree(out, ignore_errors=True)
    fixed = (
        "--model",
        asked.model,
        "--imgsz",
        asked.imgsz,
        "--device",
        "cpu",
        "--threads",
        1,
        "--workers",
        1,
    )
    words = ("fit", data, *fixed, "--log", "none", *options.split(), "--steps", steps, "--seed", seed)
    return run(trainer(*words, "-o", out), 1).cpu


def cpu_of_a_step(data: Path, options: str, where: Path, asked: argparse.Namespace) -> float:
    """Measured once for a variant."""
    known = where / "cpu-of-a-step.json"
    if not known.is_file():
        found = []
        for _ in range(2):
            few, more = (train(data, options, n, 0, where / "probe", asked) for n in (FEW, MORE))
            found.append((more - few) / (MORE - FEW))
        known.write_text(json.dumps(found) + "\n", encoding="utf-8")
    return float(min(json.loads(known.read_text(encoding="utf-8"))))


def trial(data: Path, options: str, seed: int, where: Path, asked: argparse.Namespace) -> dict[str, Any]:
    """Train for the CPU seconds that are asked for, and judge the last weights."""
    steps = max(1, round(asked.cpu_seconds / cpu_of_a_step(data, options, where, asked)))
    out = where / f"seed-{seed}"
    cpu = train(data, options, steps, seed, out, asked)
    found = judge(out, data, "test", 1)
    figures = {"ap50": found["ap50"], "ap": found["ap"], "ap_small": found["per_size"]["small"]["ap"]}
    told = {"settings": _settings(options, asked), "seed": seed, "steps": steps, "cpu_s": round(cpu, 1)}
    content = told | figures
    write(out / "trial.json", json.dumps(content, indent=1) + "\n")  # the last, so the trial is complete
    return content


def read_trial(path: Path, options: str, asked: argparse.Namespace) -> dict[str, Any]:
    """A trial that is done; the benchmark ends where it was another."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if content["settings"] != _settings(options, asked):
        stop(f"{path.parent} was trained with other settings; choose another -o")
    return content


def _settings(options: str, asked: argparse.Namespace) -> dict[str, Any]:
    same = {"model": asked.model, "imgsz": asked.imgsz, "cpu_seconds": asked.cpu_seconds}
    return {"options": options, **same}


def variants(asked: argparse.Namespace) -> dict[str, str]:
    """Name -> options, the defaults first."""
    also = dict(text.split("=", 1) for text in asked.also)
    return {BASE: "", **{n: o for those in QUESTIONS.values() for n, o in those.items()}, **also}


def table(found: Mapping[str, list[dict[str, Any]]], asked: argparse.Namespace) -> str:
    """Markdown: a question a table, best AP first."""
    many = f"`{asked.model}`, {asked.imgsz} px, {asked.cpu_seconds:g} CPU seconds each, one thread"
    lines = [f"Blood cells from scratch: {many}; val and test judge. Mean ± deviation over the seeds."]
    questions = {**QUESTIONS, **({"also": dict(t.split("=", 1) for t in asked.also)} if asked.also else {})}
    base = {one["seed"]: one for one in found.get(BASE, [])}
    for question, those in questions.items():
        lines += ["", f"| {question} | AP50 | AP | AP small | AP against the defaults | steps | seeds |"]
        lines.append("|---|---|---|---|---|---|---|")
        names = [name for name in (BASE, *those) if found.get(name)]
        for name in sorted(names, key=lambda name: -fmean(one["ap"] for one in found[name])):
            trials = found[name]
            apart = [one["ap"] - base[one["seed"]]["ap"] for one in trials if one["seed"] in base]
            cells = [name, *(spread([one[f] or 0.0 for one in trials]) for f in FIGURES)]
            cells += [spread(apart, "+") if name != BASE and apart else ""]
            cells += [str(trials[0]["steps"]), str(len(trials))]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cpu-seconds", type=float, default=80.0, help="of each training (default: 80)")
    parser.add_argument(
        "--seeds", type=int, default=2, help="each variant is trained that often (default: 2)"
    )
    parser.add_argument("--model", default="light")
    parser.add_argument("--imgsz", type=int, default=256, help="pixels (default: 256)")
    parser.add_argument("--also", nargs="*", default=[], metavar="NAME=OPTIONS", help="further variants")
    parser.add_argument("--only", nargs="*", metavar="NAME", help="these variants, and the defaults")
    parser.add_argument("-o", "--out", type=Path, default=REPO / "runs" / "losses")
    asked = parser.parse_args()
    out = asked.out.resolve()
    data = folder(out / "data")
    found: dict[str, list[dict[str, Any]]] = {}
    told = ""
    chosen = {n: o for n, o in variants(asked).items() if asked.only is None or n == BASE or n in asked.only}
    # all by one seed before the next, so that an early end leaves a fair table
    for seed in range(asked.seeds):
        for name, options in chosen.items():
            where = out / name.split(":")[0].replace(" ", "-").replace(",", "")
            done = where / f"seed-{seed}" / "trial.json"
            with claimed(out / "claims" / where.name) as ours:
                if ours and not done.is_file():
                    trial(data, options, seed, where, asked)
            if done.is_file():
                found.setdefault(name, []).append(read_trial(done, options, asked))
                told = table(found, asked)
                write(out / "losses.md", told)
                write(out / "losses.json", json.dumps(found, indent=1) + "\n")
    print(told)


if __name__ == "__main__":
    main()

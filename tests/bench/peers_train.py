"""Our `trainer fit` against another trainer, from scratch at equal wall time, judged alike.

    python -m tests.bench.peers_train --peer-python PATH -o runs/peers              5 minutes each, one seed
    python -m tests.bench.peers_train --peer-python PATH -o runs/peers --seeds 3 --data bccd
    python -m tests.bench.peers_train --peer-python PATH -o runs/peers --table      what there is by now
    python -m tests.bench.peers_train --peer-python PATH -o runs/speed --speed      images a second

PATH is the interpreter of an environment outside this repository that holds the peer (ultralytics 8.4.190,
`pip install --no-deps` beside torch 2.13.0, what it imports, and, where torchvision's wheel does not load, a
module of that name with `ops.nms` and `transforms`). It is driven through its own command line only, and
shown one processor more than --threads, since it leaves one idle. Its predictions on the test split are
judged from a file by our evaluation, as `trainer val` judges ours, suppressed by the same IoU; a trial that
was judged otherwise is judged again, not trained again.

A budget is minutes of training with the evaluations in it. Of the peer `defaults` gets it as `time=`; tuned
variants as the number of epochs that two epochs, measured before, say will fit, so that warm-up and decay are
those of a run of that length. A set without a val split (raccoon) is trained without evaluation, and its last
weights are judged; else each trainer chooses its own best by val. Whole command's wall and CPU seconds are in
the table, start and final evaluation included.

One training at a time: a second process waits. What has its trial.json is not done again. Leaves
OUT/peers.json and OUT/peers.md after every trial.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from tests.bench.bccd import REPO, VOC, export, stop
from tests.bench.peers import TIMED, VARIANTS, Ours, Peer, Task, version
from tests.bench.peers_speed import speed
from tests.bench.sharing import held, write
from trainer.suppression import JUDGED

SHARED = VOC.parent
#: Name -> folder under --data-root, and how it is dealt out where it has no split of its own.
SETS = {
    "bccd": ("bccd_voc", ()),
    "raccoon": ("raccoon_voc", ("--ratios", "0.8,0,0.2", "--seed", "0")),
    "hands": ("hands_gesture_yolo", ()),
}
MODELS = ("yolov5n", "yolov8n", "yolo11n", "yolo26n")
Contender = Ours | Peer


def contenders(asked: argparse.Namespace) -> list[Contender]:
    """Ours first, then each model of the peer in each variant."""
    ours: list[Contender] = []
    for text in asked.ours:
        model, *options = text.split()
        ours.append(Ours(f"ours {text}", ("--model", model, *options)))
    peers = [
        Peer(f"{model} {variant}", asked.peer_python, model, VARIANTS[variant], variant in TIMED)
        for model in asked.models
        for variant in asked.variants
    ]
    return [*ours, *peers]


def trial(contender: Contender, task: Task, where: Path) -> dict[str, Any]:
    """The figures of one training: from its trial.json, or trained and judged now, from its beginning."""
    done = where / "trial.json"
    settings = _settings(contender, task)
    if not done.is_file():
        shutil.rmtree(where, ignore_errors=True)  # half a training has had no fair minutes
        where.mkdir(parents=True)
        cost = contender.train(task, where)
        content = {
            "settings": settings,
            "wall_s": round(cost.wall, 1),
            "cpu_s": round(cost.cpu, 1),
            **_judged(contender, task, where),
        }
        # written last, so its existence means that the trial is complete
        _keep(done, content)
    content = json.loads(done.read_text(encoding="utf-8"))
    if content["settings"] != settings:
        stop(f"{where} was trained with other settings; choose another -o")
    if content.get("judged") != asdict(JUDGED):  # figures of two ways to judge do not belong in one table
        content |= _judged(contender, task, where)
        _keep(done, content)
    return dict(content)


def _judged(contender: Contender, task: Task, where: Path) -> dict[str, Any]:
    return {**contender.judge(task, where), "judged": asdict(JUDGED)}


def _keep(path: Path, content: dict[str, Any]) -> None:
    write(path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def _settings(contender: Contender, task: Task) -> dict[str, Any]:
    own = contender.options if isinstance(contender, Ours) else contender.settings
    asked = {"minutes": task.minutes, "imgsz": task.imgsz, "threads": task.threads, "split": task.split}
    timed = isinstance(contender, Peer) and contender.timed
    return {"name": contender.name, "options": list(own), "timed": timed, **asked}


def summary(found: dict[tuple[str, str], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """A row a set and contender: means and deviations over its seeds."""
    rows = []
    for (data, name), trials in found.items():
        row: dict[str, Any] = {"data": data, "contender": name, "seeds": len(trials)}
        for figure in ("ap50", "ap", "wall_s", "cpu_s"):
            values = [one[figure] for one in trials]
            row[figure] = fmean(values)
            row[f"{figure}_sd"] = stdev(values) if len(values) > 1 else None
        classes = trials[0]["per_class_ap50"]
        row["per_class_ap50"] = {c: fmean(one["per_class_ap50"][c] or 0.0 for one in trials) for c in classes}
        row["trained"] = ", ".join(one["trained"] for one in trials)
        rows.append(row | {"trials": trials})
    return rows


def markdown(rows: Sequence[dict[str, Any]], head: str) -> str:
    """A table a set, best AP first; ours in bold."""
    lines = [head]
    for data in dict.fromkeys(row["data"] for row in rows):
        lines += ["", f"## {data}", "", "| trainer | AP50 | AP | wall s | CPU s | trained | AP50 by class |"]
        lines.append("|---|---|---|---|---|---|---|")
        of_set = sorted((row for row in rows if row["data"] == data), key=lambda row: -row["ap"])
        for row in of_set:
            name = f"**{row['contender']}**" if row["contender"].startswith("ours") else row["contender"]
            classes = ", ".join(f"{c} {value:.2f}" for c, value in row["per_class_ap50"].items())
            figures = (_spread(row, "ap50", 3), _spread(row, "ap", 3), _spread(row, "wall_s", 0))
            cells = (name, *figures, _spread(row, "cpu_s", 0), row["trained"], classes)
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _spread(row: dict[str, Any], figure: str, places: int) -> str:
    deviation = row[f"{figure}_sd"]
    return f"{row[figure]:.{places}f}" + ("" if deviation is None else f" ± {deviation:.{places}f}")


def _write(out: Path, found: dict[tuple[str, str], list[dict[str, Any]]], asked: argparse.Namespace) -> str:
    rows = summary(found)
    machine = (
        f"{asked.minutes:g} minutes each, {asked.imgsz} px, {asked.threads} threads, {platform.machine()}"
    )
    head = f"Test split, from scratch: {machine}; the peer is ultralytics {asked.peer}."
    text = markdown(rows, head)
    told = {"minutes": asked.minutes, "imgsz": asked.imgsz, "threads": asked.threads, "peer": asked.peer}
    content = json.dumps({**told, "rows": rows}, ensure_ascii=False, indent=1)
    (out / "peers.json").write_text(content + "\n", encoding="utf-8")
    (out / "peers.md").write_text(text, encoding="utf-8")
    return text


def compare(asked: argparse.Namespace) -> None:
    """Train, judge and tell; all by one seed before the next, so that an early end leaves a fair table."""
    out: Path = asked.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    text = ""
    for seed in range(asked.seeds):
        for data in asked.data:
            folder, options = SETS[data]
            yaml = out / data / "data" / "data.yaml"
            for contender in contenders(asked):
                where = out / data / contender.name.replace(" ", "-").replace("--", "") / f"seed-{seed}"
                done = (where / "trial.json").is_file()
                if asked.table and not done:
                    continue
                task = Task(yaml, "test", asked.minutes, asked.imgsz, asked.threads, seed)
                with nullcontext() if done else held(out / "claim"):  # one training at a time
                    if not yaml.is_file():
                        export(yaml.parent, asked.data_root / folder, *options)
                    made = trial(contender, task, where)
                found.setdefault((data, contender.name), []).append(made)
                text = _write(out, found, asked)
    print(text or "nothing has been trained yet")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--peer-python", type=Path, required=True, help="interpreter of the peer's environment"
    )
    parser.add_argument("--minutes", type=float, default=5.0, help="budget of each training (default: 5)")
    parser.add_argument("--seeds", type=int, default=1, help="each is trained that often (default: 1)")
    parser.add_argument("--data", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--ours", nargs="+", default=["yolov5n"], metavar="'MODEL [OPTIONS]'")
    parser.add_argument("--models", nargs="*", choices=MODELS, default=list(MODELS), help="of the peer")
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=["defaults", "tuned"])
    parser.add_argument("--imgsz", type=int, default=320, help="pixels (default: 320)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default: 2)")
    parser.add_argument("--data-root", type=Path, default=SHARED, help="folder of the real data")
    parser.add_argument("--table", action="store_true", help="train nothing, tell what there is")
    parser.add_argument("--speed", action="store_true", help="images a second at equal model instead")
    parser.add_argument("--rounds", type=int, default=3, help="of --speed (default: 3)")
    parser.add_argument("--epochs", type=int, default=2, help="timed in a round of --speed (default: 2)")
    parser.add_argument("-o", "--out", type=Path, default=REPO / "runs" / "peers")
    asked = parser.parse_args()
    asked.peer = version(asked.peer_python, asked.out.resolve() / "config")
    if asked.speed:
        speed(asked)
    else:
        compare(asked)


if __name__ == "__main__":
    main()

"""How well `trainer fit` learns the blood cells from scratch in a few minutes, beside other trainers.

    python -m tests.bench.train_bccd --minutes 10 --seeds 0 1 2 -o DIR

Exports the VOC set by its own lists (205 images to train, 87 to choose best.pt, 72 to judge), trains on the
first, and judges best.pt once on the test images. Prints a line a seed, then mean and minimum over the
reference trainers' figures on the same test images; leaves DIR/bccd.json and the runs.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from tests.bench.bccd import export, judge, new_folder, run, trainer


class Reference(NamedTuple):
    """What another trainer reached: 320 px, from scratch, two threads, the same split."""

    name: str
    ap50: float
    ap: float
    seconds: float


REFERENCES = (
    Reference("yolov5n, defaults", 0.443, 0.186, 303),
    Reference("yolov8n, defaults", 0.569, 0.339, 348),
    Reference("yolo26n, defaults", 0.694, 0.374, 368),
    Reference("yolov8n, tuned", 0.714, 0.413, 175),
    Reference("yolo26n, tuned", 0.792, 0.451, 278),
)


def measure(data: Path, out: Path, seed: int, asked: argparse.Namespace) -> dict[str, Any]:
    """Train with one seed, judge once; the figures as plain types."""
    where = out / f"seed-{seed}"
    options = ("--model", asked.model, "--imgsz", asked.imgsz, "--minutes", asked.minutes, "--seed", seed)
    cost = run(
        trainer("fit", data, *options, "--device", "cpu", "--threads", asked.threads, "-o", where),
        asked.threads,
    )
    judged = judge(where, data, "test", asked.threads)
    return {
        "seed": seed,
        "wall_s": round(cost.wall, 1),
        "cpu_s": round(cost.cpu, 1),
        "ap50": judged["ap50"],
        "ap": judged["ap"],
        "per_class_ap50": {name: of_class["ap50"] for name, of_class in judged["per_class"].items()},
    }


def seeds_table(rows: list[dict[str, Any]]) -> Table:
    """A line a seed, then mean and minimum."""
    classes = list(rows[0]["per_class_ap50"])
    table = Table(title="trainer fit, judged on the test split", title_justify="left", box=None)
    for i, column in enumerate(
        ("seed", "wall s", "CPU s", "AP50", "AP", *(f"AP50 {name}" for name in classes))
    ):
        table.add_column(column, justify="right" if i else "left")

    def add(name: str, pick: Any) -> None:
        figures = [pick(row["ap50"] for row in rows), pick(row["ap"] for row in rows)]
        figures += [pick(row["per_class_ap50"][c] for row in rows) for c in classes]
        times = [pick(row["wall_s"] for row in rows), pick(row["cpu_s"] for row in rows)]
        table.add_row(name, *(f"{t:.0f}" for t in times), *(f"{f:.3f}" for f in figures))

    for row in rows:
        figures = [row["ap50"], row["ap"], *row["per_class_ap50"].values()]
        times = [row["wall_s"], row["cpu_s"]]
        table.add_row(str(row["seed"]), *(f"{t:.0f}" for t in times), *(f"{f:.3f}" for f in figures))
    if len(rows) > 1:
        add("mean", mean)
        add("min", min)
    return table


def reference_table(rows: list[dict[str, Any]]) -> Table:
    """The others' figures, and ours over theirs."""
    ap50, ap = mean(row["ap50"] for row in rows), mean(row["ap"] for row in rows)
    least = min(row["ap50"] for row in rows)
    wall = mean(row["wall_s"] for row in rows)
    table = Table(title="reference, and our mean over it", title_justify="left", box=None)
    for i, column in enumerate(
        ("trainer", "s", "AP50", "AP", "AP50 ratio", "worst seed", "AP ratio", "time ratio")
    ):
        table.add_column(column, justify="right" if i else "left")
    for r in REFERENCES:
        figures = (r.ap50, r.ap, ap50 / r.ap50, least / r.ap50, ap / r.ap, wall / r.seconds)
        shown = [f"{r.ap50:.3f}", f"{r.ap:.3f}", *(f"{figure:.2f}" for figure in figures[2:])]
        table.add_row(r.name, f"{r.seconds:.0f}", *shown)
    return table


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10.0, help="budget of each run (default: 10)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--model", default="n", help="n, s, m, l or x (default: n)")
    parser.add_argument("--imgsz", type=int, default=320, help="pixels (default: 320)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default: 2)")
    parser.add_argument("--data", type=Path, help="data.yaml of a folder exported earlier")
    parser.add_argument("-o", "--out", type=Path, default=Path("runs/bench-bccd"))
    asked = parser.parse_args()
    out = new_folder(asked.out.resolve())
    data = asked.data.resolve() if asked.data else export(out / "data")
    rows: list[dict[str, Any]] = []
    for seed in asked.seeds:
        rows.append(measure(data, out, seed, asked))
        content = {
            "model": asked.model,
            "imgsz": asked.imgsz,
            "minutes": asked.minutes,
            "threads": asked.threads,
            "seeds": rows,
            "references": [r._asdict() for r in REFERENCES],
        }
        # After every seed, so that an interrupted benchmark keeps what it measured.
        (out / "bccd.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    console = Console(width=100, highlight=False)
    console.print(seeds_table(rows), "", reference_table(rows))
    console.print(f"\n{out / 'bccd.json'}", soft_wrap=True)


if __name__ == "__main__":
    main()

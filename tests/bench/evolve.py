"""Does `trainer evolve` find better settings than YOLOv5's scheme with as many training steps?

    python -m tests.bench.evolve --steps 120 --total-steps 1800 --seeds 0 1 2 -o DIR

On the blood cells (205 images to train, 87 to choose by, 72 to judge), for each seed: a search with the
defaults of `trainer evolve`, and one with `--sampler genetic --pruner none`, both within the same total of
training steps and with nothing confirmed, so that each names what it believes. Then what each found, and the
defaults of `trainer fit`, are trained anew, longer and with fresh seeds, and judged once on the test split.
Prints a line a search, then means with spread, and ours over theirs. The same command with the same DIR goes
on; started several times it shares the work: a search or training that another process is at is passed by,
and taken over where that process died.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from statistics import fmean
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.bccd import export, judge, run, spread, stop, trainer
from tests.bench.sharing import POLL, claimed, made_once, write

OURS, THEIRS, DEFAULTS = "evolve", "yolov5's scheme", "defaults"
SCHEMES = {OURS: (), THEIRS: ("--sampler", "genetic", "--pruner", "none")}


class Bench:
    """The searches and trainings of one folder."""

    def __init__(self, asked: argparse.Namespace, data: Path, out: Path) -> None:
        self.asked, self.data, self.out = asked, data, out
        common = ("--model", asked.model, "--imgsz", asked.imgsz, "--batch", asked.batch, "--device", "cpu")
        self.common = (*common, "--threads", asked.threads, "--metric", asked.metric)

    def search(self, scheme: str, seed: int) -> Path:
        """The folder of a search."""
        return self.out / f"{'ours' if scheme == OURS else 'theirs'}-{seed}"

    def searches(self) -> list[tuple[str, int]]:
        """Seed by seed, so that an early end leaves pairs."""
        return [(scheme, seed) for seed in self.asked.seeds for scheme in SCHEMES]

    def do_search(self, scheme: str, seed: int) -> bool:
        """Whether it is done now."""
        where = self.search(scheme, seed)
        if (where / "evolve.json").is_file():
            return True
        with claimed(where.with_name(f"{where.name}.claim")) as mine:
            if not mine:
                return False
            budget = ("--steps", self.asked.steps, "--total-steps", self.asked.total_steps, "--confirm", 0)
            words = (
                "evolve",
                self.data,
                *budget,
                "--seed",
                seed,
                *SCHEMES[scheme],
                *self.common,
                "-o",
                where,
            )
            run(trainer(*words), self.asked.threads)
        return True

    def finals(self) -> list[tuple[str, int, int]]:
        """(what, seed of its search, fresh seed): the defaults are one thing, whatever the search."""
        fresh = [1000 + i for i in range(self.asked.fresh)]
        found = [(scheme, seed, 100 * seed + again) for scheme, seed in self.searches() for again in fresh]
        return [*((DEFAULTS, 0, again) for again in fresh), *found]

    def final(self, what: str, seed: int, again: int) -> Path:
        """The folder of a training with what a search found."""
        name = "defaults" if what == DEFAULTS else self.search(what, seed).name
        return self.out / "finals" / f"{name}-{again}"

    def do_final(self, what: str, seed: int, again: int) -> bool:
        """Whether it is trained and judged now; that waits for its search."""
        where = self.final(what, seed, again)
        if where.with_suffix(".json").is_file():
            return True
        search = self.search(what, seed)
        if what != DEFAULTS and not (search / "evolve.json").is_file():
            return False
        with claimed(where.with_name(f"{where.name}.claim")) as mine:
            if not mine:
                return False
            hyp = () if what == DEFAULTS else ("--hyp", search / "hyp.toml")
            words = ("--steps", self.asked.final_steps, "--seed", again, *hyp, *self.common, "--log", "none")
            resume = ("--resume",) if (where / "weights" / "last.pt").is_file() else ()
            command = ("fit", "-o", where, *resume) if resume else ("fit", self.data, *words, "-o", where)
            run(trainer(*command), self.asked.threads)
            judged = judge(where, self.data, "test", self.asked.threads)
            figures = {name: judged[name] for name in ("ap", "ap50")}
            write(where.with_suffix(".json"), json.dumps(figures))  # its existence means that all is done
        return True

    def work(self) -> None:
        """Do all, together with whoever else is at it."""
        while True:
            states = [self.do_search(*one) for one in self.searches()]
            states += [self.do_final(*one) for one in self.finals()]
            if all(states):
                return
            time.sleep(POLL)

    def figures(self, what: str, seed: int) -> list[float]:
        """The chosen metric on test with each fresh seed."""
        rows = [one for one in self.finals() if one[:2] == (what, seed)]
        return [
            json.loads(self.final(*one).with_suffix(".json").read_text())[self.asked.metric] for one in rows
        ]


def told(bench: Bench) -> tuple[Table, Table, dict[str, Any]]:
    """A line a search, the sum, and both as plain types."""
    metric = bench.asked.metric
    each = _table(
        "search", "seed", "trials", "steps", f"{metric} seen on val", f"{metric} on test, fresh seeds"
    )
    start = bench.figures(DEFAULTS, 0)
    each.add_row(DEFAULTS, "", "", "", "", spread(start))
    found: dict[str, list[float]] = {scheme: [] for scheme in SCHEMES}
    rows: list[dict[str, Any]] = [{"what": DEFAULTS, "test": start}]
    for scheme, seed in bench.searches():
        story = json.loads((bench.search(scheme, seed) / "evolve.json").read_text(encoding="utf-8"))
        chosen = next(t for t in story["trials"] if t["number"] == story["chosen"]["trial"])
        test = bench.figures(scheme, seed)
        found[scheme].append(fmean(test))
        cells = (str(seed), str(len(story["trials"])), str(story["steps"]), f"{chosen['value']:.3f}")
        each.add_row(scheme, *cells, spread(test))
        rows.append(
            {"what": scheme, "seed": seed, "steps": story["steps"], "val": chosen["value"], "test": test}
        )
    total = _table("", f"mean {metric} on test", "over the defaults", "searches better than the defaults")
    base = fmean(start)
    total.add_row(DEFAULTS, spread(start), "", "")
    for scheme, means in found.items():
        better = f"{sum(mean > base for mean in means)} of {len(means)}"
        total.add_row(scheme, spread(means), f"{fmean(means) - base:+.3f}", better)
    pairs = [ours - theirs for ours, theirs in zip(found[OURS], found[THEIRS], strict=True)]
    won = sum(pair > 0 for pair in pairs)
    total.add_row(f"{OURS} less {THEIRS}", f"{fmean(pairs):+.3f}", "", f"won {won} of {len(pairs)}")
    return each, total, {"rows": rows, "pairs": pairs}


def _table(*columns: str) -> Table:
    table = Table(box=None)
    for i, column in enumerate(columns):
        table.add_column(column, justify="right" if i else "left")
    return table


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=120, help="of a trial (default: 120)")
    parser.add_argument("--total-steps", type=int, default=1800, help="of a search (default: 1800)")
    parser.add_argument("--final-steps", type=int, default=240, help="of a final training (default: 240)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="a search of each kind each")
    parser.add_argument("--fresh", type=int, default=3, help="final trainings of each (default: 3)")
    parser.add_argument("--model", default="light")
    parser.add_argument("--imgsz", type=int, default=160, help="pixels (default: 160)")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--metric", default="ap50", choices=("ap", "ap50"), help="(default: ap50)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of each process (default: 1)")
    parser.add_argument("--data", type=Path, help="data.yaml of a folder exported earlier")
    parser.add_argument("-o", "--out", type=Path, default=Path("runs/bench-evolve"))
    asked = parser.parse_args()
    out = asked.out.resolve()
    data = asked.data.resolve() if asked.data else out / "data" / "data.yaml"
    if asked.data is None:
        made_once(data, lambda: export(out / "data"))
    elif not data.is_file():
        stop(f"{data} is not there; give another --data")
    bench = Bench(asked, data, out)
    bench.work()
    each, total, content = told(bench)
    options = {name: str(v) if isinstance(v, Path) else v for name, v in vars(asked).items()}
    text = json.dumps({"asked": options, **content}, indent=2) + "\n"
    (out / "evolve-bench.json").write_text(text, encoding="utf-8")
    console = Console(width=110, highlight=False)
    console.print(each, "", total)
    console.print(f"\n{out / 'evolve-bench.json'}", soft_wrap=True)


if __name__ == "__main__":
    main()

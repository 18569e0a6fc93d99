"""Do the intervals of `curate ablate` hold what they promise, and what do their draws cost?

    python -m tests.bench.ablation_intervals

Simulates ablations whose true difference is known: photographs of different difficulty, seeds of different
luck, a method that suits some photographs better than others. Prints how often an interval of 95 % holds the
truth, and how wide it is; then the seconds of 2,000 draws, beside faster-coco-eval's for each of them.
"""

from __future__ import annotations

import argparse
import time
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from curate.ablation import bootstrap
from curate.ablation.matches import IOUS, Boxes, Matches, match
from curate.ablation.precision import average_precision


class World(NamedTuple):
    """How photographs, seeds and two arms differ."""

    photographs: int
    seeds: int
    ease: tuple[float, float]  # of the two arms; equal: there is nothing to find
    luck: float  # spread of the seeds
    taste: float  # spread of what an arm makes of a photograph


WORLDS = (
    World(46, 3, (-0.5, 0.5), 0.3, 0.6),
    World(46, 3, (-2.5, 0.0), 0.3, 0.6),
    World(46, 3, (0.0, 0.0), 0.3, 0.6),
    World(46, 2, (-0.5, 0.5), 0.3, 0.6),
    World(46, 2, (-0.5, 0.5), 0.6, 0.6),
    World(46, 5, (-0.5, 0.5), 0.6, 0.6),
    World(46, 1, (-0.5, 0.5), 0.0, 0.6),
)


def simulate(world: World, rng: np.random.Generator) -> list[list[Matches]]:
    """One experiment: a table of matches for each arm and seed."""
    hard, labels = rng.normal(0, 1.3, world.photographs), rng.integers(1, 3, world.photographs)
    return [
        [_table(world, ease + hard + rng.normal(0, world.taste, len(hard)), labels, rng)]
        if world.seeds == 1
        else _seeds(world, ease + hard + rng.normal(0, world.taste, len(hard)), labels, rng)
        for ease in world.ease
    ]


def _seeds(world: World, ease: Any, labels: Any, rng: np.random.Generator) -> list[Matches]:
    return [_table(world, ease + rng.normal(0, world.luck), labels, rng) for _ in range(world.seeds)]


def _table(world: World, ease: Any, labels: Any, rng: np.random.Generator) -> Matches:
    image = np.repeat(np.arange(world.photographs), labels)
    odds = ease[image] + rng.normal(0, 0.5, len(image))
    found = rng.random(len(image)) < 1 / (1 + np.exp(-odds))
    false = np.repeat(np.arange(world.photographs), rng.poisson(2, world.photographs))
    scores = np.concatenate(
        [0.8 * odds[found] + rng.normal(0, 0.7, found.sum()), rng.normal(-1.3, 1, len(false))]
    )
    images = np.concatenate([image[found], false])
    right = np.concatenate([np.ones(found.sum(), bool), np.zeros(len(false), bool)])
    order = np.argsort(-scores, kind="stable")
    table = np.repeat(right[order, None], len(IOUS), axis=1)
    number = np.zeros(len(order), np.int64)
    return Matches(
        labels[:, None], images[order], number, scores[order], table, number, scores[order], right[order]
    )


def coverage(world: World, repeats: int, draws: int) -> tuple[float, float, float]:
    """(true difference, share of intervals that hold it, their mean width)."""
    rng = np.random.default_rng(1)
    values, ends = [], []
    for number in range(repeats):
        made = bootstrap.draw(
            np.arange(world.photographs), np.zeros(0, np.int64), world.seeds, draws=draws, seed=number
        )
        figures = [
            np.stack([average_precision(table, made.photographs)[:, 0] for table in arm], axis=1)
            for arm in simulate(world, rng)
        ]
        found = bootstrap.estimate(figures[1] - figures[0], made)
        values.append(found.value)
        ends.append((found.low, found.high))
    truth = float(np.mean(values))  # of figures on sets of this size
    held = float(np.mean([low <= truth <= high for low, high in ends]))
    return truth, held, float(np.mean([high - low for low, high in ends]))


def speed(photographs: int, draws: int, tried: int) -> tuple[float, float]:
    """Seconds of all draws: ours, and faster-coco-eval's from the few that are tried."""
    from tests.curate.test_ablation_precision import coco, drawn_set

    found, truth = drawn_set(0, photographs, 3)
    made = bootstrap.draw(np.arange(photographs), np.zeros(0, np.int64), 1, draws=draws)
    began = time.process_time()
    average_precision(match(found, truth, 3), made.photographs)
    ours = time.process_time() - began
    boxes: list[Boxes] = found
    began = time.process_time()
    for row in made.photographs[:tried]:
        coco(boxes, truth, row, 3)
    return ours, (time.process_time() - began) * draws / tried


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=300, help="experiments of each kind (default: 300)")
    parser.add_argument("--draws", type=int, default=500, help="of each experiment (default: 500)")
    asked = parser.parse_args()
    table = Table(box=None, title="intervals of 95 % of a difference in AP50", title_justify="left")
    for column in ("photographs", "seeds", "spread of seeds", "true difference", "held", "width"):
        table.add_column(column, justify="right")
    for world in WORLDS:
        truth, held, width = coverage(world, asked.repeats, asked.draws)
        cells = f"{world.luck:g}", f"{truth:+.3f}", f"{held:.1%}", f"{width:.3f}"
        table.add_row(str(world.photographs), str(world.seeds), *cells)
    console = Console(width=100, highlight=False)
    console.print(table)
    ours, theirs = speed(300, 2000, 10)
    console.print(
        f"\n2,000 draws of 300 photographs, 3 classes: {ours:.2f} CPU s; each evaluated by faster-coco-eval: "
        f"{theirs:.0f} CPU s ({theirs / ours:.0f} times)"
    )


if __name__ == "__main__":
    main()

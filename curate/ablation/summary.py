"""All that an ablation has measured: detections of every arm and seed in; estimates and verdicts out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from curate.ablation import bootstrap
from curate.ablation.bootstrap import Draws, Estimate
from curate.ablation.matches import Boxes, Matches, match, with_backgrounds
from curate.ablation.mistakes import KINDS, undone
from curate.ablation.precision import average_precision, false_positives, recall_at
from curate.ablation.verdict import (
    FIGURES,
    SENTENCES,
    Needed,
    Verdict,
    figure_names,
    needed,
    others,
    sentence,
    verdict,
)


@dataclass(frozen=True)
class Bench:
    """What all arms are judged by."""

    labels: Sequence[Boxes]  # (N) labelled boxes of every photograph
    classes: int
    groups: NDArray[np.int64]  # (N,) photographs that are drawn together
    background_groups: NDArray[np.int64]  # (M,) pictures without objects; none: photographs serve instead
    confidence: float  # at which false positives are counted
    rate: float  # false positives a picture at which recall is read
    draws: int = bootstrap.DRAWS


@dataclass(frozen=True)
class Seen:
    """What the networks of one arm and seed found. Every photograph was judged once, by a fold's network."""

    photographs: Sequence[Boxes]  # (N)
    # on backgrounds, by every network of the seed: `looks` of them looked at each picture
    background_image: NDArray[np.int64]  # (D,)
    background_label: NDArray[np.int64]  # (D,)
    background_score: NDArray[np.float64]  # (D,)
    looks: int


@dataclass(frozen=True)
class ArmFigures:
    """One arm: an estimate for each of FIGURES, and for each of KINDS the AP50 that such mistakes cost."""

    name: str
    estimates: Mapping[str, Estimate]
    costs: Mapping[str, Estimate]


@dataclass(frozen=True)
class Difference:
    """One arm less another: an estimate for each of FIGURES, and the verdict by the chosen one."""

    of: str
    against: str
    estimates: Mapping[str, Estimate]
    verdict: Verdict
    sentence: str
    needed: Needed


class Measured:
    """Figures of every arm, seed and draw; estimates and differences are read off them."""

    def __init__(self, bench: Bench, arms: Mapping[str, Sequence[Seen]]) -> None:
        """`arms` maps a name to what each seed found; the first is the baseline, all have the same seeds."""
        self.bench, self.arms = bench, arms
        self.seeds = len(next(iter(arms.values())))
        assert all(len(seen) == self.seeds for seen in arms.values()), "every arm has every seed"

    @cached_property
    def draws(self) -> Draws:
        """The same for all arms: differences are paired."""
        return bootstrap.draw(
            self.bench.groups, self.bench.background_groups, self.seeds, draws=self.bench.draws
        )

    @cached_property
    def matches(self) -> dict[str, list[Matches]]:
        """Of every arm and seed."""
        return {
            name: [match(seen.photographs, self.bench.labels, self.bench.classes) for seen in seeds]
            for name, seeds in self.arms.items()
        }

    @cached_property
    def figures(self) -> dict[str, dict[str, NDArray[np.float64]]]:
        """Arm -> figure -> (1 + B, K)."""
        found: dict[str, dict[str, NDArray[np.float64]]] = {}
        for name, seeds in self.arms.items():
            columns = [
                self._figures(seen, table) for seen, table in zip(seeds, self.matches[name], strict=True)
            ]
            found[name] = {key: np.stack([one[key] for one in columns], axis=1) for key in FIGURES}
        return found

    def _figures(self, seen: Seen, table: Matches) -> dict[str, NDArray[np.float64]]:
        photographs = self.draws.photographs
        precision = average_precision(table, photographs)
        if len(self.bench.background_groups):
            scores, image = seen.background_score, seen.background_image
            pictures, looks = self.draws.negatives, seen.looks
        else:  # what finds no label on a photograph is false, too
            wrong = ~table.right[:, 0]
            scores, image, pictures, looks = table.score[wrong], table.image[wrong], photographs, 1
        rate = self.bench.rate * looks
        return {
            "ap50": precision[:, 0],
            "ap50_backgrounds": self._with_backgrounds(seen, table),
            "ap": precision.mean(axis=1),
            "recall": recall_at(table, photographs, scores, image, pictures, rate),
            "false_positives": false_positives(scores, image, pictures, self.bench.confidence) / looks,
        }

    def _with_backgrounds(self, seen: Seen, table: Matches) -> NDArray[np.float64]:
        """AP50 of photographs and backgrounds together: (1 + B,); nan where there are no backgrounds.

        Each background weighs as much as a photograph, spread over the networks that looked at it.
        """
        many = len(self.bench.background_groups)
        if not many:
            return np.full(len(self.draws.photographs), np.nan)
        found = seen.background_image, seen.background_label, seen.background_score
        together = with_backgrounds(table, *found, many)
        weights = np.concatenate([seen.looks * self.draws.photographs, self.draws.negatives], axis=1)
        return average_precision(together, weights)[:, 0]

    def arm(self, name: str) -> ArmFigures:
        """Its figures with their intervals."""
        figures = self.figures[name]
        most = {key: np.inf if key == "false_positives" else 1.0 for key in FIGURES}
        return ArmFigures(
            name,
            {key: bootstrap.estimate(figures[key], self.draws, least=0.0, most=most[key]) for key in FIGURES},
            {kind: bootstrap.estimate(self._cost(name, kind), self.draws, least=0.0) for kind in KINDS},
        )

    def _cost(self, name: str, kind: str) -> NDArray[np.float64]:
        """What AP50 of an arm gains when an oracle undoes mistakes of a kind: (1 + B, K)."""
        without = [
            average_precision(undone(table, kind), self.draws.photographs)[:, 0]
            for table in self.matches[name]
        ]
        return np.stack(without, axis=1) - self.figures[name]["ap50"]

    def difference(self, of: str, against: str, metric: str) -> Difference:
        """One arm less another, through the same draws."""
        a, b = self.figures[of], self.figures[against]
        estimates = {key: bootstrap.estimate(a[key] - b[key], self.draws) for key in FIGURES}
        chosen = estimates[metric]
        return Difference(
            of=of,
            against=against,
            estimates=estimates,
            verdict=verdict(chosen),
            sentence=self.said(of, against, estimates, metric),
            needed=needed(chosen, len(self.bench.labels)),
        )

    def said(
        self,
        of: str,
        against: str,
        estimates: Mapping[str, Estimate],
        metric: str,
        words: Mapping[str, str] = SENTENCES,
    ) -> str:
        """A difference in words: the verdict by `metric`, and what can be told of the other figures."""
        bench = self.bench
        picture = words["background" if len(bench.background_groups) else "photograph"]
        names = figure_names(words, rate=bench.rate, confidence=bench.confidence, picture=picture)
        a, b = self.figures[of], self.figures[against]
        figures = {
            key: (name, estimates[key], (float(a[key][0].mean()), float(b[key][0].mean())))
            for key, name in names.items()
        }
        name, chosen, values = figures.pop(metric)
        text = sentence(chosen, of, against, name, values, len(bench.labels), words)
        return text + others(list(figures.values()), words)

    def part(self, name: str, seed: int, photographs: Sequence[int]) -> tuple[float, float]:
        """(AP50, AP) of some photographs alone, such as those of a fold."""
        weights = np.zeros((1, len(self.bench.labels)), np.int64)
        weights[0, list(photographs)] = 1
        precision = average_precision(self.matches[name][seed], weights)[0]
        return float(precision[0]), float(precision.mean())

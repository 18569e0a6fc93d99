"""What a difference of two arms comes to in words: helps, hurts, or cannot be told and what it would take."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from curate.ablation.bootstrap import LEVEL, Estimate

_BEYOND = 1.96  # standard errors that an interval of 95 % reaches to each side
_TOLD = 2.80  # standard errors that a true difference must have to show four times out of five: 1.96 + 0.84
MATTERS = 0.005  # half a point: a smaller difference is none, however surely it is there
_MOST_SEEDS = 100  # more than that nobody trains
_MOST_TIMES = 1000  # nor collects so many times the photographs


class Verdict(str, Enum):
    """What can be said of one arm against another."""

    HELPS = "helps"
    HURTS = "hurts"
    UNTOLD = "cannot be told"


@dataclass(frozen=True)
class Needed:
    """What would show a true difference as large as the one seen; None: no number of these alone would."""

    seeds: int | None  # with as many photographs as now
    photographs: int | None  # with as many seeds as now


def verdict(difference: Estimate) -> Verdict:
    """By the interval of the difference: above zero, below, or neither; one below MATTERS counts as none."""
    if abs(difference.value) < MATTERS:
        return Verdict.UNTOLD
    if difference.low > 0:
        return Verdict.HELPS
    if difference.high < 0:
        return Verdict.HURTS
    return Verdict.UNTOLD


def needed(difference: Estimate, photographs: int) -> Needed:
    """Roughly: the part of the variance that comes from each kind of chance falls with its number."""
    size = abs(difference.value)
    seeds = len(difference.per_seed)
    if not size > 0 or math.isnan(difference.by_photographs):
        return Needed(None, None)
    allowed = (size / _TOLD) ** 2
    by_photographs = difference.by_photographs**2
    by_seeds = 0.0 if math.isnan(difference.by_seeds) else difference.by_seeds**2
    # a photograph's own luck with a seed hides in both parts, so more seeds help a little more than this
    more_seeds = _number(seeds * by_seeds, allowed - by_photographs)
    more_photographs = _number(photographs * by_photographs, allowed - by_seeds)
    return Needed(
        None if more_seeds is None or more_seeds > _MOST_SEEDS else max(more_seeds, seeds + 1),
        None
        if more_photographs is None or more_photographs > _MOST_TIMES * photographs
        else max(more_photographs, photographs + 1),
    )


def _number(variance: float, allowed: float) -> int | None:
    return math.ceil(variance / allowed) if allowed > 0 else None


# templates of a verdict in words; another language is another table with these keys
SENTENCES: Mapping[str, str] = {
    Verdict.HELPS.value: "helps",
    Verdict.HURTS.value: "hurts",
    Verdict.UNTOLD.value: "cannot be told",
    "told": "“{of}” {verdict} compared with “{against}”: {seen}.",
    "untold": "Whether “{of}” helps compared with “{against}” cannot be told: {seen}.",
    "seen": "{figure} {a:.3f} against {b:.3f}, {difference} ({level:.0%} interval {low} to {high})",
    "one_seed": " Only one seed was tried: the interval leaves out what another one would change.",
    "no_difference": " A difference below {least:g} is none.",
    "too_small": " So small a difference neither more seeds nor more photographs alone would show.",
    "would_show": " A true difference of this size would show, four times in five, with about {ways}.",
    "more_seeds": "{more} seeds instead of {now}",
    "more_photographs": "{more:,} test photographs instead of {now:,}",
    "or": " or ",
    "others": " Of the other figures this can be told: {figures}.",
    "and": "; ",
    "named": "{figure}:",
    "undefined": "not defined",
    "ap50": "AP50",
    "ap50_backgrounds": "AP50 with backgrounds",
    "ap": "AP",
    "recall_at": "recall at {rate:g} false per {picture}",
    "false_at": "false per {picture} at {confidence:g}",
    "background": "background",
    "photograph": "photograph",
}


# figures of an arm, and which of the words names each
_NAMED_BY = {
    "ap50": "ap50",
    "ap50_backgrounds": "ap50_backgrounds",
    "ap": "ap",
    "recall": "recall_at",
    "false_positives": "false_at",
}
FIGURES = tuple(_NAMED_BY)


def figure_names(words: Mapping[str, str], *, rate: float, confidence: float, picture: str) -> dict[str, str]:
    """What each of FIGURES is called, with what it was read at; `picture` in words, see "background"."""
    read_at = {"rate": rate, "confidence": confidence, "picture": picture}
    return {figure: words[word].format(**read_at) for figure, word in _NAMED_BY.items()}


def sentence(
    difference: Estimate,
    of: str,
    against: str,
    figure: str,
    values: tuple[float, float],
    photographs: int,
    words: Mapping[str, str] = SENTENCES,
) -> str:
    """The verdict for people, whole sentences. `values` are those of `of` and `against`."""
    said = verdict(difference)
    facts = _facts(figure, difference, values, words)
    if said is Verdict.UNTOLD:
        text = words["untold"].format(of=of, against=against, seen=facts)
        text += _what_it_takes(difference, photographs, words)
    else:
        text = words["told"].format(of=of, verdict=words[said.value], against=against, seen=facts)
    return text + (words["one_seed"] if len(difference.per_seed) == 1 else "")


def others(
    figures: Sequence[tuple[str, Estimate, tuple[float, float]]], words: Mapping[str, str] = SENTENCES
) -> str:
    """A sentence more: the figures beside the one that gives the verdict whose intervals leave zero out.

    `figures` are their names, differences, and values of both arms. "" where nothing can be told of any.
    """
    told = [
        _facts(words["named"].format(figure=name), difference, values, words)
        for name, difference, values in figures
        if verdict(difference) is not Verdict.UNTOLD
    ]
    return words["others"].format(figures=words["and"].join(told)) if told else ""


def _facts(figure: str, difference: Estimate, values: tuple[float, float], words: Mapping[str, str]) -> str:
    low, high, seen = (signed(v, words) for v in (difference.low, difference.high, difference.value))
    a, b = values
    return words["seen"].format(figure=figure, a=a, b=b, difference=seen, level=LEVEL, low=low, high=high)


def _what_it_takes(difference: Estimate, photographs: int, words: Mapping[str, str]) -> str:
    if not abs(difference.value) >= MATTERS or math.isnan(difference.by_photographs):
        return words["no_difference"].format(least=MATTERS)
    more, seeds = needed(difference, photographs), len(difference.per_seed)
    ways = []
    if more.seeds is not None:
        ways.append(words["more_seeds"].format(more=more.seeds, now=seeds))
    if more.photographs is not None:
        ways.append(words["more_photographs"].format(more=_round(more.photographs), now=photographs))
    return words["would_show"].format(ways=words["or"].join(ways)) if ways else words["too_small"]


def _round(number: int) -> int:
    """Two digits that count, upwards."""
    step = 10 ** max(0, len(str(number)) - 2)
    return math.ceil(number / step) * step


def signed(value: float, words: Mapping[str, str] = SENTENCES) -> str:
    """ "+0.123", with a true minus sign; "0.000" has none."""
    if math.isnan(value):
        return words["undefined"]
    return "0.000" if round(value, 3) == 0 else f"{value:+.3f}".replace("-", "−")

"""What is shown of an ablation: a summary in; its figures in words, and the pictures that tell most, out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from curate.ablation.bootstrap import LEVEL
from curate.ablation.matches import Boxes, taken
from curate.ablation.summary import Difference
from curate.commands.ablate.plan import Arm, Plan
from curate.commands.ablate.summary import Done, Summary
from curate.formats.images import facts_of_file
from curate.report.ablation.view import ArmView, Corners, Detection, DifferenceView, Shown, View
from curate.report.ablation.words import WORDS, Words

_TRAINED, _STRIP, _MISSES, _FALSE = 8, 8, 8, 8  # pictures of an arm
_AROUND = 1.6  # a piece is that many times as large as its box, to each side
_LEAST_PIECE = 64  # pixels


def view_of(summary: Summary, lang: str = "en") -> View:
    """Everything that table, plot and page show, in one of the languages of WORDS."""
    plan, real, asked, words = summary.plan, summary.real, summary.plan.asked, WORDS[lang]
    how = words[{"folds": "in_folds", "sets": "own_sets", "list": "own_list"}[asked.judged_by]]
    how = how.format(folds=plan.folds, split=asked.split)
    differences = tuple(_difference(summary, one, words) for one in summary.differences)
    verdicts = [None, *(one.verdict for one in differences)]  # the first ones compare with the baseline
    arms = []
    for arm, figures, verdict in zip(plan.arms, summary.arms, verdicts, strict=False):
        done = summary.jobs_of(arm.name)
        arms.append(
            ArmView(
                name=arm.name,
                steps=arm.made,
                trained_on=trained_on(done, words),
                estimates=figures.estimates,
                costs=figures.costs,
                verdict=verdict,
                seconds=float(np.mean([one.result.seconds for one in done])),
                trained=_trained(summary, arm),
                strip=_strip(summary, arm, words),
                misses=_misses(summary, arm, words),
                false=_false(summary, arm, words),
            )
        )
    counted_on = words["background" if real.backgrounds else "photograph"]
    figures_head = words["ap50"], words["ap"], words["false_per"].format(picture=counted_on)
    return View(
        title=plan.config.data.path.name,
        judged_by=words["judged_by"].format(
            photographs=len(real.photographs),
            boxes=sum(len(photograph.boxes) for photograph in real.photographs),
            how=how,
            seeds=len(summary.seeds),
            budget=_budget(plan, words),
        ),
        metric=asked.metric,
        confidence=asked.confidence,
        rate=asked.false_positives,
        counted_on=counted_on,
        complete=summary.complete,
        arms=tuple(arms),
        differences=differences,
        facts=tuple(_facts(summary, words)),
        notes=real.notes,
        jobs_head=(
            *(words["arm"], words["seed"], words["fold"], *figures_head),
            *(words["trained_on"], words["seconds"], words["cpu_seconds"]),
        ),
        jobs=tuple(_row(one, words) for one in summary.done),
        words=words,
    )


def _difference(summary: Summary, one: Difference, words: Words) -> DifferenceView:
    metric = summary.plan.asked.metric
    text = summary.measured.said(one.of, one.against, one.estimates, metric, words)
    return DifferenceView(one.of, one.against, one.estimates, one.verdict, text)


def _budget(plan: Plan, words: Words) -> str:
    name, low, high = plan.budgets
    if low == high:
        return words[name].format(number=low)
    return words[f"{name}_range"].format(low=low, high=high)


def trained_on(done: Sequence[Done], words: Words) -> str:
    """ "30 to 31 real, 300 pasted, 48 backgrounds"."""
    results = [one.result for one in done]
    parts = [
        ("real", [r.images - r.synthetic - r.backgrounds for r in results]),
        ("pasted", [r.synthetic for r in results]),
        ("backgrounds", [r.backgrounds for r in results]),
    ]
    said = [
        words[key].format(number=spread(numbers, words["to"])) for key, numbers in parts if max(numbers) > 0
    ]
    return ", ".join(said)


def spread(numbers: Sequence[int], between: str = "{low} to {high}") -> str:
    """ "30", "30 to 31"."""
    low, high = f"{min(numbers):,}", f"{max(numbers):,}"
    return low if low == high else between.format(low=low, high=high)


def _facts(summary: Summary, words: Words) -> Iterator[tuple[str, str]]:
    plan, real, asked = summary.plan, summary.real, summary.plan.asked
    settings = ", ".join(f"{key} = {value}" for key, value in (plan.config.fit or {}).items())
    yield words["budget"], words["budget_said"].format(budget=_budget(plan, words), settings=settings)
    judged = words[f"judges_{asked.judged_by}"]
    sets = ", ".join(path.name for path in asked.judges)
    yield words["judges"], judged.format(split=asked.split, sets=sets)
    checked = sum(one.result.files_checked for one in summary.done)
    yield words["nothing_else"], words["nothing_else_said"].format(checked=checked)
    yield words["weights"], words["weights_said"]
    counted = words["false_backgrounds" if real.backgrounds else "false_photographs"]
    settled = {"confidence": asked.confidence, "rate": asked.false_positives}
    yield words["false_positives"], counted.format(count=len(real.backgrounds), **settled)
    draws = summary.measured.bench.draws
    yield words["intervals"], words["intervals_said"].format(level=LEVEL, draws=draws)


def _row(one: Done, words: Words) -> tuple[str, ...]:
    result = one.result
    return (
        one.job.arm.name,
        str(one.job.seed),
        str(one.job.fold + 1),
        _three(one.ap50),
        _three(one.ap),
        "-" if math.isnan(one.false_positives) else f"{one.false_positives:.2f}",
        trained_on([one], words),
        f"{result.seconds:,.0f}",
        f"{result.cpu_seconds:,.0f}",
    )


def _three(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"


# pictures


def _trained(summary: Summary, arm: Arm) -> tuple[Shown, ...]:
    """Some of the training images of the first seed and fold, spread evenly over their names."""
    folder = summary.plan.job_folder(summary.jobs_of(arm.name)[0].job) / "data"
    images = sorted((folder / "images" / "train").glob("*"))
    chosen = np.linspace(0, len(images) - 1, min(_TRAINED, len(images))).round().astype(int)
    shown = []
    for image in (images[i] for i in dict.fromkeys(chosen.tolist())):
        facts = facts_of_file(str(image))
        size = facts.width or 1, facts.height or 1
        rows = (folder / "labels" / "train" / f"{image.stem}.txt").read_text(encoding="utf-8").splitlines()
        labels = tuple(_from_shares([float(v) for v in row.split()[1:5]], size) for row in rows if row)
        shown.append(Shown(image, image.name, size, labels, ()))
    return tuple(shown)


def _from_shares(row: Sequence[float], size: tuple[int, int]) -> Corners:
    """A row of a label file, cx, cy, w, h in shares of the image, as corners in pixels."""
    cx, cy, w, h = row
    return (
        (cx - w / 2) * size[0],
        (cy - h / 2) * size[1],
        (cx + w / 2) * size[0],
        (cy + h / 2) * size[1],
    )


def _strip(summary: Summary, arm: Arm, words: Words) -> tuple[Shown, ...]:
    """The same photographs for every arm, spread evenly from small objects to large ones."""
    photographs = summary.real.photographs
    sizes = []
    for number, one in enumerate(photographs):
        area = max(((x1 - x0) * (y1 - y0) for _, x0, y0, x1, y1 in one.boxes), default=0.0)
        if area:
            sizes.append((area / (one.width * one.height), number))
    ranked = [number for _, number in sorted(sizes)]
    chosen = np.linspace(0, len(ranked) - 1, min(_STRIP, len(ranked))).round().astype(int)
    return tuple(_shown(summary, arm, 0, ranked[i], words) for i in dict.fromkeys(chosen.tolist()))


def _shown(summary: Summary, arm: Arm, seed: int, number: int, words: Words) -> Shown:
    photograph = summary.real.photographs[number]
    labels = summary.measured.bench.labels[number]
    found = summary.measured.arms[arm.name][seed].photographs[number]
    detections, hit = _detections(summary.plan, found, labels)
    wrong = sum(not one.right for one in detections)
    said = words["found_false" if wrong else "found"].format(hit=hit, labels=len(labels), wrong=wrong)
    return Shown(
        file=summary.plan.out / photograph.file,
        name=photograph.image.rpartition("/")[2],
        size=(photograph.width, photograph.height),
        labels=tuple(_corners(row) for row in labels.xyxy),
        found=detections,
        caption=said,
    )


def _detections(plan: Plan, found: Boxes, labels: Boxes) -> tuple[tuple[Detection, ...], int]:
    """(those that are sure enough to be shown, how many labels they find)."""
    got = taken(found, labels)
    rows = np.flatnonzero(found.scores >= plan.asked.confidence)
    detections = tuple(
        Detection(_corners(found.xyxy[row]), float(found.scores[row]), bool(got[row] >= 0)) for row in rows
    )
    return detections, sum(one.right for one in detections)


def _corners(row: NDArray[np.float64]) -> Corners:
    x0, y0, x1, y1 = (float(v) for v in row)
    return x0, y0, x1, y1


def _misses(summary: Summary, arm: Arm, words: Words) -> tuple[Shown, ...]:
    """Labels found with the lowest scores, in the mean over the seeds; of equals the largest first."""
    seeds = summary.measured.arms[arm.name]
    sure = summary.plan.asked.confidence
    ranked = []
    for number, labels in enumerate(summary.measured.bench.labels):
        scores = np.zeros((len(seeds), len(labels)))
        for seed, seen in enumerate(seeds):
            got = taken(seen.photographs[number], labels)
            for row in np.flatnonzero(got >= 0):
                scores[seed, got[row]] = seen.photographs[number].scores[row]
        area = (labels.xyxy[:, 2:] - labels.xyxy[:, :2]).prod(axis=1)
        for label in range(len(labels)):
            times = int((scores[:, label] >= sure).sum())
            ranked.append((float(scores[:, label].mean()), -float(area[label]), number, label, times))
    shown: list[Shown] = []
    for score, _, number, label, times in sorted(ranked):
        if times == len(seeds) or len(shown) == _MISSES:
            break
        box = _corners(summary.measured.bench.labels[number].xyxy[label])
        said = words["missed"].format(times=times, seeds=len(seeds), score=score)
        shown.append(_piece(_shown(summary, arm, 0, number, words), box, said))
    return tuple(shown)


def _piece(whole: Shown, box: Corners, said: str) -> Shown:
    crop = _around(box, whole.size)
    return Shown(whole.file, whole.name, whole.size, whole.labels, _inside(whole.found, crop), crop, said)


def _inside(found: Sequence[Detection], crop: tuple[int, int, int, int]) -> tuple[Detection, ...]:
    x0, y0, x1, y1 = crop
    return tuple(
        one
        for one in found
        if one.xyxy[0] < x1 and one.xyxy[2] > x0 and one.xyxy[1] < y1 and one.xyxy[3] > y0
    )


def _around(box: Corners, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """A square around a box, as far as the picture goes."""
    side = max(_LEAST_PIECE, 2 * _AROUND * max(box[2] - box[0], box[3] - box[1]))
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    left, top = (round(max(0, min(c - side / 2, n - side))) for c, n in ((x, size[0]), (y, size[1])))
    return left, top, round(min(left + side, size[0])), round(min(top + side, size[1]))


def _false(summary: Summary, arm: Arm, words: Words) -> tuple[Shown, ...]:
    """The most confident detections that find nothing, one a picture, over all seeds and backgrounds."""
    best: dict[tuple[str, int], tuple[float, int, Corners]] = {}

    def note(where: tuple[str, int], score: float, seed: int, box: Corners) -> None:
        if where not in best or score > best[where][0]:
            best[where] = (score, seed, box)

    for seed, seen in enumerate(summary.measured.arms[arm.name]):
        for number, found in enumerate(seen.photographs):
            got = taken(found, summary.measured.bench.labels[number])
            for row in np.flatnonzero((got < 0) & (found.scores >= summary.plan.asked.confidence)):
                note(("photograph", number), float(found.scores[row]), seed, _corners(found.xyxy[row]))
    for job, there in summary.on_backgrounds(arm.name):
        for row in np.flatnonzero(there.scores >= summary.plan.asked.confidence):
            where = ("background", int(there.image[row]))
            note(where, float(there.scores[row]), summary.seeds.index(job.seed), _corners(there.xyxy[row]))
    shown = []
    ranked = sorted(best.items(), key=lambda item: (-item[1][0], item[0]))
    for (kind, number), (score, seed, box) in ranked[:_FALSE]:
        if kind == "photograph":
            said = words["on_photograph"].format(score=score)
            shown.append(_piece(_shown(summary, arm, seed, number, words), box, said))
            continue
        background = summary.real.backgrounds[number]
        size = background.width, background.height
        crop = _around(box, size)
        file, name = summary.plan.out / background.file, background.image.rpartition("/")[2]
        found_there = (Detection(box, score, False),)
        said = words["on_background"].format(score=score)
        shown.append(Shown(file, name, size, (), found_there, crop, said))
    return tuple(shown)

"""The sections of the page of one evaluation, but for its images: an analysis in, HTML out."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from trainer.analysis import TOO_SURE, Analysis
from trainer.metrics import ClassMetrics, Curve, Metrics
from trainer.metrics.bootstrap import Interval
from trainer.metrics.mistakes import KINDS
from trainer.report.lines import Line, lines, reliability, style_of
from trainer.report.matrix import matrix
from trainer.report.page import drawing, drawings, figure, lead, section, signed, table, text
from trainer.report.rows import bars, shares

_NAMED = 12  # classes with a name and a colour in a chart
_DRAWN = 100  # classes with a line
_CELLS = 24  # classes in the confusion matrix
_KIND_WORDS = {
    "location": "its class is there, but the box overlaps it by less than half (IoU .1 to .5)",
    "class": "the box is well placed (IoU .5) on an object of another class",
    "duplicate": "the object was found already by a more confident box",
    "both": "of another class, and overlapping it by less than half",
    "background": "nothing is labelled there (IoU under .1); sometimes a label is missing",
    "missed": "no box of its class is near it, and none well placed of another",
}


def mistakes(analysis: Analysis) -> str:
    named = analysis.mistakes
    order = sorted(KINDS, key=lambda kind: -np.nan_to_num(named.costs[kind].ap50))
    rows = [
        (KINDS[kind], named.costs[kind].ap50, f"{figure(named.costs[kind].ap50)} ({named.costs[kind].count})")
        for kind in order
    ]
    meanings = [(text(KINDS[kind]), text(_KIND_WORDS[kind])) for kind in order]
    return section(
        "mistakes",
        "Mistakes, and what each kind costs",
        lead(
            "What AP50 gains when an oracle undoes all mistakes of one kind and nothing else (after TIDE, "
            "Bolya et al., ECCV 2020). Costs do not add up, since one mistake hides another. All false "
            f"detections together cost {figure(named.false_cost)}, all labels not found "
            f"{figure(named.missed_cost)}."
        ),
        drawings(
            drawing(
                "AP50 that each kind of mistake costs",
                bars(rows, x="AP50 gained without them"),
                f"In brackets: how many there are from confidence {named.confidence:.2f}.",
            ),
            '<figure><figcaption>What the kinds mean</figcaption><ul class="meanings">'
            + "".join(f"<li><b>{name}</b>: {meaning}.</li>" for name, meaning in meanings)
            + "</ul></figure>",
        ),
    )


def classes(analysis: Analysis) -> str:
    metrics = analysis.metrics
    heads = ["class", "images", "labels", "AP50", "AP75", "AP", "AR", "VOC07", "VOC12"]
    rows = []
    all_of_them: list[tuple[str, ClassMetrics | Metrics]] = [*metrics.per_class.items(), ("all", metrics)]
    for i, (name, m) in enumerate(all_of_them):
        interval = analysis.intervals.get(f"ap50/{i}" if i < len(metrics.per_class) else "ap50")
        cells = [text(name), str(m.images), str(m.boxes), figure(m.ap50) + _between(interval)]
        rows.append([*cells, *(figure(v) for v in (m.ap75, m.ap, m.ar, m.voc07_ap50, m.voc12_ap50))])
    return section(
        "classes",
        "Classes",
        lead(
            "AP: COCO's, the mean over IoU .50 to .95; AR: recall with at most 100 detections a class an "
            "image, over the same. VOC07 and VOC12: AP50 by eleven points and by area."
        ),
        table(heads, rows, last_is_sum=True),
    )


def _between(interval: Interval | None) -> str:
    if interval is None or math.isnan(interval.low):
        return ""
    return f" <small>{interval.low:.3f}–{interval.high:.3f}</small>"


def curves(metrics: Metrics) -> str:
    rows = sorted(((n, m) for n, m in metrics.per_class.items() if m.boxes), key=lambda row: -row[1].boxes)
    rows = rows[:_DRAWN]
    many = f" Named are the {_NAMED} classes with most labels." if len(rows) > _NAMED else ""
    return section(
        "curves",
        "Curves",
        lead(f"At IoU .50. A dot marks where F1 of a class is best.{many}"),
        drawings(
            drawing(
                "Precision and recall",
                lines(
                    [_pr(name, m, i) for i, (name, m) in enumerate(rows)],
                    x="recall: share of labels found",
                    y="precision: share right",
                ),
                "Behind each name: AP50.",
            ),
            drawing(
                "F1 by confidence",
                lines(
                    [
                        *(_f1(name, m.curve, _style(i)) for i, (name, m) in enumerate(rows)),
                        _f1("all", metrics.curve, "all"),
                    ],
                    x="confidence from which boxes are taken",
                    y="F1",
                ),
                "Behind each name: the best F1.",
            ),
            drawing(
                "Precision and recall by confidence, all classes",
                lines(
                    [
                        _of_confidence("precision", metrics.curve, metrics.curve.precision, "s0"),
                        _of_confidence("recall", metrics.curve, metrics.curve.recall, "s1"),
                    ],
                    x="confidence from which boxes are taken",
                    y="share",
                ),
            ),
        ),
    )


def _style(index: int) -> str:
    return style_of(index) if index < _NAMED else "thin"


def _pr(name: str, m: ClassMetrics, index: int) -> Line:
    curve, best = m.curve, m.best_f1
    start = curve.precision[:1] if len(curve.precision) else np.zeros(1)
    dots = () if math.isnan(best.confidence) or index >= _NAMED else ((best.recall, best.precision),)
    x, y = np.concatenate(([0.0], curve.recall)), np.concatenate((start, curve.precision))
    return Line(f"{name} {figure(m.ap50)}", x, y, _style(index), dots)


def _f1(name: str, curve: Curve, style: str) -> Line:
    best = curve.best_f1()
    dots = () if math.isnan(best.confidence) or style == "thin" else ((best.confidence, best.f1),)
    label = f"{name} {figure(best.f1)}"
    return Line(label, curve.confidence[::-1], curve.f1[::-1], style, dots)


def _of_confidence(name: str, curve: Curve, values: np.ndarray, style: str) -> Line:
    return Line(name, curve.confidence[::-1], values[::-1], style)


def confusion(analysis: Analysis, classes: Sequence[str]) -> str:
    told = analysis.confusion
    shown = list(range(len(classes)))
    if len(classes) > _CELLS:
        inner = told.counts[:-1, :-1].copy()
        np.fill_diagonal(inner, 0)
        shown = sorted(np.argsort(-(inner.sum(axis=0) + inner.sum(axis=1)), kind="stable")[:_CELLS].tolist())
    places = np.array([*shown, len(classes)])
    names = [classes[i] for i in shown]
    some = (
        f" Shown are the {len(shown)} of {len(classes)} classes that are mixed up most."
        if len(shown) < len(classes)
        else ""
    )
    mixed = [(text(classes[a]), text(classes[b]), str(count)) for a, b, count in told.mixed_up[:12]]
    parts = [
        drawing(
            f"What labels were found as, from confidence {told.confidence:.2f}",
            matrix(
                told.counts[np.ix_(places, places)],
                [*names, "nothing there"],
                [*names, "missed"],
                down="labelled as",
                across="found as",
            ),
            "Shade: share of the row. The last row are false detections, the last column missed labels.",
        )
    ]
    if mixed:
        parts.append(
            "<figure><figcaption>Mixed up most often</figcaption>"
            + table(["labelled as", "found as", "how often"], mixed)
            + "</figure>"
        )
    return section("confusion", "Confusion", lead(f"At IoU .50.{some}"), drawings(*parts))


def sizes(analysis: Analysis) -> str:
    metrics = analysis.metrics
    names = {
        "small": "small: up to 32 × 32 px",
        "medium": "medium: up to 96 × 96 px",
        "large": "large: over 96 × 96 px",
        "tall": "tall: over twice as high as wide",
        "compact": "compact",
        "wide": "wide: over twice as wide as high",
    }
    rows = [
        [text(names[key]), str(m.boxes), figure(m.ap50), figure(m.ap), figure(m.ar)]
        for key, m in (metrics.per_size | metrics.per_shape).items()
    ]
    steps = [
        (
            f"{step.low:g} to {step.high:g} px" if math.isfinite(step.high) else f"{step.low:g} px and more",
            step.recall,
            step.recall_low,
            step.recall_high,
            f"{step.found} of {step.boxes}",
        )
        for step in analysis.by_size
        if step.boxes
    ]
    return section(
        "sizes",
        "Sizes and shapes",
        lead("In pixels of the original image."),
        table(["size, shape", "labels", "AP50", "AP", "AR"], rows),
        drawings(
            drawing(
                f"How large must an object be to be found? From confidence {analysis.working.confidence:.2f}",
                shares(steps, x="share of labels found, with its 95 % interval"),
                "Size: the side of a square of the box's area.",
            )
        ),
    )


def confidence(analysis: Analysis, classes: Sequence[str]) -> str:
    asked, calibration = analysis.questions, analysis.calibration
    heads = [
        "class",
        *("best F1 at", "precision", "recall"),
        *(f"precision ≥ {asked.precision:g} at", "precision", "recall"),
        *(f"≤ {asked.false_rate:g} false an image at", "precision", "recall"),
    ]
    rows = []
    for name in (*classes, ""):
        of = analysis.thresholds[name]
        cells = [text(name or "one for all")]
        for point in (of.best_f1, of.precise, of.quiet):
            there = not math.isnan(point.confidence)
            cells += [
                figure(point.confidence),
                *(figure(v, 2) if there else "–" for v in (point.precision, point.recall)),
            ]
        rows.append(cells)
    points = [
        (b.confidence, b.precision, b.precision_low, b.precision_high, b.count)
        for b in calibration.bins
        if b.count
    ]
    return section(
        "confidence",
        "Confidence",
        lead(
            "Thresholds to take boxes from. They are chosen on these very images, so that on others they do "
            "a little worse: choose them on val, and judge on test."
        ),
        table(heads, rows, last_is_sum=True),
        drawings(
            drawing(
                "Is a confidence of .8 right in 8 of 10?",
                reliability(points, x="confidence", y="precision: share right at IoU .50"),
                _calibration_words(analysis),
            )
        ),
    )


def _calibration_words(analysis: Analysis) -> str:
    c = analysis.calibration
    if math.isnan(c.ece):
        return f"No detection reaches confidence {c.floor:g}, from which errors are told."
    if c.ece <= TOO_SURE:
        verdict = "its confidences can be taken at their word"
    elif abs(c.mean_excess) <= TOO_SURE:
        verdict = "right on the whole, but some confidences are too high and others too low"
    else:
        verdict = "it is too sure of itself" if c.mean_excess > 0 else "it is more often right than it says"
    return (
        f"Over the {c.count} detections from confidence {c.floor:g} on: {verdict} (mean confidence less "
        f"precision: {signed(c.mean_excess)}). Error of calibration (ECE) {c.ece:.3f}; by confidence, place "
        f"and size of the box together (D-ECE, Küppers et al., 2020) {figure(c.dece)}, over {c.dece_count} "
        "of them. Bars are 95 % intervals."
    )


def slices(analysis: Analysis) -> str:
    heads = [
        analysis.column,
        "images",
        "labels",
        "classes",
        "AP50",
        "95 %",
        "AP",
        "95 %",
        "AP50 than the rest",
    ]
    rows, points = [], []
    for part in analysis.slices:
        rest = part.against_rest
        verdict = rest.verdict if rest else "–"
        if rest and rest.verdict != "cannot be told":
            verdict = f'<span class="{rest.verdict}">{rest.verdict}</span>'
        cells = [text(part.name), str(part.images), str(part.boxes), str(part.classes)]
        for interval in (part.ap50, part.ap):
            ends = "–" if math.isnan(interval.low) else f"{interval.low:.3f}–{interval.high:.3f}"
            cells += [figure(interval.estimate), ends]
        rows.append([*cells, verdict])
        points.append((part.name, part.ap50.estimate, part.ap50.low, part.ap50.high, f"{part.images} images"))
    return section(
        "slices",
        f"By {analysis.column}",
        lead(
            "The same figures for parts of the images, with 95 % intervals from drawing images anew. Classes "
            "that have no label in a part stay out of its mean, so parts with other classes are not quite "
            "comparable."
        ),
        table([text(head) for head in heads], rows),
        drawings(drawing(f"AP50 by {analysis.column}", shares(points, x="AP50 with its 95 % interval"))),
    )

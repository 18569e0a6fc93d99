"""Results as a person reads them in a terminal: tables on stdout."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:  # these import torch, which a table has no use for
    from trainer.analysis import Analysis
    from trainer.catalogue import Entry
    from trainer.evolve.outcome import Outcome
    from trainer.export import Exportation
    from trainer.fit import FitResult
    from trainer.judged import Comparison, Judgement
    from trainer.metrics import ClassMetrics, Metrics
    from trainer.metrics.bootstrap import Interval
    from trainer.predict import Predictions
    from trainer.trials import Trials


Lines = list[Table | Text | str]
_MOST_SETTINGS = 12  # of a search that are printed


def print_lines(lines: Lines) -> None:
    """On stdout; as wide as needed where that is no terminal, so that nothing is cut in a log.

    Text is never broken into lines, so that paths and commands can be copied.
    """
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False, markup=False)
    for line in lines:
        console.print(line, soft_wrap=not isinstance(line, Table))


def judgement(judged: Judgement) -> Lines:
    """Tables of precision, of the working point, of sizes and mistakes, each narrow enough for 80 columns."""
    metrics, analysis = judged.metrics, judged.analysis
    what = f"{_shown(judged.weights)} on {judged.split}, {metrics.images} images at {judged.imgsz} px"
    lines: Lines = [Text(what, style="italic"), *_precision(metrics)]
    if analysis.questions.tell_thresholds:
        lines += [Text("\nthresholds for what was asked", style="italic"), _thresholds(analysis)]
    if analysis.intervals:
        lines += ["", *_intervals(analysis)]
    lines += [Text("\nby size and shape in the original image", style="italic"), _sizes(metrics)]
    lines += [Text("\nmistakes", style="italic"), _mistakes(analysis)]
    if analysis.slices:
        lines += [Text(f"\nby {analysis.column}", style="italic"), _slices(analysis)]
    legend = Text(
        "AP: COCO, mean over IoU .50:.95. VOC07, VOC12: AP50 by 11 points, by area.\n"
        "conf: a threshold to start from with `trainer predict --conf`; in the last row one for all.\n"
        f"mistakes: what AP50 gains without them, and how many there are from confidence "
        f"{_figure(analysis.mistakes.confidence)}.",
        style="dim",
    )
    return [*lines, "", legend]


def compared(comparison: Comparison) -> Lines:
    """Figures of A and B, their difference with its interval, and the verdict."""
    from trainer.judged import MEANS

    what = f"{comparison.images} images of {comparison.split}, {comparison.resamples} drawings of them"
    lines: Lines = [Text(what, style="italic")]
    for side in (comparison.a, comparison.b):
        lines.append(f"{side.name}: {_shown(side.found.weights)} at {side.found.imgsz} px")
    table = _table("", "A", "B", "B - A", "95 % interval", "B is")
    rows = [(MEANS[name], difference) for name, difference in comparison.means.items()]
    if len(comparison.per_class) > 1:
        rows += [(f"AP50 {name}", difference) for name, difference in comparison.per_class.items()]
    for i, (name, d) in enumerate(rows):
        if i == len(comparison.means):
            table.add_section()
        change = _signed(d.change.estimate)
        table.add_row(Text(name), _figure(d.a), _figure(d.b), change, _between(d.change, _signed), d.verdict)
    return [*lines, "", table, "", Text(comparison.verdict, style="bold")]


def _precision(metrics: Metrics) -> Lines:
    ap = _table("class", "images", "boxes", "AP50", "AP75", "AP", "VOC07", "VOC12")
    work = _table("class", "conf", "precision", "recall", "F1", "found", "missed", "false")
    rows: list[tuple[str, ClassMetrics | Metrics]] = [*metrics.per_class.items(), ("all", metrics)]
    for name, m in rows:
        figures = (m.ap50, m.ap75, m.ap, m.voc07_ap50, m.voc12_ap50)
        best = m.best_f1
        points = (best.confidence, best.precision, best.recall, best.f1)
        counts = (best.correct, best.missed, best.false)
        last = m is metrics
        for table, cells in (
            (ap, (str(m.images), str(m.boxes), *map(_figure, figures))),
            (work, (*map(_figure, points), *map(str, counts))),
        ):
            if last:
                table.add_section()
            table.add_row(Text(name), *cells, style="bold" if last else None)
    return [ap, Text("\nwhere F1 is best", style="italic"), work]


def _thresholds(analysis: Analysis) -> Table:
    asked = analysis.questions
    wanted = f"precision {asked.precision:g} at", f"{asked.false_rate:g} false an image at"
    table = _table("class", wanted[0], "recall", wanted[1], "recall")
    for name in (*analysis.metrics.per_class, ""):
        if not name:
            table.add_section()
        of = analysis.thresholds[name]
        cells = []
        for point in (of.precise, of.quiet):
            there = not math.isnan(point.confidence)
            cells += [_figure(point.confidence), _figure(point.recall) if there else "-"]
        table.add_row(Text(name or "all"), *cells, style=None if name else "bold")
    return table


def _intervals(analysis: Analysis) -> Lines:
    from trainer.judged import MEANS

    told = [
        f"{shown} {_figure(i.estimate)} ({_between(i, _figure)})"
        for name, shown in MEANS.items()
        for i in [analysis.intervals[name]]
    ]
    title = f"95 % intervals over {analysis.questions.resamples} drawings of the images"
    return [Text(title, style="italic"), "  ".join(told)]


def _sizes(metrics: Metrics) -> Table:
    table = _table("size, shape", "boxes", "AP50", "AP", "AR")
    ranges = {
        "small": "small, up to 32x32 px",
        "medium": "medium, up to 96x96 px",
        "large": "large",
        "tall": "tall, over twice as high as wide",
        "compact": "compact",
        "wide": "wide, over twice as wide as high",
    }
    for name, m in (metrics.per_size | metrics.per_shape).items():
        if name == "tall":
            table.add_section()
        table.add_row(ranges[name], str(m.boxes), _figure(m.ap50), _figure(m.ap), _figure(m.ar))
    return table


def _mistakes(analysis: Analysis) -> Table:
    from trainer.metrics.mistakes import KINDS

    table = _table("kind", "cost in AP50", "count")
    costs = analysis.mistakes.costs.items()
    for kind, cost in sorted(costs, key=lambda item: -item[1].ap50):
        table.add_row(KINDS[kind], _figure(cost.ap50), str(cost.count))
    return table


def _slices(analysis: Analysis) -> Table:
    table = _table(analysis.column, "images", "boxes", "AP50", "95 % interval", "AP", "than the rest")
    for part in analysis.slices:
        table.add_row(
            Text(part.name),
            str(part.images),
            str(part.boxes),
            _figure(part.ap50.estimate),
            _between(part.ap50, _figure),
            _figure(part.ap.estimate),
            part.against_rest.verdict if part.against_rest else "-",
        )
    return table


def fitted(result: FitResult, row: dict[str, float], command: str) -> Lines:
    """The end of a run: figures of the best weights, where they are, and what to type next.

    `row` is the evaluation that chose them (`Metrics.as_row`), empty where there was none; `command` are the
    lines to type.
    """
    lines: Lines = []
    if row:
        table = _table("class", "AP50", "AP")
        for name in [key.removeprefix("ap50/") for key in row if key.startswith("ap50/")]:
            table.add_row(Text(name), _figure(row[f"ap50/{name}"]), _figure(row[f"ap/{name}"]))
        table.add_row("all", _figure(row["ap50"]), _figure(row["ap"]), style="bold")
        title = f"best weights, step {result.best_step} of {result.steps}, on val"
        lines += [Text(title, style="italic"), table, ""]
    time = f"{result.seconds:.0f} s ({result.cpu_seconds:.0f} s of CPU)"
    lines.append(f"{result.steps} steps in {time}; weights: {_shown(result.best)}")
    return [*lines, f"next:\n{command}"]


def listed(entries: Sequence[Entry]) -> Lines:
    """Networks and their costs."""
    if not entries:
        return ["no network can be so"]
    table = _table("model", "parameters", "GFLOPs", "strides", "activation", "neck", "head", "licence")
    for e in entries:
        strides = ",".join(map(str, e.strides))
        figures = (f"{e.parameters:,}", f"{e.gflops:.1f}", strides, e.activation, e.neck, e.head, e.licence)
        table.add_row(e.name, *figures)
    first = entries[0]
    legend = f"for {first.classes} classes; GFLOPs at {first.imgsz} x {first.imgsz}"
    return [table, "", Text(legend, style="dim")]


def tried(trials: Trials) -> Lines:
    """Networks over their seeds: precision, cost, and time a photograph."""
    many = max(len(row.trials) for row in trials.rows) > 1
    what = f"{trials.split}, {trials.images} images, trained at {trials.imgsz} px"
    table = _table("model", "AP50", "AP", "AP small", "parameters", "GFLOPs", "ms", "network", "steps")
    for row in trials.rows:
        spread = [_spread(*row.of(figure), many) for figure in ("ap50", "ap", "ap_small")]
        steps = sum(t.steps for t in row.trials) / max(sum(not t.problem for t in row.trials), 1)
        times = ("-", "-") if row.times is None else (f"{row.times.total:.1f}", f"{row.times.network:.1f}")
        costs = (f"{row.parameters:,}", f"{row.gflops:.1f}") if row.parameters else ("-", "-")
        table.add_row(row.model, *spread, *costs, *times, f"{steps:.0f}")
    over = "AP: mean and standard deviation over the seeds." if many else "One seed: small gaps are chance."
    legend = (
        f"ms: a photograph from file to boxes on {trials.device}, one at a time, median; network: its part.\n"
        f"{over}"
    )
    return [
        Text(what, style="italic"),
        table,
        "",
        Text(legend, style="dim"),
        f"written to {_shown(trials.out / 'compare.png')} and compare.json",
    ]


def evolved(outcome: Outcome) -> Lines:
    """What a search came to: the verdict, what was confirmed, and the settings that moved."""
    plan, verdict = outcome.plan, outcome.verdict
    cut = sum(trial.cut for trial in outcome.trials)
    what = (
        f"{len(outcome.trials)} trials of {plan.steps} steps, {cut} given up early; {outcome.steps:,} in all"
    )
    lines: Lines = [Text(what, style="italic")]
    if verdict is not None:
        table = _table("settings", "first seen", "fresh seeds", "gain", "at least", "better")
        mean = _spread(verdict.defaults.mean, verdict.noise, True)
        table.add_row("start", _figure(verdict.defaults.found), mean, "", "", "")
        for one in verdict.others:
            figures = (_figure(one.arm.found), _figure(one.arm.mean), _signed(one.gain), _signed(one.least))
            table.add_row(one.arm.label.rstrip(","), *figures, "yes" if one.better else "cannot be told")
        lines += [table, ""]
    if outcome.chosen is not outcome.start:
        table = _table("setting", "start", "chosen", "decides")
        for dimension, value in outcome.turned()[:_MOST_SETTINGS]:
            share = outcome.importance.get(dimension.name)
            cells = (f"{dimension.start:g}", f"{value:g}", "-" if share is None else f"{share:.0%}")
            table.add_row(dimension.name.replace("_", "-"), *cells)
        more = len(outcome.space.dimensions) - _MOST_SETTINGS
        lines += [table, *([Text(f"and {more} that moved less", style="dim")] if more > 0 else []), ""]
    lines += [Text(sentence, style="bold") for sentence in outcome.said()]
    out = plan.config.run
    return [*lines, f"written to {_shown(out / 'hyp.toml')}, evolve.html and evolve.json"]


def _spread(mean: float, deviation: float, many: bool) -> str:
    if not many or math.isnan(mean):
        return _figure(mean)
    return f"{mean:.3f} ± {deviation:.3f}" if not math.isnan(deviation) else f"{mean:.3f}"


def predicted(result: Predictions, out: Path) -> Lines:
    """How many boxes of each class were found, and where they are."""
    count = len(result.images)
    table = _table("class", "boxes")
    for name, boxes in result.counts().items():
        table.add_row(Text(name), str(boxes))
    title = f"{count} image{'' if count == 1 else 's'}"
    return [Text(title, style="italic"), table, f"written to {_shown(out)}"]


def exported(result: Exportation) -> Lines:
    """What was written, and what whoever runs it must know."""
    about = result.about
    what = result.format if result.opset is None else f"{result.format}, opset {result.opset}"
    images = (
        f"(any, 3, any, any), sides multiples of {about.stride}"
        if about.shape is None
        else f"({about.batch}, 3, {about.shape[1]}, {about.shape[0]})"
    )
    boxes = ", ".join(map(str, result.output))
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_row("images", f"{images}: RGB, 0 to 1, letterboxed with grey 114")
    table.add_row(
        "boxes",
        f"({boxes}){f' at {about.imgsz} px' if about.shape is None else ''}: {result.values}, then classes",
    )
    table.add_row("classes", ", ".join(about.classes))
    table.add_row(
        "checked", f"differs from the network by at most {result.difference:.1g} of a number and one"
    )
    size = f"{result.size / 1e6:.1f} MB"
    title = Text(f"{_shown(result.weights)}: {what}, {size}", style="italic")
    return [title, table, f"written to {_shown(result.path)}"]


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for i, column in enumerate(columns):
        # Class names may wrap, figures may not.
        table.add_column(column, justify="right" if i else "left", no_wrap=bool(i))
    return table


def _shown(path: Path) -> str:
    """A path as text that any terminal takes, even where its bytes are no UTF-8."""
    return str(path).encode("utf-8", "backslashreplace").decode("utf-8")


def _figure(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"


def _signed(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:+.3f}"


def _between(interval: Interval, show: Callable[[float], str]) -> str:
    return "-" if math.isnan(interval.low) else f"{show(interval.low)} to {show(interval.high)}"

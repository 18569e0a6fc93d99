"""The page of one evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainer.metrics import Matching, Metrics, WorkingPoint
from trainer.metrics.bootstrap import RESAMPLES
from trainer.metrics.mistakes import KINDS
from trainer.metrics.worst import choose
from trainer.report import gallery, pictures, sections
from trainer.report.page import assemble, figure, section, text

if TYPE_CHECKING:
    from trainer.analysis import Analysis
    from trainer.ground import Ground
    from trainer.judged import Judgement


def page(judged: Judgement, ground: Ground, matching: Matching, worst: int) -> bytes:
    """The page, with at most `worst` images."""
    analysis, classes = judged.analysis, judged.classes
    images, data = _images(analysis, ground, matching, worst)
    parts = [
        ("images", "Images to look at", images),
        ("mistakes", "Mistakes", sections.mistakes(analysis)),
        ("classes", "Classes", sections.classes(analysis)),
        ("curves", "Curves", sections.curves(analysis.metrics)),
        ("confusion", "Confusion", sections.confusion(analysis, classes)),
        ("sizes", "Sizes and shapes", sections.sizes(analysis)),
        ("confidence", "Confidence", sections.confidence(analysis, classes)),
    ]
    if analysis.slices:
        parts.append(("slices", f"By {analysis.column}", sections.slices(analysis)))
    parts.append(("method", "How it was judged", _method(judged)))
    name = f"{run_name(judged.weights)} on {judged.split}"
    return assemble(title=name, heading=name, head=_head(judged), sections=parts, data=data)


def run_name(weights: Path) -> str:
    """What to call weights: their run, RUN/weights/best.pt, or else their file."""
    return weights.parent.parent.name if weights.parent.name == "weights" else weights.name


def tiles(metrics: Metrics, small: Mapping[str, str]) -> str:
    """The main figures as a list; `small` are words under some of them, by `ap`, `ap50`, `ap75`."""
    rows = [("AP", metrics.ap, "ap"), ("AP50", metrics.ap50, "ap50"), ("AP75", metrics.ap75, "ap75")]
    rows += [(f"AP {size}", of.ap, "") for size, of in metrics.per_size.items() if of.boxes]
    cells = []
    for word, value, key in rows:
        under = f"<small>{text(small[key])}</small>" if key in small else ""
        cells.append(f"<li><b>{figure(value)}</b>{text(word)}{under}</li>")
    return f'<ul class="tiles">{"".join(cells)}</ul>'


def in_words(point: WorkingPoint, metrics: Metrics) -> str:
    """The working point in a sentence."""
    if not metrics.boxes:
        return "Nothing is labelled here, so there is nothing to be found."
    if not point.correct:
        return f"From confidence {point.confidence:.2f} it finds nothing that is labelled."
    rate = point.false / max(metrics.images, 1)
    return (
        f"From confidence {point.confidence:.2f} it finds {point.correct} of {metrics.boxes} objects "
        f"({point.recall:.0%}); {point.precision:.0%} of its boxes are right, {point.false} are not: "
        f"{rate:.2f} an image."
    )


def _head(judged: Judgement) -> str:
    analysis, metrics = judged.analysis, judged.metrics
    facts = (
        f"{judged.weights} on {judged.split} of {judged.data}: {metrics.images} images, "
        f"{metrics.boxes} labels, at {judged.imgsz} px"
    )
    between = {key: f"{figure(i.low)} to {figure(i.high)}" for key, i in analysis.intervals.items()}
    said = text(in_words(analysis.working, metrics))
    facts = f'<p class="facts"><bdi>{text(facts)}</bdi></p>'
    return f'{facts}<p class="said">{said}</p>{tiles(metrics, between)}'


def _images(analysis: Analysis, ground: Ground, matching: Matching, worst: int) -> tuple[str, dict[str, Any]]:
    """The section, and what the script works on."""
    chosen = choose(list(analysis.worst), worst)
    pane = pictures.Pane(matching, analysis.mistakes.confidence, analysis.worst)
    rows, left = pictures.rows(
        [row.image for row in chosen],
        [pane],
        ground.split.images,
        ground.sizes,
        ["cost {cost}"] * len(chosen),
    )
    counts = {kind: sum(row.cost_of(kind) > 0 for row in chosen[: len(rows)]) for kind in KINDS}
    words = (
        f"{len(analysis.worst)} of {analysis.metrics.images} images hold a mistake at confidence "
        f"{analysis.mistakes.confidence:.2f}; here are {len(rows)} that cost most, the worst of every kind "
        "among them. A false detection costs its confidence; a missed label costs 1, less the confidence of "
        "a detection just under the line. Press a picture to enlarge it, or a mistake to see it closely."
    )
    note = f"{left} more would make this page too large to open quickly." if left else ""
    html = gallery.gallery("Images to look at", words, counts, note=note)
    return html, gallery.data(rows, ground.classes, [""])


def _method(judged: Judgement) -> str:
    asked = judged.analysis.questions
    facts = [
        "Boxes are clipped to their image. AP and AR are COCO's, equal to those of pycocotools.",
        f"{judged.report.summary()}.",
    ]
    if judged.analysis.intervals or judged.analysis.slices:
        facts.append(
            f"Intervals: {asked.resamples or RESAMPLES} drawings of the images with replacement, seed "
            f"{asked.seed}. They tell how far figures would move on other images of the same kind; not on "
            "images of another kind, nor after another training."
        )
    lines = "".join(f"<li>{text(fact)}</li>" for fact in (*facts, *judged.notes))
    return section("method", "How it was judged", f"<ul>{lines}</ul>")

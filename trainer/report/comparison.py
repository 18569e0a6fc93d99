"""The page of two detectors on the same images: which is better, and the images on which they differ most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trainer.judged import MEANS
from trainer.metrics.mistakes import KINDS
from trainer.report import gallery, pictures
from trainer.report.judgement import in_words, run_name
from trainer.report.page import assemble, drawing, drawings, figure, lead, section, signed, table, text
from trainer.report.rows import changes

if TYPE_CHECKING:
    from trainer.ground import Ground
    from trainer.judged import Comparison, Side
    from trainer.metrics.bootstrap import Difference

_MOST_CLASSES = 40  # in the chart: those that changed most
_EVEN = 0.005  # a smaller change of cost is no reason to look at an image


def page(comparison: Comparison, ground: Ground, worst: int) -> bytes:
    """The page, with at most `worst` images."""
    images, data = _images(comparison, ground, worst)
    parts = [
        ("differences", "Differences", _differences(comparison)),
        ("images", "Images", images),
        ("mistakes", "Mistakes", _mistakes(comparison)),
        ("method", "How it was judged", _method(comparison)),
    ]
    names = [run_name(side.found.weights) for side in (comparison.a, comparison.b)]
    name = f"{names[0]} (A) and {names[1]} (B) on {comparison.split}"
    return assemble(title=name, heading=name, head=_head(comparison), sections=parts, data=data)


def _head(comparison: Comparison) -> str:
    lines = []
    for side in (comparison.a, comparison.b):
        told = f"{side.name}: {side.found.weights} at {side.found.imgsz} px. "
        said = text(in_words(side.analysis.working, side.metrics))
        lines.append(f'<p class="facts"><bdi>{text(told)}</bdi>{said}</p>')
    facts = f"{comparison.split} of {comparison.data}: {comparison.images} images, {comparison.boxes} labels"
    verdict = comparison.verdict
    said = f'<p class="said">{text(verdict[0].upper() + verdict[1:])}.</p>'
    return f'<p class="facts"><bdi>{text(facts)}</bdi></p>{"".join(lines)}{said}'


def _differences(comparison: Comparison) -> str:
    rows = [(MEANS[name], d) for name, d in comparison.means.items()]
    chart = [(name, *_of(d)) for name, d in rows]
    if len(comparison.per_class) > 1:
        per_class = [(f"AP50 {name}", d) for name, d in comparison.per_class.items()]
        rows += per_class
        largest = sorted(per_class, key=lambda row: -abs(row[1].change.estimate))[:_MOST_CLASSES]
        chart += [(name, *_of(d)) for name, d in per_class if (name, d) in largest]
    cells = [
        [text(name), figure(d.a), figure(d.b), signed(d.change.estimate), _between(d), _verdict(d)]
        for name, d in rows
    ]
    many = (
        " With many classes some differ by chance alone: of 20 that are alike, one is likely to be called "
        "better or worse."
        if len(comparison.per_class) > 4
        else ""
    )
    return section(
        "differences",
        "Differences",
        lead(
            "Both on the same images, drawn together: what makes an image easy or hard moves both, and "
            f"cancels. A difference can be told where its 95 % interval is clear of nought.{many}"
        ),
        table(["", "A", "B", "B − A", "95 % interval", "B is"], cells),
        drawings(drawing("B − A, with 95 % intervals", changes(chart, x="change of average precision"))),
    )


def _of(d: Difference) -> tuple[float, float, float]:
    return d.change.estimate, d.change.low, d.change.high


def _between(d: Difference) -> str:
    return f"{signed(d.change.low)} to {signed(d.change.high)}"


def _verdict(d: Difference) -> str:
    kind = f' class="{d.verdict}"' if d.verdict != "cannot be told" else ""
    return f"<span{kind}>{text(d.verdict)}</span>"


def _costs(side: Side) -> dict[int, float]:
    return {row.image: row.cost for row in side.analysis.worst}


def _images(comparison: Comparison, ground: Ground, worst: int) -> tuple[str, dict[str, Any]]:
    """The section, and what the script works on: half of the images got better, half worse, if they did."""
    a, b = _costs(comparison.a), _costs(comparison.b)
    change = {i: b.get(i, 0.0) - a.get(i, 0.0) for i in a.keys() | b.keys()}
    better = sorted((i for i, c in change.items() if c < -_EVEN), key=lambda i: (change[i], i))
    lost = sorted((i for i, c in change.items() if c > _EVEN), key=lambda i: (-change[i], i))
    half = max(worst // 2, worst - len(better))
    chosen = lost[:half]
    chosen += better[: worst - len(chosen)]
    panes = [
        pictures.Pane(side.found.matching, side.analysis.mistakes.confidence, side.analysis.worst)
        for side in (comparison.a, comparison.b)
    ]
    says = [
        f"mistakes cost {a.get(i, 0.0):.2f} with A and {b.get(i, 0.0):.2f} with B: "
        f"{'worse' if change[i] > 0 else 'better'} by {abs(change[i]):.2f}"
        for i in chosen
    ]
    rows, left = pictures.rows(chosen, panes, ground.split.images, ground.sizes, says)
    kinds = [{m.kind for pane in panes for m in pane.mistakes.get(i, ())} for i in chosen[: len(rows)]]
    counts = {kind: sum(kind in of for of in kinds) for kind in KINDS}
    words = (
        f"B does better on {len(better)} images and worse on {len(lost)}, by what their mistakes cost at "
        "each detector's working confidence. First those where B lost most, then those where it gained most."
    )
    note = f"{left} more would make this page too large to open quickly." if left else ""
    html = gallery.gallery("Images on which they differ most", words, counts, note=note)
    return html, gallery.data(rows, comparison.classes, ["A", "B"], ordered=True)


def _mistakes(comparison: Comparison) -> str:
    a, b = comparison.a.analysis.mistakes, comparison.b.analysis.mistakes
    rows = [
        [
            text(KINDS[kind]),
            *(figure(of.costs[kind].ap50) for of in (a, b)),
            *(str(of.costs[kind].count) for of in (a, b)),
        ]
        for kind in KINDS
    ]
    return section(
        "mistakes",
        "Mistakes, and what each kind costs",
        lead(
            "What AP50 gains when all mistakes of a kind are undone, and how many there are from confidence "
            f"{a.confidence:.2f} with A and {b.confidence:.2f} with B."
        ),
        table(["kind", "A costs", "B costs", "A has", "B has"], rows),
    )


def _method(comparison: Comparison) -> str:
    facts = (
        "Boxes are clipped to their image. AP is COCO's, equal to that of pycocotools.",
        f"{comparison.report.summary()}.",
        f"Intervals: {comparison.resamples} drawings of the images with replacement, seed {comparison.seed}, "
        "the same for both. They tell what to expect on other images of the same kind; training either of "
        "the two anew may move it by more.",
    )
    lines = "".join(f"<li>{text(fact)}</li>" for fact in (*facts, *comparison.notes))
    return section("method", "How it was judged", f"<ul>{lines}</ul>")

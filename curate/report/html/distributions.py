"""Charts of the boxes, the balance of the classes, the splits side by side.

In: the fact tables. Out: HTML with inline SVG. Names of classes and splits go through
`overview.text`, which escapes them.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from curate.dataset import Dataset
from curate.report.html import charts
from curate.report.html.overview import percent, table, text
from curate.report.html.shapes import (
    CELL,
    Shapes,
    areas,
    aspects,
    class_counts,
    crowds,
    positions,
    shapes,
    sides,
    size_shares,
    split_counts,
)
from curate.report.html.words import Words

MOST_CLASSES = 30  # of the list of classes
CHARTED_CLASSES = 12  # that have charts of their own
SPLIT_CLASSES = 12
BLANK = "\u2423"  # "open box", the sign for a blank


def charts_of(data: Dataset, imgsz: int, words: Words) -> str:
    """Charts of all boxes, and of each frequent class to choose instead."""
    every = shapes(data, imgsz)
    if not len(every):
        return f"<p>{text(words['nothing_to_measure'])}</p>"
    named = [(name, count) for name, count in class_counts(data) if count and name is not None]
    chosen = named[:CHARTED_CLASSES] if len(named) > 1 else []
    options = [f'<option value="">{text(words["all_classes"])}</option>']
    options += [
        f'<option value="{n}">{class_name(name, words)} ({count:,})</option>'
        for n, (name, count) in enumerate(chosen)
    ]
    choice = (
        f'<p class="choice"><label>{text(words["which_class"])} <select id="which-class">'
        f"{''.join(options)}</select></label></p>"
        if chosen
        else ""
    )
    sets = [f'<div class="charts" id="charts">{plots(every, imgsz, words)}</div>']
    for number, (name, _) in enumerate(chosen):
        body = plots(shapes(data, imgsz, name), imgsz, words)
        sets.append(f'<template class="class-charts" data-class="{number}">{body}</template>')
    return choice + "".join(sets)


def plots(measured: Shapes, imgsz: int, words: Words) -> str:
    """Charts of some boxes, with the numbers that they are read for."""
    if not len(measured):
        return f"<p>{text(words['nothing_to_measure'])}</p>"
    lead = [words["resolution"].format(imgsz=imgsz, count=f"{len(measured):,}")]
    if measured.left_out:
        lead.append(words["boxes_not_measured"].format(count=f"{measured.left_out:,}"))
    return (
        f'<p class="lead">{text(words["gap"].join(lead))}</p><div class="plots">'
        + "".join(
            (
                _figure(
                    words["size_title"], _size_chart(measured, imgsz, words), _size_notes(measured, words)
                ),
                _figure(words["aspect_title"], _aspect_chart(measured, words), ()),
                _figure(words["area_title"], _area_chart(measured, words), ()),
                _figure(words["position_title"], *_position_chart(measured, words)),
                _figure(
                    words["objects_title"], _crowd_chart(measured, words), (_per_image(measured, words),)
                ),
            )
        )
        + "</div>"
    )


def _figure(title: str, svg: str, notes: Iterable[str]) -> str:
    said = "".join(f"<p>{text(note)}</p>" for note in notes)
    return f"<figure><figcaption>{text(title)}</figcaption>{svg}{said}</figure>"


def _size_chart(measured: Shapes, imgsz: int, words: Words) -> str:
    counts, edges = sides(measured, imgsz)
    ticks = [(float(2**n), str(2**n)) for n in range(1, 20, 2) if 2**n <= edges[-1]]
    place = charts.logarithmic(1.0, float(edges[-1]))
    x = charts.Axis(place, ticks, words["size_axis_x"])
    y = charts.Axis(place, ticks, words["size_axis_y"])
    return charts.grid(counts, edges, x, y, words["size_title"], lines=(CELL,))


def _size_notes(measured: Shapes, words: Words) -> list[str]:
    shares = size_shares(measured)
    median = words["median"].format(
        width=charts.edge(float(np.median(measured.width))),
        height=charts.edge(float(np.median(measured.height))),
    )
    sizes = {key: words[key].format(share=percent(shares[key])) for key in ("small", "medium", "large")}
    under = words["under_cell"].format(share=percent(shares["under_cell"]), cell=CELL)
    said = words["sizes"].format(median=median, **sizes, under=under)
    return [said, words["size_note"].format(cell=CELL)]


def _aspect_chart(measured: Shapes, words: Words) -> str:
    ticks = [(0.0625, "1:16"), (0.25, "1:4"), (1.0, "1:1"), (4.0, "4:1"), (16.0, "16:1")]
    axis = charts.Axis(charts.logarithmic(1 / 16, 16), ticks, words["aspect_axis"])
    return charts.histogram(aspects(measured), axis, words["axis_boxes"], words["aspect_title"])


def _area_chart(measured: Shapes, words: Words) -> str:
    ticks = [(1e-5, "0.001%"), (1e-4, "0.01%"), (1e-3, "0.1%"), (1e-2, "1%"), (1e-1, "10%"), (1.0, "100%")]
    axis = charts.Axis(charts.logarithmic(1e-5, 1.0), ticks, words["area_axis"])
    return charts.histogram(areas(measured), axis, words["axis_boxes"], words["area_title"])


def _position_chart(measured: Shapes, words: Words) -> tuple[str, list[str]]:
    counts = positions(measured)
    ticks = [(0.0, "0"), (0.25, "0.25"), (0.5, "0.5"), (0.75, "0.75"), (1.0, "1")]
    x = charts.Axis(charts.linear(0, 1), ticks, words["position_axis_x"])
    y = charts.Axis(charts.linear(1, 0), ticks, words["position_axis_y"])  # rows of an image go down
    edges = np.linspace(0, 1, len(counts) + 1, dtype=np.float64)
    svg = charts.grid(counts, edges, x, y, words["position_title"])
    return svg, [words["darker"].format(most=f"{int(counts.max()):,}")]


def _crowd_chart(measured: Shapes, words: Words) -> str:
    bins = crowds(measured)
    step = float(bins.edges[1] - bins.edges[0])
    every = max(1, -(-len(bins.counts) // 7))
    # a bar stands for the numbers from its low edge; with one number a bar the label is under its middle
    shift = 0.5 if step == 1 else 0.0
    ticks = [(float(low) + shift, f"{low:,.0f}") for low in bins.edges[:-1][::every]]
    axis = charts.Axis(charts.linear(0, float(bins.edges[-1])), ticks, words["objects_axis"])
    return charts.histogram(bins, axis, words["axis_images"], words["objects_title"])


def _per_image(measured: Shapes, words: Words) -> str:
    mean = float(measured.per_image.mean()) if len(measured.per_image) else 0.0
    empty = int((measured.per_image == 0).sum())
    return words["per_image"].format(mean=charts.edge(round(mean, 2)), empty=f"{empty:,}")


# --- classes and splits ---------------------------------------------------------------------------------


def balance(data: Dataset, words: Words) -> str:
    """Boxes of each class, most first."""
    counts = class_counts(data)
    total = sum(count for _, count in counts)
    if not counts:
        return f"<p>{text(words['no_objects'])}</p>"
    most = max(counts[0][1], 1)
    rows = "".join(
        f'<tr><th scope="row"><bdi>{class_name(name, words)}</bdi></th><td class="bar-cell">{count:,} '
        f"{charts.meter(count / most)}</td><td>{percent(count / total) if total else '-'}</td></tr>"
        for name, count in counts[:MOST_CLASSES]
    )
    rest = counts[MOST_CLASSES:]
    more = words["more_classes"].format(count=f"{len(rest):,}", boxes=f"{sum(c for _, c in rest):,}")
    tail = f"<p>{text(more)}</p>" if rest else ""
    return table([words[key] for key in ("class", "boxes", "share")], rows) + tail


def splits(data: Dataset, words: Words) -> str:
    """Images and boxes of each split, and whether the classes are dealt out alike."""
    classes = [name for name, count in class_counts(data) if count][:SPLIT_CLASSES]
    counts = split_counts(data, classes)
    if not counts:
        return f"<p>{text(words['no_splits'])}</p>"
    total = len(data.images)
    keys = ("split", "images", "share", "boxes", "boxes_per_image")
    rows = []
    for split in counts:
        share = split.images / total if total else 0.0
        mean = charts.edge(round(split.boxes / split.images, 2)) if split.images else "-"
        rows.append(
            f'<tr><th scope="row"><bdi>{split_name(split.name, words)}</bdi></th>'
            f'<td class="bar-cell">{split.images:,} {charts.meter(share)}</td><td>{percent(share)}</td>'
            f"<td>{split.boxes:,}</td><td>{mean}</td></tr>"
        )
    whole = table([words[key] for key in keys], "".join(rows))
    if not classes:
        return whole
    body = []
    for number, name in enumerate(classes):
        cells = "".join(_share_cell(split.classes[number], split.boxes) for split in counts)
        body.append(f'<tr><th scope="row"><bdi>{class_name(name, words)}</bdi></th>{cells}</tr>')
    names = [words["class"], *(words["in_no_list"] if s.name is None else s.name for s in counts)]
    return f"{whole}<h3>{text(words['split_classes'])}</h3>{table(names, ''.join(body))}"


def _share_cell(count: int, of: int) -> str:
    share = count / of if of else 0.0
    return f'<td class="bar-cell">{count:,} <small>{percent(share)}</small> {charts.meter(share)}</td>'


def class_name(name: str | None, words: Words) -> str:
    """A class's name; blanks around it are shown, because they make it another class."""
    if not name:
        return text(words["no_name"])
    bare = name.strip()
    before = len(name) - len(name.lstrip())
    return text(f"{BLANK * before}{bare}{BLANK * (len(name) - before - len(bare))}")


def split_name(name: str | None, words: Words) -> str:
    """A split's name; None is what no list names."""
    return text(words["in_no_list"]) if name is None else text(name)

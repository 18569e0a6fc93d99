"""The statistics as one self-contained page without a script; nothing is loaded, nothing is sent.

Same input, same bytes. What comes from the data set is hostile until it is escaped; beyond that the page
forbids itself (by a Content-Security-Policy) every source but its style.
"""

from __future__ import annotations

from collections.abc import Sequence
from string import Template

from curate.report.html import charts
from curate.report.html.distributions import class_name, plots, split_name
from curate.report.html.overview import percent, table, text
from curate.report.html.words import WORDS as CHART_WORDS
from curate.report.self_contained import ascii_only, part, policy
from curate.report.stats.advice import advice, command, listed
from curate.report.stats.groups import CLASS, SPLIT, Group
from curate.report.stats.result import Result
from curate.report.stats.table import COLUMNS, cells, choose, lead, levels_explained
from curate.report.stats.words import WORDS, Words

MOST_CLASSES = 30  # in the tables
CHARTED_CLASSES = 12  # with charts of their own


def to_html(result: Result, lang: str = "en") -> str:
    """The whole page."""
    words = WORDS[lang]
    style = part("curate.report.html", "page.css") + part("curate.report.stats", "page.css")
    name = result.target.replace("\\", "/").rstrip("/").rpartition("/")[2] or result.target
    shown, hidden = choose(result.groups, MOST_CLASSES)
    parts = [(kind, [group for group in shown if group.kind == kind]) for kind in (SPLIT, CLASS)]
    heads = {SPLIT: words["splits"], CLASS: words["classes"]}
    left_out = result.all.shapes.left_out
    page = Template(part("curate.report.stats", "page.html")).substitute(
        {f"w_{key}": text(word) for key, word in words.items()},
        policy=policy(style),
        style=style,
        page_title=text(words["title"].format(name=name)),
        heading=text(name),
        target=text(result.target),
        lead=text(lead(result, words)),
        left_out=f'<p class="note">{text(words["left_out"].format(count=f"{left_out:,}"))}</p>'
        if left_out
        else "",
        links="".join(f'<a href="#{kind}">{text(heads[kind])}</a>' for kind, found in parts if found),
        advice=_advice(result, words),
        anchors=_anchors(result, words),
        numbers=_numbers(shown, words) + _more(hidden, words),
        levels=_levels(shown, words) + _more(hidden, words),
        levels_explained=text(levels_explained(words)),
        charts=plots(result.all.shapes, result.imgsz, CHART_WORDS[lang]),
        sections="".join(
            f'<section id="{kind}"><h2>{text(heads[kind])}</h2>'
            f"{_sections(found[:CHARTED_CLASSES], result.imgsz, words, lang)}</section>"
            for kind, found in parts
            if found
        ),
    )
    return ascii_only(page)


def _advice(result: Result, words: Words) -> str:
    sentences = advice(result, words)
    if not sentences:
        return f"<p>{text(words['nothing'])}</p>"
    rows = []
    for one in sentences:
        kind = "change" if one.change else "keep"
        chip = f'<span class="chip {kind}">{text(words[kind])}</span>'
        rows.append(f'<li class="{kind}"><b>{text(one.topic)}</b> {chip} {text(one.text)}</li>')
    typed = command(result, words)
    after = (
        f'<p class="command"><code>{text(typed)}</code></p>'
        if typed
        else f'<p class="clean explained">{text(words["defaults"])}</p>'
    )
    return f'<ul class="advice">{"".join(rows)}</ul>{after}'


def _anchors(result: Result, words: Words) -> str:
    found = result.anchors
    if found is None:
        return ""
    rows = []
    for name, one in found.judged.items():
        figures = (
            f"{one.quality.fitness:.4f}",
            f"{one.quality.mean_iou:.4f}",
            percent(one.quality.bpr),
            percent(one.at_home),
            "  ".join(f"{w:g}x{h:g}" for w, h in one.anchors),
        )
        rows.append(_row(text(words[name]), figures))
    if found.held_out is not None:
        own = found.held_out
        figures = (f"{own.fitness:.4f}", f"{own.mean_iou:.4f}", percent(own.bpr), "", "")
        rows.append(_row(text(words["held_out"]), figures))
    heading = words["anchor_table"].format(strides=listed(found.strides))
    keys = ("fitness", "mean_iou", "bpr", "at_home")
    made = table([heading, *(words[key] for key in keys), "px"], "".join(rows))
    return f'<div class="anchors">{made}<p class="explained">{text(words["anchors_explained"])}</p></div>'


def _row(name: str, figures: Sequence[str]) -> str:
    cells_of = "".join(f"<td>{text(figure)}</td>" for figure in figures)
    return f'<tr><th scope="row"><bdi>{name}</bdi></th>{cells_of}</tr>'


def _numbers(shown: Sequence[Group], words: Words) -> str:
    return table(
        [words["group"], *(words[key] for key in COLUMNS)],
        "".join(_row(_name(group, words), cells(group)) for group in shown),
    )


def _levels(shown: Sequence[Group], words: Words) -> str:
    from trainer.levels import STRIDES

    rows = []
    for group in shown:
        shares = "".join(
            f'<td class="bar-cell">{percent(share) if share else "-"} {charts.meter(share)}</td>'
            for share in group.levels
        )
        rows.append(f'<tr><th scope="row"><bdi>{_name(group, words)}</bdi></th>{shares}</tr>')
    return table(
        [words["group"], *(words["stride"].format(stride=stride) for stride in STRIDES)], "".join(rows)
    )


def _more(hidden: int, words: Words) -> str:
    said = words["more_classes"].format(count=f"{hidden:,}")
    return f'<p class="explained">{text(said)}</p>' if hidden else ""


def _sections(found: Sequence[Group], imgsz: int, words: Words, lang: str) -> str:
    return "".join(
        f'<details class="part"><summary><bdi>{_name(group, words)}</bdi> '
        f"<small>{len(group.shapes):,}</small></summary>"
        f"{plots(group.shapes, imgsz, CHART_WORDS[lang])}</details>"
        for group in found
    )


def _name(group: Group, words: Words) -> str:
    """A group's name as HTML; blanks around a class's name are shown."""
    if group.kind == CLASS:
        return class_name(group.name, words)
    return split_name(group.name, words) if group.kind == SPLIT else text(words["all"])

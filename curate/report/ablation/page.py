"""ablation.html: one self-contained page without a script; nothing is loaded, nothing is sent.

Same input, same bytes. What comes from the data set or the configuration is hostile until it is escaped;
beyond that the page forbids itself (by a Content-Security-Policy) every source but its style and pictures.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from string import Template

from curate.ablation.bootstrap import LEVEL, Estimate
from curate.ablation.mistakes import KINDS
from curate.ablation.verdict import Verdict, signed
from curate.report.ablation import bars
from curate.report.ablation.pictures import Album, figures
from curate.report.ablation.view import ArmView, DifferenceView, View, headings
from curate.report.self_contained import ascii_only, part, policy
from curate.tree import display

_KINDS = {Verdict.HELPS: "helps", Verdict.HURTS: "hurts", Verdict.UNTOLD: "untold"}


def to_html(view: View) -> str:
    """The whole page."""
    style = part("curate.report.html", "page.css") + part("curate.report.ablation", "page.css")
    album = Album(view.say("gone"))
    sections = "".join(_section(arm, number, album, view) for number, arm in enumerate(view.arms))
    links = "".join(
        f'<a href="#arm-{number}"><bdi>{_text(arm.name)}</bdi></a>' for number, arm in enumerate(view.arms)
    )
    page = Template(part("curate.report.ablation", "page.html")).substitute(
        {f"w_{key}": _text(word) for key, word in view.words.items()},
        policy=policy(style),
        style=style,
        page_title=_text(f"{view.title} - curate ablate"),
        heading=_text(view.title),
        judged=_text(view.judged_by),
        state="" if view.complete else _note(view.say("unfinished")),
        verdicts="".join(_verdict(one, view) for one in view.differences) or _only_one(view),
        links=links,
        arms_lead=_text(view.say("arms_lead", level=LEVEL)),
        arms=_arms(view),
        differences=_differences(view),
        costs=_costs(view),
        facts="".join(f"<dt>{_text(term)}</dt><dd>{_text(said)}</dd>" for term, said in view.facts),
        notes=_notes(view.notes),
        picture_keys=_picture_keys(view),
        arm_sections=sections,
        symbols=album.symbols(),
        jobs_summary=_text(view.say("trainings", count=len(view.jobs))),
        jobs=_jobs(view),
    )
    return ascii_only(page)


def _text(text: str) -> str:
    return escape(display(text))


def _note(text: str) -> str:
    return f'<p class="note">{_text(text)}</p>'


def _notes(notes: Sequence[str]) -> str:
    return f'<ul class="notes">{"".join(f"<li>{_text(note)}</li>" for note in notes)}</ul>' if notes else ""


def _only_one(view: View) -> str:
    return f"<li>{_text(view.say('one_arm'))}</li>"


def _verdict(one: DifferenceView, view: View) -> str:
    return f'<li class="{_KINDS[one.verdict]}">{_chip(one.verdict, view)} {_text(one.sentence)}</li>'


def _chip(verdict: Verdict, view: View) -> str:
    return f'<span class="chip {_KINDS[verdict]}">{_text(view.say(verdict.value))}</span>'


def _arms(view: View) -> str:
    titles = headings(view)
    first, *others = [view.metric, *(key for key in titles if key != view.metric)]
    place = bars.axis([arm.estimates[first] for arm in view.arms])
    head = _head(view.say("arm")) + f'<th scope="col" colspan="2">{_text(titles[first])}</th>'
    head += "".join(_head(titles[key]) for key in others) + _head(view.say("seconds"))
    rows = []
    for arm in view.arms:
        kind = _KINDS[arm.verdict] if arm.verdict else "base"
        cells = f'<td class="plot">{bars.bar(arm.estimates[first], place, kind)}</td>'
        cells += "".join(
            _number(arm.estimates[key], key == "false_positives", titles[key], view)
            for key in (first, *others)
        )
        each = _text(view.say("seconds_each"))
        cells += f'<td class="number" data-name="{each}">{arm.seconds:,.0f}</td>'
        made = " + ".join(arm.steps) or view.say("alone")
        name = (
            f"<bdi>{_text(arm.name)}</bdi><small>{_text(made)}</small><small>{_text(arm.trained_on)}</small>"
        )
        rows.append(f'<tr><th scope="row">{name}</th>{cells}</tr>')
    foot = f'<tr><td></td><td class="plot">{bars.scale(place)}</td><td colspan="{len(titles) + 1}"></td></tr>'
    return _table(head, rows, foot)


def _differences(view: View) -> str:
    if not view.differences:
        return ""
    keys = [view.metric, *(key for key in headings(view) if key != view.metric)]
    names = {key: view.say(key) for key in keys}
    place = bars.axis([one.estimates[view.metric] for one in view.differences], around_zero=True)
    head = _head(view.say("of")) + f'<th scope="col" colspan="2">{_text(names[view.metric])}</th>'
    head += "".join(_head(names[key]) for key in keys[1:]) + _head(view.say("verdict"))
    rows = []
    for one in view.differences:
        kind = _KINDS[one.verdict]
        cells = f'<td class="plot">{bars.bar(one.estimates[view.metric], place, kind, zero=True)}</td>'
        cells += "".join(_signed(one.estimates[key], names[key], view) for key in keys)
        cells += f"<td>{_chip(one.verdict, view)}</td>"
        name = f"<bdi>{_text(one.of)}</bdi><small>{_text(view.say('against', name=one.against))}</small>"
        rows.append(f'<tr><th scope="row">{name}</th>{cells}</tr>')
    foot = f'<tr><td></td><td class="plot">{bars.scale(place)}</td><td colspan="{len(keys) + 1}"></td></tr>'
    return _table(head, rows, foot)


def _costs(view: View) -> str:
    names = {kind: view.say(f"lost_{kind}") for kind in KINDS}
    head = _head(view.say("arm")) + "".join(map(_head, names.values()))
    rows = []
    for arm in view.arms:
        cells = "".join(_number(arm.costs[kind], False, name, view) for kind, name in names.items())
        rows.append(f'<tr><th scope="row"><bdi>{_text(arm.name)}</bdi></th>{cells}</tr>')
    return _table(head, rows, "")


def _table(head: str, rows: Sequence[str], foot: str) -> str:
    return (
        f'<table class="estimates"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody>'
        f"<tfoot>{foot}</tfoot></table>"
    )


def _head(text: str) -> str:
    return f'<th scope="col">{_text(text)}</th>'


def _number(value: Estimate, short: bool, name: str, view: View) -> str:
    if math.isnan(value.value):
        return f'<td class="number" data-name="{_text(name)}">-</td>'
    digits = 2 if short else 3
    ends = view.say("to", low=f"{value.low:.{digits}f}", high=f"{value.high:.{digits}f}")
    interval = f"<small>{_text(ends)}</small>"
    return (
        f'<td class="number" data-name="{_text(name)}"><span>{value.value:.{digits}f} {interval}</span></td>'
    )


def _signed(value: Estimate, name: str, view: View) -> str:
    if math.isnan(value.value):
        return f'<td class="number" data-name="{_text(name)}">-</td>'
    interval = f"<small>{_text(view.say('to', low=signed(value.low), high=signed(value.high)))}</small>"
    return f'<td class="number" data-name="{_text(name)}"><span>{signed(value.value)} {interval}</span></td>'


def _picture_keys(view: View) -> str:
    keys = "".join(
        f'<span class="key {kind}"></span>{_text(view.say(f"key_{name}"))} '
        for kind, name in (("truth", "label"), ("right", "right"), ("wrong", "wrong"))
    )
    return f"{keys}<br>{_text(view.say('pictures_lead', confidence=view.confidence))}"


def _section(arm: ArmView, number: int, album: Album, view: View) -> str:
    chip = _chip(arm.verdict, view) if arm.verdict else ""
    parts = [f'<section class="arm" id="arm-{number}"><h3><bdi>{_text(arm.name)}</bdi>{chip}</h3>']
    made = " + ".join(arm.steps) or view.say("alone")
    parts.append(
        f'<p class="keys">{_text(made)}; {_text(view.say("trained_on"))}: {_text(arm.trained_on)}</p>'
    )
    rows = (
        ("some_trained", arm.trained, True),
        ("strip", arm.strip, True),
        ("misses", arm.misses, False),
        ("false", arm.false, False),
    )
    for title, shown, whole in rows:
        if shown:
            pictures = figures(album, shown, "pictures whole" if whole else "pictures")
            parts.append(f"<h4>{_text(view.say(title))}</h4>{pictures}")
    return "".join(parts) + "</section>"


def _jobs(view: View) -> str:
    head = "".join(map(_head, view.jobs_head))
    rows = "".join("<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in view.jobs)
    table = f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
    return f'<div class="wide"><table class="counts left1">{table}</table></div>'

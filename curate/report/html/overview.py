"""The head of the page and its rules: what was found, what a trainer would see, what each rule is about.

In: a report. Out: HTML. Every text of the data goes through `text`, which escapes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from curate.findings import Severity
from curate.report.html import charts
from curate.report.html.catalogue import to_html
from curate.report.html.words import Words
from curate.report.model import CodeCount, Report
from curate.rules import RULES
from curate.rules.model import Rule
from curate.rules.pages import sections, summary
from curate.tree import display


def text(value: object) -> str:
    """Text of the data or of the page as HTML: one line, and nothing in it is markup."""
    return escape(display(str(value)), quote=True)


def table(headings: Iterable[str], rows: str, *, left: int = 1) -> str:
    """A table that scrolls by itself where it is too wide; its first `left` columns hold words."""
    head = "".join(f'<th scope="col"><bdi>{text(heading)}</bdi></th>' for heading in headings)
    return (
        f'<div class="wide"><table class="counts left{left}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


# --- head -----------------------------------------------------------------------------------------------


def head(report: Report, target: str, date: str | None, words: Words) -> str:
    """Which data set, what was found, and what a trainer would see."""
    sees = report.trainer_sees
    facts = words["facts"].format(
        format=report.format.upper(),
        images=f"{sees.images:,}",
        boxes=f"{sees.boxes:,}",
        classes=f"{len(report.data.class_names()):,}",
    )
    lines = [f'<p class="path"><bdi>{text(target)}</bdi></p>', f'<p class="facts">{text(facts)}']
    if report.classes_from:
        lines.append(f" · {text(words['classes_from'].format(source=report.classes_from))}")
    if date:
        lines.append(f" · {text(words['date'])} {text(date)}")
    lines.append("</p>")
    return "".join(lines) + _tiles(report, words) + _sees(report, words) + _notes(report, words)


def _tiles(report: Report, words: Words) -> str:
    tiles = []
    for severity in Severity:
        count = report.severities[severity]
        state = severity.value if count else "none"
        plural = words[severity.value if count == 1 else f"{severity.value}s"]
        tiles.append(f'<li class="tile {state}"><b>{count:,}</b> {text(plural)}</li>')
    for safety, count in sorted(
        report.fixable.items(), key=lambda each: ("safe", "unsafe", "manual").index(each[0])
    ):
        if count:
            tiles.append(f'<li class="tile"><b>{count:,}</b> {text(words[safety.value])}</li>')
    clean = "" if report.findings else f'<p class="clean">{text(words["clean"])}</p>'
    return f'<ul class="tiles">{"".join(tiles)}</ul>{clean}'


def _sees(report: Report, words: Words) -> str:
    sees = report.trainer_sees
    said = words["sees"].format(
        images_seen=f"{sees.images_seen:,}",
        images=f"{sees.images:,}",
        boxes_seen=f"{sees.boxes_seen:,}",
        boxes=f"{sees.boxes:,}",
    )
    bars = "".join(
        f'<span class="seen"><span>{text(words[what])} {percent(part / whole)}</span>'
        f"{charts.meter(part / whole)}</span>"
        for what, part, whole in (
            ("images", sees.images_seen, sees.images),
            ("boxes", sees.boxes_seen, sees.boxes),
        )
        if whole
    )
    return f'<p class="sees">{text(said)}</p><div class="bars">{bars}</div>{_consumers(report, words)}'


def _consumers(report: Report, words: Words) -> str:
    """What trainers of other habits would see; "" where they all see the same."""
    if len({(each.count, each.emptied) for each in report.consumers}) < 2:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{text(each.description)}</th><td>{each.count.images_seen:,}</td>'
        f"<td>{each.count.boxes_seen:,}</td><td>{each.emptied:,}</td></tr>"
        for each in report.consumers
    )
    return table([words[key] for key in ("trainer", "images", "boxes", "emptied")], rows)


def _notes(report: Report, words: Words) -> str:
    notes = list(report.notes)
    if report.fixed and report.run:
        values = {"count": f"{len(report.fixed):,}", "files": f"{report.changed_files:,}", "run": report.run}
        notes.insert(0, words["fixed"].format(**values))
    if not report.converged:
        notes.append(words["not_converged"])
    parts = [f'<p class="note"><b>{text(words["note"])}:</b> {text(note)}</p>' for note in notes]
    if report.skipped:
        rows = "".join(
            f"<li><bdi>{text(path)}</bdi>: {text(why)}</li>" for path, why in report.skipped[:1000]
        )
        said = text(words["skipped"].format(count=f"{len(report.skipped):,}"))
        parts.append(f"<details><summary>{said}</summary><ul>{rows}</ul></details>")
    return "".join(parts)


# --- rules ----------------------------------------------------------------------------------------------


def rule_table(report: Report, words: Words) -> str:
    """A row for each rule that found something, gravest first; each leads to its findings."""
    if not report.by_code:
        return ""
    columns = ("code", "name", "severity", "count", "safe", "unsafe")
    most = max(row.findings for row in report.by_code)
    rows = "".join(_rule_row(row, most, words) for row in report.by_code)
    return table([words[key] for key in columns], rows, left=3)


def _rule_row(row: CodeCount, most: int, words: Words) -> str:
    cells = (
        f'<th scope="row"><a href="#{text(row.code)}">{text(row.code)}</a></th><td>{text(row.name)}</td>'
        f'<td>{badge(row.severity, words)}</td><td class="bar-cell">{row.findings:,} '
        f"{charts.meter(row.findings / most)}</td>"
    )
    repairs = "".join(f"<td>{f'{count:,}' if count else '-'}</td>" for count in (row.safe, row.unsafe))
    return f"<tr>{cells}{repairs}</tr>"


def badge(severity: Severity, words: Words) -> str:
    """A severity as a word in its colour."""
    return f'<span class="badge {severity.value}">{text(words[severity.value])}</span>'


def rule_sections(report: Report, words: Words) -> str:
    """A section for each rule with findings; the page's script fills in the findings."""
    by_code = {rule.code: rule for rule in RULES}
    parts = []
    for number, row in enumerate(report.by_code):
        rule = by_code.get(row.code)
        code = text(row.code)
        parts.append(
            f'<section class="rule" id="{code}" data-rule="{number}" aria-labelledby="h-{code}">'
            f'<h3 id="h-{code}">{badge(row.severity, words)} <a href="#{code}">{code}</a> {text(row.name)} '
            f'<span class="count">{row.findings:,}</span></h3>{_about(rule, words) if rule else ""}'
            '<ol class="findings"></ol><button type="button" class="more" hidden></button></section>'
        )
    return "".join(parts)


def other_rules(report: Report, words: Words) -> str:
    """The rules without a finding here, closed: a link to any rule leads somewhere."""
    found = {row.code for row in report.by_code}
    idle = f" ({text(words['not_asked'])})"
    rest = sorted((rule for rule in RULES if rule.code not in found), key=lambda rule: rule.code)
    parts = [
        f'<details class="other" id="{text(rule.code)}"><summary><b>{text(rule.code)}</b> '
        f"{text(rule.name)}{idle if rule.code in report.not_asked else ''}</summary>"
        f"{_summary(rule, words)}{_documentation(rule, words)}</details>"
        for rule in rest
    ]
    if not rest:
        return ""
    return f'<p>{text(words["others_lead"])}</p><div class="others">{"".join(parts)}</div>'


def _about(rule: Rule, words: Words) -> str:
    """What a rule is, in a sentence; then its documentation, which the script closes on a telephone."""
    about = f"<summary>{text(words['about_rule'])}</summary>"
    return (
        f'{_summary(rule, words)}<details class="about" open>{about}{_documentation(rule, words)}</details>'
    )


def _summary(rule: Rule, words: Words) -> str:
    said = summary(rule, words["lang"][:2])
    return to_html(said[:1].upper() + said[1:])


def _documentation(rule: Rule, words: Words) -> str:
    known = {"Why it hurts training": "why"}
    known |= {word.capitalize(): word for word in ("what", "example", "repair", "evidence")}
    parts = [
        f"<div><h4>{text(words[known[title]] if title in known else title)}</h4>{to_html(body)}</div>"
        for title, body in sections(rule, words["lang"][:2]).items()
        if body
    ]
    return f'<div class="doc">{"".join(parts)}</div>' if parts else to_html(rule.doc)


def rule_options(report: Report) -> str:
    """The rules with findings, to choose one of."""
    return "".join(
        f'<option value="{number}">{text(row.code)} {text(row.name)}</option>'
        for number, row in enumerate(report.by_code)
    )


def left_out(counts: Mapping[str, int], drawn: int, words: Words) -> str:
    """What this page does not hold, said aloud; "" where it holds everything."""
    said = []
    if counts["findings"]:
        said.append(words["findings_left_out"].format(count=f"{counts['findings']:,}"))
    if counts["images"]:
        said.append(words["pictures_left_out"].format(drawn=f"{drawn:,}", left=f"{counts['images']:,}"))
    if counts["lines"]:
        said.append(words["lines_not_read"].format(count=f"{counts['lines']:,}"))
    return "".join(f'<p class="note">{text(sentence)}</p>' for sentence in said)


def percent(share: float) -> str:
    """A share of 0 to 1; what is not all is never shown as 100 %, what is not nothing never as 0 %."""
    if 0 < share < 0.001:
        return "<0.1%"
    if 0.999 < share < 1:
        return ">99.9%"
    return f"{100 * share:.1f}".removesuffix(".0") + "%"

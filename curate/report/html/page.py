"""A report as one self-contained page: everything is inside, nothing is loaded, nothing is sent.

Same input, same bytes: the page holds no clock and no machine. What comes from the data set is hostile until
it is escaped; beyond that the page forbids itself (by a Content-Security-Policy) every script but its own.
"""

from __future__ import annotations

from string import Template
from typing import TextIO

from curate.report.formats import Printing
from curate.report.html import distributions, overview
from curate.report.html.listing import listing, to_json
from curate.report.html.overview import text
from curate.report.html.words import WORDS
from curate.report.model import Report
from curate.report.self_contained import ascii_only, part, policy
from curate.tree import Tree, name_to_text

# the words that the page's script says
_SCRIPT_WORDS = (
    *(
        "lang",
        "safe",
        "unsafe",
        "manual",
        "object",
        "whole_set",
        "shown",
        "more",
        "no_picture",
        "stated_size",
    ),
    *("further_boxes", "all_boxes", "boxes_not_drawn", "box_size"),
)


def write(report: Report, stream: TextIO, printing: Printing) -> None:
    """The page on `stream`."""
    page = to_html(
        report,
        target=printing.target,
        date=printing.date,
        lang=printing.lang,
        workers=printing.workers,
    )
    stream.write(page)


def to_html(
    report: Report,
    *,
    target: str = "",
    date: str | None = None,
    lang: str = "en",
    workers: int | None = None,
) -> str:
    """The whole page. `target` is the folder as the user typed it.

    Boxes are measured at `report.limits.imgsz`. Pictures and excerpts are read from `report.root` as it
    is now. `date` is shown as given; without it the page names none.
    """
    words = WORDS[lang]
    tree = Tree.open(report.root)
    target = name_to_text(target or report.root.name)
    name = target.replace("\\", "/").rstrip("/").rpartition("/")[2] or target
    data = listing(report, tree, words, workers=workers)
    data["words"] = {key: words[key] for key in _SCRIPT_WORDS}
    style, script = part("curate.report.html", "page.css"), part("curate.report.html", "page.js")
    page = Template(part("curate.report.html", "page.html")).substitute(
        {f"w_{key}": text(word) for key, word in words.items()},
        policy=policy(style, script),
        style=style,
        script=script,
        data=to_json(data),
        page_title=text(words["title"].format(name=name)),
        heading=text(name),
        head=overview.head(report, target, date, words),
        rule_table=overview.rule_table(report, words),
        left_out=overview.left_out(data["left_out"], len(data["images"]), words),
        rule_options=overview.rule_options(report),
        rule_sections=overview.rule_sections(report, words),
        other_rules=overview.other_rules(report, words),
        shapes=distributions.charts_of(report.data, report.limits.imgsz, words),
        balance=distributions.balance(report.data, words),
        splits=distributions.splits(report.data, words),
        filters_hidden="" if report.findings else "hidden",
    )
    return ascii_only(page)

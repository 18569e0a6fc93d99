"""Findings as the page's script reads them: columns of numbers, with every text once in one list.

The script of the page (`page.js`) is the other side of this; a name or a place changed here changes there.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

from curate.errors import UnsafePath
from curate.findings import Finding, FixClass, Severity
from curate.report.html.excerpts import Excerpts, Row
from curate.report.html.panes import Pane
from curate.report.html.pictures import album, in_turn
from curate.report.html.subjects import Image, box_number
from curate.report.html.words import Words
from curate.report.model import Report
from curate.tree import Tree, display

MAX_LISTED = 50_000  # findings; more makes the page slow to open
MAX_EXCERPTS = 10_000  # each costs a file to be read again
MAX_READ = 100_000_000  # bytes of all excerpts; each looks through its whole file

SEVERITIES = tuple(Severity)
FIX_CLASSES = tuple(FixClass)


class Texts:
    """Every text once, known by its number."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        if text not in self._numbers:
            self._numbers[text] = len(self.all)
            self.all.append(text)
        return self._numbers[text]


def listing(report: Report, tree: Tree, words: Words, *, workers: int | None = None) -> dict[str, Any]:
    """The data of the page, ready for JSON. Findings come as in the report, rules as in its counts."""
    findings = _listed(report)
    texts = Texts()
    codes = {row.code: number for number, row in enumerate(report.by_code)}
    shown = album(findings, report.data, tree, words, workers=workers)
    excerpts, unread = _excerpts(findings, tree, Excerpts(report, tree, words))
    return {
        "rules": [[row.code, row.name, row.findings] for row in report.by_code],
        "findings": [
            [
                codes[finding.code],
                SEVERITIES.index(finding.severity),
                texts.number(display(finding.path)),
                finding.line or 0,
                finding.column or 0,
                finding.object or 0,
                texts.number(display(finding.message)),
                texts.number(display(finding.consequence)),
                FIX_CLASSES.index(finding.fix.safety),
                texts.number(display(finding.fix.description)),
                -1 if image is None else image,
                box_number(finding),
                [_pane(pane, texts) for pane in panes],
                [_row(row) for row in rows],
            ]
            for finding, image, panes, rows in zip(
                findings, shown.image_of, shown.panes, excerpts, strict=True
            )
        ],
        "images": [_image(image, texts) for image in shown.images],
        "pictures": [f"data:image/jpeg;base64,{base64.b64encode(p).decode()}" for p in shown.pictures],
        "texts": texts.all,
        "left_out": {
            "findings": len(report.findings) - len(findings),
            "images": shown.left_out,
            "lines": unread,
        },
    }


def to_json(value: Any) -> str:
    """JSON that may stand inside <script>: no `<`, so that no text can end the element; only ASCII."""
    text = json.dumps(value, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _listed(report: Report) -> list[Finding]:
    if len(report.findings) <= MAX_LISTED:
        return list(report.findings)
    kept = sorted(in_turn(report.findings)[:MAX_LISTED])
    return [report.findings[number] for number in kept]


def _excerpts(
    findings: Sequence[Finding], tree: Tree, excerpts: Excerpts
) -> tuple[list[tuple[Row, ...]], int]:
    """The lines of each finding, and for how many findings nobody looked."""
    rows: list[tuple[Row, ...]] = [()] * len(findings)
    size: dict[str, int] = {}
    chosen, read = [], 0
    for number in in_turn(findings)[:MAX_EXCERPTS]:
        path = findings[number].path
        if path not in size:
            size[path] = _size(tree, path)
        if read + size[path] <= MAX_READ:
            read += size[path]
            chosen.append(number)
    for number in sorted(chosen):  # by place, so that a file is read once
        rows[number] = excerpts.of(findings[number])
    return rows, len(findings) - len(chosen)


def _size(tree: Tree, path: str) -> int:
    try:
        return tree.size(path)
    except (OSError, UnsafePath):
        return 0  # it went away, or is no file: then nothing will be read either


def _row(row: Row) -> list[Any]:
    return [row.sign, row.number, row.text, *((row.start, row.end) if row.end > row.start else ())]


def _pane(pane: Pane, texts: Texts) -> list[Any]:
    rects = [_short(number) for number in (*pane.view, *pane.place)]
    return [pane.picture, texts.number(pane.caption), *rects]


def _image(image: Image, texts: Texts) -> list[Any]:
    boxes = [
        [*map(_short, box.corners), texts.number(display(box.name)), box.object, box.number]
        for box in image.boxes
    ]
    stated = list(image.stated) if image.stated else [0, 0]
    return [
        texts.number(display(image.path)),
        _short(image.width),
        _short(image.height),
        *stated,
        texts.number(image.why),
        image.boxes_left_out,
        boxes,
    ]


def _short(number: float) -> float | int:
    """A tenth of a pixel is as much as a small picture shows."""
    tenth = round(max(min(number, 1e7), -1e7), 1)
    return int(tenth) if tenth == int(tenth) else tenth

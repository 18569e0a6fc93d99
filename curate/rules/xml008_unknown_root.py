"""unknown-root: the file is VOC in all but the name of its root element.

## What
It holds `<object>`s with names and boxes, but its root is not `<annotation>`.

## Why it hurts training
Readers that ask for the root's name leave the file aside; most do not ask and read it.

## Example
`<Annotations><object>...</object></Annotations>`

## Repair
Unsafe: the root is renamed to `annotation`. Some other tool may know the file by its old root.

## Evidence
torchvision's `VOCDetection` hands out a dictionary under the name of the root; code that asks it for
`["annotation"]` stops.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from curate.findings import Edit, Finding, FixClass, ReplaceText, Severity
from curate.formats.voc import Document
from curate.rules.model import Facts, Rule, Stage


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    for row in facts.problems("unknown-root"):
        yield rule.finding(
            row,
            f"the root element is <{row['detail']}>, not <annotation>",
            "Readers that ask for <annotation> leave the file aside: the image and its labels are lost.",
            safety=FixClass.UNSAFE,
            fix="call the root element annotation",
            line=row["line"],
            column=row["column"],
        )


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    root = document.root if document is not None else None
    if document is None or root is None or not root.closed:
        return []
    size = len(root.tag)
    end_tag = document.text.find(root.tag, root.inner_end, root.end)
    if end_tag < 0:
        return []  # closed by a tag of another name or letter case: which of them is meant?
    return [
        ReplaceText(root.start + 1, root.start + 1 + size, "annotation"),
        ReplaceText(end_tag, end_tag + size, "annotation"),
    ]


RULE = Rule(
    code="XML008",
    name="unknown-root",
    severity=Severity.WARNING,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    stage=Stage.MARKUP,
    formats=("voc",),
)

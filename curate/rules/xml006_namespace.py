"""namespace: `xmlns=` on the root element.

## What
A default namespace puts every element into it, so its name is no longer `object` but `{...}object`.

## Why it hurts training
`root.findall("object")` finds nothing. No error is raised: the image becomes a background image with its
object in plain sight.

## Example
`<annotation xmlns="http://example.org/voc">`

## Repair
Safe: the attribute is taken out; VOC has no namespace, so no element changes its meaning. A file whose tags
carry a prefix is left to a person.
A prefix that is declared and not used (`xmlns:xsi`) harms nobody.

## Evidence
Python's documentation of `xml.etree.ElementTree`, "Parsing XML with Namespaces": tags are expanded to
`{uri}tag`. Measured: `findall("object")` then gives an empty list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from curate.findings import Edit, Finding, FixClass, ReplaceText, Severity
from curate.formats.voc import Document
from curate.rules.ignorable import elements
from curate.rules.model import Facts, Rule, Stage

DEFAULT_NAMESPACE = re.compile(r"""\s+xmlns\s*=\s*(?:"([^"]*)"|'([^']*)')""")


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    seen = set()
    for row in facts.problems("namespace"):
        if row["image_id"] in seen:
            continue
        seen.add(row["image_id"])
        document = facts.document(row["annotation"])
        prefixed = any(":" in element.tag for element in elements(document))
        if not prefixed and not _attributes(document):
            continue  # xmlns:xsi and the like declare a prefix that no element uses
        safe = not prefixed
        yield rule.finding(
            row,
            f"the elements lie in a namespace ({row['detail']})"
            if row["detail"]
            else "a namespace is declared",
            "Common readers find no object and no error: the image is trained as background.",
            safety=FixClass.SAFE if safe else FixClass.MANUAL,
            fix="take the xmlns attribute out" if safe else "take the prefixes off the tags",
            line=row["line"],
            column=row["column"],
        )


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    return _attributes(document) if document is not None else []


def _attributes(document: Document) -> list[ReplaceText]:
    edits = []
    for element in elements(document):
        if "xmlns" in element.attributes:
            match = DEFAULT_NAMESPACE.search(document.text, element.start, element.inner_start)
            if match:
                edits.append(ReplaceText(match.start(), match.end(), ""))
    return edits


RULE = Rule(
    code="XML006",
    name="namespace",
    severity=Severity.ERROR,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    stage=Stage.MARKUP,
    formats=("voc",),
)

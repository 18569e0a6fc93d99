"""unknown-class: a name that the declared list of classes does not hold.

## What
The list comes from `--classes`, the configuration, `classes.txt`, `data.yaml` or `labelmap.txt`.

## Why it hurts training
Converters look the name up in the list and leave out what they do not find, without a word: the label file
becomes shorter or empty, and the object is trained as background.

## Example
`<name>cigarete</name>` with the classes cigarette, hand.

## Repair
Unsafe where exactly one declared class is spelt much alike: that name is written. Otherwise a person has to
choose: add the class to the list, rename the object, or leave it out.

## Evidence
Darknet's `voc_label.py`: `if cls not in classes ... continue`, without a word.
Megvii-BaseDetection/YOLOX#1275: `KeyError: 'insulated_gloves'`, the list says `insulating_gloves`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from curate.findings import Edit, Finding, FixClass, Severity
from curate.formats.voc import Document
from curate.rules.class_names import fold, is_number, rename, rows_named, unlisted, variant_of
from curate.rules.garbled_names import garbled_classes
from curate.rules.model import Facts, Rule

ALIKE = 0.8  # difflib's ratio; "cigarete" and "cigarette" have 0.94, "hand" and "head" 0.75
BEGINNING = 4  # letters from which a name that another one begins with counts as alike: cigar, cigarette
NEAR = 0.6
# difflib takes quadratic time: longer names, and further ones where there are very many, get no suggestion
LONGEST = 100
COMPARISONS = 100_000


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    unknown = [n for n in unlisted(facts) if variant_of(facts, n) is None and not is_number(facts, n)]
    garbled = facts.once(garbled_classes)  # ENC005
    unknown = [name for name in unknown if name not in garbled]
    if not unknown:
        return
    by_fold = {fold(name): name for name in facts.data.classes if len(name) <= LONGEST}
    compared = [n for n in unknown if len(n) <= LONGEST][: COMPARISONS // max(len(by_fold), 1)]
    nearest = {
        name: [by_fold[f] for f in difflib.get_close_matches(fold(name), by_fold, n=3, cutoff=NEAR)]
        for name in compared
    }
    alike = {name: [by_fold[f] for f in by_fold if _alike(fold(name), f)] for name in compared}
    for row in rows_named(facts, unknown):
        name = row["name"]
        near, same = nearest.get(name, []), alike.get(name, [])
        target = same[0] if len(same) == 1 else None
        hint = f"; did you mean {near[0]!r}?" if near else ""
        yield rule.finding(
            row,
            f"the class {name!r} is not in {facts.data.classes_from or 'the list of classes'}{hint}",
            "Converters leave the object out without a word; it is then trained as background.",
            safety=FixClass.MANUAL if target is None else FixClass.UNSAFE,
            fix="add the class to the list, or rename the object" if target is None else f"write {target!r}",
            facts={"name": target},
            line=row["name_line"] or row["line"],
            column=row["name_column"] or row["column"],
        )


def _alike(a: str, b: str) -> bool:
    short, long = sorted((a, b), key=len)
    if len(short) >= BEGINNING and long.startswith(short) and 2 * len(short) >= len(long):
        return True
    return difflib.SequenceMatcher(None, a, b).ratio() >= ALIKE


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    if document is None or finding.object is None:
        return []
    return rename(document, finding.object, finding.fix.facts["name"])


RULE = Rule(
    code="CLS001",
    name="unknown-class",
    severity=Severity.ERROR,
    check=check,
    repair=repair,
    doc=__doc__ or "",
)

"""mojibake: a class name or a file name was decoded wrongly once and saved like that.

## What
The file is valid UTF-8, and what it says is not what was written: UTF-8 that was read as Windows-1252,
Latin-1 or GBK, GBK that was read as Latin-1, and so on. Class names are judged everywhere, `<filename>` where
no image has the annotation's own stem.

## Why it hurts training
The class is not the one in the list: the object is left out, or becomes a class of its own that nobody can
read. An image that is called by such a name is not found.

## Example
`<name>ÊÖ»ú</name>` or `<name>æ‰‹æœº</name>` or `<name>鎵嬫満</name>` for 手机.

## Repair
Unsafe where the text, decoded again, is a declared class (without a list: a class that other objects have) or
a file on disk. Otherwise only a person can tell; what it seems to have been is said. Characters that were
replaced with U+FFFD are lost. Folders and other text that no trainer reads are left alone.

## Evidence
PaddleCV-SIG/PaddleLabel#219: "中文乱码", garbled Chinese in exported labels; HumanSignal/labelImg#83: Chinese
labels that cannot be saved on Windows.
Measured on 1,256,074 words and sentences in 188 languages, the translations of a Linux system's programs: 65
are taken for mojibake, and each of them is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from curate.findings import Edit, Finding, FixClass, Severity
from curate.formats.voc import Document
from curate.rules.class_names import rename, rows_named
from curate.rules.filenames import set_filename
from curate.rules.garbled_names import garbled_classes, garbled_filenames
from curate.rules.model import Facts, Rule

CLASS = "The class is not in the list, or one that nobody can read: the object is lost to its own class."
FILE = "Readers that look for the named file lose this image and its labels."


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    classes = facts.once(garbled_classes)
    for row in rows_named(facts, list(classes)):
        garbled = classes[row["name"]]
        was = f" was {garbled.original!r}" if garbled.original is not None else ""
        yield rule.finding(
            row,
            f"the class {row['name']!r}{was}: {garbled.how}",
            CLASS,
            safety=FixClass.UNSAFE if garbled.known else FixClass.MANUAL,
            fix=f"write {garbled.original!r}" if garbled.known else "write the name that was meant",
            facts={"name": garbled.original, "filename": None},
            line=row["name_line"] or row["line"],
            column=row["name_column"] or row["column"],
            # without a list a name that nobody can read still is a class
            severity=None if garbled.known or facts.data.classes else Severity.WARNING,
        )
    for found in facts.once(garbled_filenames):
        yield rule.finding(
            found.row,
            f"<filename> {found.row['filename'].strip()!r} was {found.name!r}: {found.how}",
            FILE,
            safety=FixClass.UNSAFE,
            fix=f"write {found.name!r}, which is on disk",
            facts={"name": None, "filename": found.name},
            line=found.row["filename_line"],
            column=found.row["filename_column"],
        )


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    if document is None:
        return []
    name, filename = finding.fix.facts["name"], finding.fix.facts["filename"]
    if filename is not None:
        return set_filename(document, filename)
    return [] if name is None or finding.object is None else rename(document, finding.object, name)


RULE = Rule(
    code="ENC005",
    name="mojibake",
    severity=Severity.ERROR,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    formats=("voc",),
)

"""undeclared-gbk: Chinese text as GBK bytes in a file that does not say so.

## What
The bytes are not UTF-8 but valid GB18030 (which covers GBK and GB2312), and the declaration is missing or
says something else. labelImg on a Chinese Windows wrote such files, mostly in `<folder>`.

## Why it hurts training
XML without declaration is UTF-8 (XML 1.0, 4.3.3). `xml.etree` and lxml refuse the whole file, so the
image is lost or, worse, its labels silently become empty.

## Example
`<folder>香烟检测</folder>` stored as the bytes `CF E3 D1 CC BC EC B2 E2`.

## Repair
Re-encoding to UTF-8 is safe where every such byte stands in text that no trainer reads (folder, path,
source, owner, database, comments), or where each decoded name is a declared class and each decoded file
name is on disk. Otherwise it is unsafe; and where the bytes would be as good a text in Big5 or Shift_JIS,
only a person can tell.

## Evidence
Measured with Python 3.11: `xml.etree` stops with "not well-formed (invalid token)". On a Chinese Windows,
readers that open the file as text fail the other way round, on files that are UTF-8:
bubbliiiing/efficientdet-pytorch#15, pprp/voc2007_for_yolo_torch#2.
"""

from __future__ import annotations

from collections.abc import Iterator

from curate.findings import Finding, FixClass, Severity
from curate.formats.markup import Element
from curate.formats.voc import Document
from curate.rules.edits import local_name, recode
from curate.rules.ignorable import Spans, elements, ignorable, non_ascii, only_ignorable
from curate.rules.model import Facts, Rule, Stage

CONSEQUENCE = "XML readers refuse the file: the image is lost, or trained as if nothing were on it."


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    for row in facts.problems("undeclared-gbk"):
        document = facts.document(row["annotation"])
        safety, fix = _judge(document, facts)
        said = f"declares {row['declared_encoding']}" if row["declared_encoding"] else "declares no encoding"
        yield rule.finding(
            row,
            f"the file {said}, but its bytes are GBK: {_sample(document.text)!r}",
            CONSEQUENCE,
            safety=safety,
            fix=fix,
            line=row["line"],
            column=row["column"],
        )


def _judge(document: Document, facts: Facts) -> tuple[FixClass, str]:
    if only_ignorable(document, non_ascii(document.text)):
        return FixClass.SAFE, "re-encode the file to UTF-8; only text that no trainer reads is concerned"
    leaves = [e for e in elements(document) if not e.children and not e.text.isascii()]
    unread = ignorable(document)
    concerned = [e for e in leaves if e.inner_start not in unread]
    known = facts.once(_known_names)
    if concerned and _others_ignorable(document, concerned) and all(_known(e, known) for e in concerned):
        return FixClass.SAFE, "re-encode the file to UTF-8; the decoded names are known classes and files"
    rival = _rival(document.text)
    if rival:
        return FixClass.MANUAL, f"save the file as UTF-8 yourself: as {rival} the bytes would be text as well"
    return FixClass.UNSAFE, "re-encode the file from GBK to UTF-8"


def _others_ignorable(document: Document, concerned: list[Element]) -> bool:
    inside = Spans((e.inner_start, e.inner_end) for e in concerned)
    return only_ignorable(document, (o for o in non_ascii(document.text) if o not in inside))


def _known(element: Element, known: frozenset[str]) -> bool:
    return local_name(element) in ("name", "filename") and element.text.strip() in known


def _known_names(facts: Facts) -> frozenset[str]:
    """Classes that a list declares (without a list: that files in a certain encoding use), and file names."""
    names = set(facts.data.classes)
    if not names:
        certain = facts.data.objects.filter(~facts.data.objects["image_id"].is_in(facts.encoding_troubled))
        names.update(name.strip() for name in certain["name"].drop_nulls().unique())
    names.update(name.rpartition("/")[2] for name in facts.names)
    return frozenset(names)


def _sample(text: str) -> str:
    start = next(non_ascii(text), 0)
    run = text[start : start + 20]
    stop = next((i for i, c in enumerate(run) if c.isascii()), len(run))
    return run[:stop]


def _rival(text: str) -> str | None:
    """Another legacy encoding in which the same bytes read as everyday characters, if GBK is no better.

    Frequent characters: level 1 of GB 2312 (lead bytes B0-D7, by pinyin), level 1 of Big5 (A4-C6), and
    the kana and level 1 kanji of Shift_JIS (82-83, 88-97).
    """
    raw = "".join(c for c in text if not c.isascii()).encode("gb18030")
    common_gbk = len(raw) % 2 == 0 and all(0xB0 <= lead <= 0xD7 for lead in raw[::2])
    rivals = (
        ("Big5", "big5", lambda lead: 0xA4 <= lead <= 0xC6),
        ("Shift_JIS", "shift_jis", lambda lead: lead in (0x82, 0x83) or 0x88 <= lead <= 0x97),
    )
    for shown, codec, frequent in rivals:
        try:
            decoded = raw.decode(codec)
        except UnicodeDecodeError:
            continue
        leads = [character.encode(codec) for character in decoded]
        if all(len(lead) == 2 and frequent(lead[0]) for lead in leads):
            return shown
    return None if common_gbk else "Big5 or Shift_JIS"


RULE = Rule(
    code="ENC001",
    name="undeclared-gbk",
    severity=Severity.ERROR,
    check=check,
    repair=recode,
    doc=__doc__ or "",
    stage=Stage.BYTES,
    formats=("voc",),
)

"""legacy-encoding-declared: a true declaration of GBK, GB2312, GB18030, Big5 or Shift_JIS.

## What
The file says in which legacy encoding it is written, and it is.

## Why it hurts training
expat, which `xml.etree` stands on, knows no multi-byte encodings but UTF-8 and UTF-16 and stops with
"multi-byte encodings are not supported"; readers on libxml2 go on. Which images a trainer sees depends on
its parser.

## Example
`<?xml version="1.0" encoding="gb2312"?>`

## Repair
Safe: the declaration says how to decode, so the text re-encoded to UTF-8 is the same text.

## Evidence
Lab41/pelops#72: the annotations of the VeRi data set declare gb2312 and `xml.etree` stops. Python 3.15
learns GBK, GB2312, Big5 and Shift_JIS (python/cpython PR#149860); those before it do not.
"""

from __future__ import annotations

from collections.abc import Iterator

from curate.findings import Finding, FixClass, Severity
from curate.rules.edits import recode
from curate.rules.model import Facts, Rule, Stage


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    for row in facts.problems("legacy-encoding-declared"):
        yield rule.finding(
            row,
            f"the file is written in {row['declared_encoding']}, which many XML readers do not know",
            "Readers built on expat (Python's xml.etree) refuse the file: the image and its labels are lost.",
            safety=FixClass.SAFE,
            fix="re-encode the file to UTF-8",
            line=row["line"],
            column=row["column"],
        )


RULE = Rule(
    code="ENC002",
    name="legacy-encoding-declared",
    severity=Severity.ERROR,
    check=check,
    repair=recode,
    doc=__doc__ or "",
    stage=Stage.BYTES,
    formats=("voc",),
)

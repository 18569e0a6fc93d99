"""personal-path: `<path>` publishes a directory of the person who labelled.

## What
labelImg and its kin write the absolute path of the image: `C:\\Users\\name`, `/home/name`, `/Users/name`.

## Why it hurts training
It does not: no trainer reads `<path>`. But the name of an account, often a person's, and how their disk is
ordered go wherever the data set goes.

## Example
`<path>C:\\Users\\li.wei\\Desktop\\项目\\a.jpg</path>`

## Repair
Unsafe, because a tool of your own may read it: the element is dropped from all annotations that name this
user.

## Evidence
Measured: three of three public data sets publish a directory of whoever labelled them, in 361, 200 and 275
annotations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import polars as pl

from curate.findings import Edit, Finding, FixClass, ReplaceText, Severity
from curate.formats.voc import Document
from curate.rules.edits import remove
from curate.rules.model import Facts, Rule
from curate.rules.whole_set import edited

# a drive and its users' folder (用户: as some tools write its Chinese name), or that of Linux, macOS and WSL
_USER = (
    r"^\s*(?i:file:/{2,3})?"
    r"(?i:[a-z]:[\\/]+(?:users|documents and settings|用户)|/home|/users|/mnt/[a-z]/users)"
    r"[\\/]+([^\\/]+)[\\/]"
)
NOBODY = ("public", "shared", "default", "all users")


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    users = facts.data.images.select("annotation", user=pl.col("path_written").str.extract(_USER)).filter(
        pl.col("user").is_not_null() & ~pl.col("user").str.to_lowercase().is_in(NOBODY)
    )
    groups = users.group_by("user", maintain_order=True).agg("annotation")
    for user, paths in groups.iter_rows():
        first = facts.document(paths[0])
        element = first.find("path")
        line, column = (1, 1) if element is None else first.line_column(element.start)
        more = f" and of {len(paths) - 1:,} more annotations" if len(paths) > 1 else ""
        yield rule.finding(
            {},
            f"<path> of this{more} publishes the directory of the user {user!r}",
            "No trainer reads it; the name of an account goes wherever the data set goes.",
            safety=FixClass.UNSAFE,
            fix="drop <path>",
            facts={"annotations": paths},
            path=paths[0],
            line=line,
            column=column,
        )


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    def without_path(own: Document) -> list[ReplaceText]:
        element = own.find("path")
        return [] if element is None else [remove(own, element)]

    return edited(facts, finding.fix.facts["annotations"], without_path)


RULE = Rule(
    code="SEC003",
    name="personal-path",
    severity=Severity.INFO,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    formats=("voc",),
)

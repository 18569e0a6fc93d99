"""Class names as the CLS rules compare them: spelling folded away, and how far one is from another."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any

import polars as pl

from curate.findings import Edit, ReplaceText
from curate.formats.elements import escape
from curate.formats.voc import Document
from curate.rules.edits import children
from curate.rules.model import Facts


def fold(name: str) -> str:
    """Equal for names that differ only by case, blanks (also NBSP), or full-width forms (NFKC)."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def counts(facts: Facts) -> dict[str, int]:
    """Boxes per name as written, most frequent first, then by alphabet; objects without a name left out."""
    table = facts.once(written_names).sort(["len", "name"], descending=[True, False])
    return dict(table.filter(~_blank()).iter_rows())


def written_names(facts: Facts) -> pl.DataFrame:
    """The names of objects as written, null for none, and how many have each (`len`), in any order."""
    return facts.data.objects["name"].value_counts(name="len")


def nameless(facts: Facts) -> bool:
    """Whether some object has no name or one of blanks."""
    return not facts.once(written_names).filter(_blank()).is_empty()


def _blank() -> pl.Expr:
    return pl.col("name").fill_null("").str.strip_chars() == ""


def in_boxes(count: int) -> str:
    """`1 box`, `4,155 boxes`: for messages."""
    return f"{count:,} box" if count == 1 else f"{count:,} boxes"


def rows_named(facts: Facts, names: list[str]) -> Iterator[dict[str, Any]]:
    """The first row of each object with one of these names, in table order."""
    if not names:
        return iter(())
    rows = facts.data.boxes.filter(pl.col("name").is_in(names) & (pl.col("box") <= 1))
    return rows.iter_rows(named=True)


def unlisted(facts: Facts) -> list[str]:
    """Names in use that the declared list does not hold letter for letter; [] where nothing is declared."""
    if not facts.data.classes:
        return []
    declared = set(facts.data.classes)
    return [name for name in facts.once(counts) if name not in declared]


def variant_of(facts: Facts, name: str) -> str | None:
    """The one declared class that equals `name` but for its spelling; None with none or several."""
    same = facts.once(_by_fold).get(fold(name), [])
    return same[0] if len(same) == 1 else None


def _by_fold(facts: Facts) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for known in facts.data.classes:
        found.setdefault(fold(known), []).append(known)
    return found


def is_number(facts: Facts, name: str) -> bool:
    """Whether a VOC name is a class number; in YOLO labels a number without a name is an unknown class."""
    stripped = name.strip()
    return facts.data.format == "voc" and stripped.isascii() and stripped.isdigit()


def rename(document: Document, object_number: int, name: str) -> list[Edit]:
    """Give an object another name."""
    found = children(document.objects()[object_number - 1], "name")
    # blanks around a name are a part of it for most readers, so they go as well
    return [ReplaceText(found[0].inner_start, found[0].inner_end, escape(name))] if found else []


def one_edit_apart(a: str, b: str) -> bool:
    """Whether one letter added, dropped, replaced, or exchanged with its neighbour turns a into b."""
    if len(a) > len(b):
        a, b = b, a
    if a == b or len(b) - len(a) > 1:
        return False
    start = next((i for i in range(len(a)) if a[i] != b[i]), len(a))
    if len(a) < len(b):
        return a[start:] == b[start + 1 :]
    swapped = a[start + 1 : start + 2] + a[start] + a[start + 2 :]
    return a[start + 1 :] == b[start + 1 :] or swapped == b[start:]

"""Names of a data set that are mojibake: asked by ENC005, and by the rules that would else say the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from curate.rules.class_names import counts
from curate.rules.model import Facts
from curate.rules.mojibake import comparable, garbled_forms, reversed_text


@dataclass(frozen=True)
class Garbled:
    """What a class name was; `known` where that is a class of this data set. None: it is lost."""

    original: str | None
    how: str
    known: bool


@dataclass(frozen=True)
class GarbledFilename:
    """A `<filename>` that was the name of an image on disk which no annotation has."""

    row: Mapping[str, Any]  # of IMAGES
    name: str
    how: str
    image_id: int  # of the image's own row


def garbled_classes(facts: Facts) -> dict[str, Garbled]:
    """Class name as written -> what it was."""
    if facts.data.format != "voc":
        return {}
    names = facts.once(counts)
    suspects = [name for name in names if not name.isascii() and name.strip() not in facts.data.classes]
    if not suspects:
        return {}
    read_by_a_guess = facts.data.objects["image_id"].is_in(list(facts.encoding_troubled))
    certain = set(facts.data.objects.filter(~read_by_a_guess)["name"].drop_nulls().unique())
    suspects = [name for name in suspects if name in certain]  # the others are ENC001's and ENC004's
    backwards = {name: reversed_text(name.strip()) for name in suspects}
    known = set(facts.data.classes) or {name.strip() for name in names if not backwards.get(name)}
    forms = garbled_forms(known)
    found = {}
    for name in suspects:
        form = forms.get(comparable(name))
        back = backwards[name]
        # among names in use both may be honest: a known name decides only where the garbled one is rarer
        if form is not None and (facts.data.classes or back or names[name] < names.get(form[0], 0)):
            found[name] = Garbled(*form, known=True)
        elif back is not None:
            found[name] = Garbled(*back, known=False)
    return found


def garbled_filenames(facts: Facts) -> list[GarbledFilename]:
    """Annotations without image whose `<filename>` is the garbled name of an image without annotation."""
    images = facts.data.images
    if facts.data.format != "voc":
        return []
    lost = images.filter(
        pl.col("annotation").is_not_null()
        & pl.col("image").is_null()
        & pl.col("filename").str.contains(r"[^\x00-\x7f]")
        & ~pl.col("image_id").is_in(list(facts.encoding_troubled))
    )
    if lost.is_empty():
        return []
    free = images.filter(pl.col("annotation").is_null() & pl.col("image").is_not_null())
    bases = {path.rpartition("/")[2]: row for row, path in free.select("image_id", "image").iter_rows()}
    forms = garbled_forms(bases)
    return [
        GarbledFilename(row, *form, image_id=bases[form[0]])
        for row in lost.iter_rows(named=True)
        if (form := forms.get(comparable(row["filename"]))) is not None
    ]

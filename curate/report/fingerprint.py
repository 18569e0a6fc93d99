"""Which finding is which: a fingerprint of what it is about, for baselines and for services that track them.

It is made of the rule's code, the path, and the subject's own text: for an object its name and its corners as
written, for a line of a split list that line, otherwise what the message quotes first. Findings that
agree in all of this are numbered in their order. Lines, columns, object numbers and counts do not enter, so
that a finding keeps its fingerprint when lines move or other objects come and go; it loses it when the thing
itself changes. A renamed file is another file.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Sequence

import polars as pl

from curate.dataset import Dataset
from curate.findings import Finding

# not from the apostrophe of "the image's"
_QUOTED = re.compile(r"""(?<!\w)(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")(?!\w)""")
_LENGTH = 32  # hexadecimal digits, 128 bits: two findings never meet by chance


def fingerprint(finding: Finding, data: Dataset) -> str:
    """The fingerprint of one finding of `data`, as if no other had its content: 32 hexadecimal digits."""
    return fingerprints([finding], data)[0]


def fingerprints(findings: Sequence[Finding], data: Dataset) -> list[str]:
    """One fingerprint a finding, in the same order and all different; `data` is what the findings are of.

    Numbering is among findings of one code and path: leaving out other rules or files changes nothing.
    """
    objects, lines = _objects(findings, data), _listed(findings, data)
    seen: Counter[str] = Counter()
    answer = []
    for finding in findings:
        subject = (
            objects.get((finding.path, finding.object))
            or lines.get((finding.path, finding.line))
            or _QUOTED.findall(finding.message)[:1]
        )
        content = json.dumps([finding.code, finding.path, subject])
        numbered = f"{content}{seen[content]}"
        seen[content] += 1
        answer.append(hashlib.sha256(numbered.encode("ascii")).hexdigest()[:_LENGTH])
    return answer


def _objects(findings: Sequence[Finding], data: Dataset) -> dict[tuple[str, int | None], list[str | None]]:
    """(path, object) -> the object's own text, of the objects that some finding is about."""
    wanted = {(f.path, f.object) for f in findings if f.object is not None}
    asked = pl.DataFrame(list(wanted), schema={"path": pl.String, "object": pl.UInt32}, orient="row")
    place = data.images.select("image_id", "image", path=pl.coalesce("annotation", "image"))
    place = place.join(asked.select("path").unique(), on="path", how="semi")
    own = data.objects.filter(pl.col("image_id").is_in(place["image_id"].implode()))
    rows = (
        own.join(place, on="image_id")
        .join(asked, on=["path", "object"], how="semi")
        .sort("object_id")  # a join promises no order
    )
    texts: dict[tuple[str, int | None], list[str | None]] = {}
    for path, number, image, name, written in rows.select(
        "path", "object", "image", "name", "written"
    ).iter_rows():
        # one file of COCO holds the objects of all images
        start = [name, image] if data.format == "coco" else [name]
        texts.setdefault((path, number), start).append(written)
    return texts


def _listed(findings: Sequence[Finding], data: Dataset) -> dict[tuple[str, int | None], list[str | None]]:
    """(list, line) -> that line of a split list, of the lists that some finding is in."""
    rows = data.splits.filter(pl.col("list").is_in(sorted({f.path for f in findings}))).select(
        "list", "line", "id"
    )
    return {(path, line): [written.strip()] for path, line, written in rows.iter_rows()}

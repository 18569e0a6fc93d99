"""Can the things that a paste has made be told from real ones? Folders in, an area under the curve out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from curate.engine.local import map_shards
from curate.formats.discover import open_dataset
from curate.paste.artefacts.crops import Crop, Where, alike, crops
from curate.paste.artefacts.judge import Judgement, Verdict, judge, refuse_few
from curate.paste.provenance import read
from curate.paste.targets import targets
from curate.tree import Tree

SCHEMA = 1


def run(
    out: Path,
    path: Path,
    source: Path,
    *,
    seed: int = 0,
    workers: int | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Judgement:
    """Train classifiers on the pasted things of a finished run `out` and the real ones they were cut from.

    `path` is the data set of the targets, `source` that of the objects. A classifier is judged only on
    things of which it has seen neither the photograph nor anything cut from it. Raises CurateError.
    """
    say("cropping")
    rows = read(out)
    pasted = [
        Where(f"JPEGImages/{row['image']}", _box(row["box"]), row["cutout_image"], True)
        for row in rows.iter_rows(named=True)
    ]
    used = set(rows["cutout_image"])
    names = _classes(source, rows.select("cutout_image", "cutout_object").unique().rows())
    images, _ = targets(open_dataset(Tree.open(source), workers=workers))
    real = [
        Where(target.image, label.xyxy, target.image, False)
        for target in images
        for label in target.labels
        if label.name in names and (target.image in used or not label.difficult)
    ]
    found = _crops(pasted, out, workers) + _crops(real, Tree.open(source).root, workers)
    refuse_few(found)
    say("telling them apart")
    return judge(alike(found, seed), seed)


def _classes(source: Path, cut: Sequence[tuple[Any, ...]]) -> set[str]:
    """The classes, in the source, of what was cut out."""
    dataset = open_dataset(Tree.open(source))
    boxes = dataset.boxes.select("image", "object", "name").rows()
    wanted = set(cut)
    return {name for image, number, name in boxes if (image, number) in wanted and name is not None}


def _crops(where: Sequence[Where], root: Path, workers: int | None) -> list[Crop]:
    ordered = sorted(where, key=lambda w: w.image)
    shards = map_shards(partial(crops, root=root), ordered, workers=workers, shard=16, in_process_below=64)
    return [crop for shard in shards for crop in shard]


def _box(values: Sequence[float]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = values
    return x0, y0, x1, y1


def describe(found: Judgement) -> str:
    """The result for people."""
    lines = [
        f"told apart by {found.by}, each thing by one that has seen nothing of its photograph:",
        f"  pasted against real: AUC {_words(found.thing)}; 0.5 is a guess",
    ]
    if found.floor is not None:
        lines.append(
            f"  the same beside the thing, where nothing was pasted: AUC {_words(found.floor)};"
            " so much the two data sets differ anyway"
        )
    lines.append(f"  {found.real} real and {found.pasted} pasted things from {found.sources} photographs")
    return "\n".join(lines)


def _words(verdict: Verdict) -> str:
    return f"{verdict.auc:.2f} ({verdict.low:.2f} to {verdict.high:.2f})"


def as_object(found: Judgement) -> dict[str, Any]:
    """The result for programs."""

    def of(verdict: Verdict | None) -> dict[str, float] | None:
        return None if verdict is None else {"auc": verdict.auc, "low": verdict.low, "high": verdict.high}

    return {
        "schema": SCHEMA,
        "by": found.by,
        "thing": of(found.thing),
        "floor": of(found.floor),
        "real": found.real,
        "pasted": found.pasted,
        "sources": found.sources,
    }

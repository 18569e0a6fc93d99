"""A folder of VOC annotations and images as fact tables, in whatever layout, whatever its files hold.

Every `.xml` file and every image below the root is read, except masks (`SegmentationClass` and its like) and
XML that is no VOC annotation and has no image of its own: these are in `Dataset.skipped`, with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from curate.engine.local import map_shards
from curate.errors import UnsafePath
from curate.formats import classlist, imagesets
from curate.formats.images import image_facts
from curate.formats.pairing import Pair, is_image_name, is_mask, mirror, pair, split_name
from curate.formats.voc import HEADER_COLUMNS, OBJECT_COLUMNS, PROBLEM_COLUMNS, VocFacts, facts, parse
from curate.formats.voc_plain import plain_facts
from curate.tree import Tree

if TYPE_CHECKING:  # polars is loaded by the one process that builds tables, not by every worker
    from curate.dataset import Dataset

_FILENAME = HEADER_COLUMNS.index("filename")
_ROOT_TAG = HEADER_COLUMNS.index("root_tag")
_UNREADABLE_HEADER = (False, *(None for _ in HEADER_COLUMNS[1:]))

Item = tuple[str, bytes | None]  # a file's name, and its content where a plan has changed it


class _ShardFacts(NamedTuple):
    """What a worker sends back: each row of objects and problems begins with its annotation's name."""

    headers: list[tuple[str, tuple[Any, ...]]]
    objects: list[tuple[Any, ...]]
    problems: list[tuple[Any, ...]]
    images: list[tuple[str, dict[str, Any]]]


def read(tree: Tree, classes: Sequence[str] | None = None, workers: int | None = None) -> Dataset:
    """Read every annotation and image below the tree's root. `classes` overrides the list it declares."""
    files = tree.files()
    masks = [name for name in files if is_image_name(name) and is_mask(name)]
    images = [name for name in files if is_image_name(name) and not is_mask(name)]
    annotations = [name for name in files if name.lower().endswith(".xml")]
    items: list[Item] = [(name, tree.overlay.get(name)) for name in (*annotations, *images)]
    shards = map_shards(partial(_shard_facts, tree.root), items, workers=workers)

    headers = {name: header for shard in shards for name, header in shard.headers}
    foreign = _foreign(shards, images)
    kept = [name for name in annotations if name not in foreign]
    pairs = pair(kept, images, {name: headers[name][_FILENAME] for name in kept})
    lines, unreadable = imagesets.split_lines(tree, files, pairs)
    skipped = [(name, "a segmentation mask") for name in masks]
    skipped += [(name, f"not VOC: the root is <{headers[name][_ROOT_TAG]}>") for name in foreign]
    skipped += [(name, "a list that cannot be read") for name in unreadable]
    skipped += [(name, "a folder that cannot be listed") for name in tree.unreadable_folders()]
    names, origin = (tuple(classes), "--classes") if classes else classlist.declared(tree, files)
    return _tables(tree.root, pairs, headers, shards, lines, names, origin, tuple(sorted(skipped)))


def _shard_facts(root: Path, items: Sequence[Item]) -> _ShardFacts:
    """Read some of the files. Runs in a worker, so it loads neither polars nor OpenCV."""
    tree = Tree(root, {name: content for name, content in items if content is not None})
    found = _ShardFacts([], [], [], [])
    for name, _ in items:
        if is_image_name(name):
            found.images.append((name, image_facts(tree, name).columns()))
            continue
        header, objects, problems = _annotation_facts(tree, name)
        found.headers.append((name, header))
        found.objects.extend((name, *row) for row in objects)
        found.problems.extend((name, *row) for row in problems)
    return found


def _annotation_facts(tree: Tree, name: str) -> VocFacts:
    try:
        raw = tree.read(name)
    except (OSError, UnsafePath) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        return VocFacts(_UNREADABLE_HEADER, [], [("unreadable", 1, 1, reason or str(error))])
    return plain_facts(raw) or facts(parse(raw))


def _foreign(shards: Sequence[_ShardFacts], images: Sequence[str]) -> list[str]:
    """XML files that are no VOC annotation and have no image of their own stem."""
    labelled = {(mirror(folder), stem) for folder, stem, _ in map(split_name, images)}
    not_voc = sorted(row[0] for shard in shards for row in shard.problems if row[1] == "not-voc")
    places = ((name, split_name(name)) for name in not_voc)
    return [name for name, (folder, stem, _) in places if (mirror(folder), stem) not in labelled]


def _tables(
    root: Path,
    pairs: Sequence[Pair],
    headers: dict[str, tuple[Any, ...]],
    shards: Sequence[_ShardFacts],
    lines: Sequence[imagesets.SplitLine],
    classes: tuple[str, ...],
    classes_from: str | None,
    skipped: tuple[tuple[str, str], ...],
) -> Dataset:
    import polars as pl

    from curate.dataset import IMAGES, OBJECTS, PROBLEMS, SPLITS, Dataset

    image_columns = {name: columns for shard in shards for name, columns in shard.images}
    empty = dict.fromkeys(HEADER_COLUMNS)
    rows = [
        {
            "image_id": row,
            "stem": split_name(annotation or image or "")[1],
            "annotation": annotation,
            "image": image,
            **(dict(zip(HEADER_COLUMNS, headers[annotation], strict=True)) if annotation else empty),
            **(image_columns[image] if image else {}),
        }
        for row, (annotation, image) in enumerate(pairs)
    ]
    row_of = {annotation: row for row, (annotation, _) in enumerate(pairs) if annotation is not None}

    def keyed(found: list[tuple[Any, ...]], columns: Sequence[str]) -> dict[str, Any]:
        own = [row for row in found if row[0] in row_of]
        values = list(zip(*own, strict=True)) or [()] * (len(columns) + 1)
        ids = [row_of[name] for name in values[0]]
        return {"image_id": ids, **dict(zip(columns, values[1:], strict=True))}

    objects = keyed([row for shard in shards for row in shard.objects], OBJECT_COLUMNS)
    problems = keyed([row for shard in shards for row in shard.problems], PROBLEM_COLUMNS)
    objects["object_id"] = range(len(objects["image_id"]))
    image_table = {key: [row.get(key) for row in rows] for key in IMAGES}
    splits = {
        "list": [line.list for line in lines],
        "split": [line.split for line in lines],
        "line": [line.line for line in lines],
        "id": [line.id for line in lines],
        "image_id": [line.row for line in lines],
    }
    return Dataset(
        root=root,
        format="voc",
        images=pl.DataFrame(image_table, schema=IMAGES),
        objects=pl.DataFrame({key: objects[key] for key in OBJECTS}, schema=OBJECTS),
        problems=pl.DataFrame({key: problems[key] for key in PROBLEMS}, schema=PROBLEMS),
        splits=pl.DataFrame(splits, schema=SPLITS),
        classes=classes,
        classes_from=classes_from,
        skipped=skipped,
    )

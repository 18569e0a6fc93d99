"""A folder of VOC annotations and images as fact tables, in whatever layout, whatever its files hold.

Every `.xml` file and every image below the root is read, except masks (`SegmentationClass` and its like) and
XML that is no VOC annotation and has no image of its own: these are in `Dataset.skipped`, with the reason.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from curate.engine.local import begin_shards
from curate.errors import UnsafePath
from curate.formats import cache, classlist, imagesets
from curate.formats.image_headers import IMAGE_COLUMNS, ImageFacts
from curate.formats.images import facts_of_open_file, image_facts
from curate.formats.pairing import Pair, is_image_name, is_mask, mirror, pair, split_name
from curate.formats.voc import (
    CORNERS,
    HEADER_COLUMNS,
    OBJECT_COLUMNS,
    PROBLEM_COLUMNS,
    VocFacts,
    facts,
    parse,
)
from curate.formats.voc_document import MAX_BYTES
from curate.formats.voc_plain import ObjectColumns, plain_file
from curate.tree import READ_NO_LINK, Tree, display, text_to_name

if TYPE_CHECKING:  # polars is loaded by the one process that builds tables, not by every worker
    import polars as pl

    from curate.dataset import Dataset

T = TypeVar("T")

_UNREADABLE_HEADER = (False, *(None for _ in HEADER_COLUMNS[1:]))
_FLAG_COLUMNS = frozenset({"difficult", "truncated", "polygon", "rotated"})
_SHARD = 500
_PLAIN_BYTES = 1 << 20  # files of up to this size are read in one go

Item = tuple[str, bytes | None]  # a file's name, and its content where a plan has changed it
Column = Sequence[Any]
_Packed = Column | str  # a column that crosses processes: an array, texts joined by NUL, or the values


class _ShardFacts(NamedTuple):
    """What a worker sends back, column by column, in the order of the files."""

    headers: list[Column]  # HEADER_COLUMNS, a value an annotation; [] without annotations
    counts: list[int]  # rows of objects, for each annotation
    objects: list[_Packed]  # OBJECT_COLUMNS
    problems: list[tuple[Any, ...]]  # the number of the annotation in this shard, then PROBLEM_COLUMNS
    images: list[Column]  # IMAGE_COLUMNS, a value an image; [] without images
    stamps: array[int]  # of all files


def read(
    tree: Tree, classes: Sequence[str] | None = None, workers: int | None = None, *, use_cache: bool = False
) -> Dataset:
    """Read every annotation and image below the tree's root. `classes` overrides the list it declares.

    With `use_cache`, files that are as they were at the last such run are not read again.
    """
    return begin(tree, workers, use_cache=use_cache).finish(classes)


def begin(tree: Tree, workers: int | None = None, *, use_cache: bool = False) -> VocReading:
    """Let the workers read, while this process does something else, such as loading polars."""
    pictures = [name for name in tree.files() if is_image_name(name)]
    masks = [name for name in pictures if is_mask(name)]
    images = [name for name in pictures if not is_mask(name)] if masks else pictures
    annotations = [name for name in tree.files() if name.lower().endswith(".xml")]
    names = [*annotations, *images]
    use_cache = use_cache and len(names) >= cache.SMALLEST
    saved = cache.load(tree.root) if use_cache else None
    same = saved.unchanged(tree.root, [name for name in names if name not in tree.overlay]) if saved else {}
    items: list[Item] = [(name, tree.overlay.get(name)) for name in names if name not in same]
    shards = begin_shards(partial(_shard_facts, tree.root), items, workers=workers, shard=_SHARD)
    return VocReading(tree, annotations, images, masks, items, shards, saved, same, use_cache)


@dataclass(frozen=True)
class VocReading:
    """A folder whose files are being read."""

    tree: Tree
    annotations: Sequence[str]
    images: Sequence[str]
    masks: Sequence[str]
    items: Sequence[Item]  # those that are read; the others are in the cache
    shards: Iterator[_ShardFacts]
    saved: cache.Saved | None
    same: Mapping[str, int]  # files that have not changed, and their numbers in the cache
    use_cache: bool
    stamps: dict[str, cache.Stamp] = field(
        default_factory=dict
    )  # of all files, once `finish` has been called

    def finish(self, classes: Sequence[str] | None = None) -> Dataset:
        """Wait for the workers and put the data set together."""
        tree, annotations, images = self.tree, self.annotations, self.images
        found = self._tables()
        not_voc = found.problems.filter(found.problems["kind"] == "not-voc")["annotation"]
        foreign = _foreign([annotations[number] for number in not_voc], images)
        kept = [name for name in annotations if name not in foreign] if foreign else annotations
        pairs = pair(kept, images, dict(zip(annotations, found.headers["filename"], strict=True)))
        lines, unreadable = imagesets.split_lines(tree, tree.files(), pairs)
        skipped = [(name, "a segmentation mask") for name in self.masks]
        root_tags = dict(zip(annotations, found.headers["root_tag"], strict=True)) if foreign else {}
        skipped += [(name, f"not VOC: the root is <{display(root_tags[name][:60])}>") for name in foreign]
        skipped += [(name, "a list that cannot be read") for name in unreadable]
        skipped += tree.left_aside()
        names, origin = (tuple(classes), "--classes") if classes else classlist.declared(tree, tree.files())
        return _dataset(tree.root, found, annotations, images, pairs, lines, (names, origin), skipped)

    def _tables(self) -> _Tables:
        """The tables of all files: of changed files from the disk, of the others from the cache."""
        saved, same = self.saved, self.same
        names = [*self.annotations, *self.images]
        found, stamps = _collected(self.shards)
        if saved is not None and same:
            old = _Tables(*saved.tables())
            if not self.items and saved.names == names:
                self.stamps.update(zip(names, zip(*[iter(saved.stamps)] * 4, strict=True), strict=True))
                return old
            fresh = {name: number for number, (name, _) in enumerate(self.items, start=len(saved.names))}
            sources = [same[name] if name in same else fresh[name] for name in names]
            found = _merged(old, found, sources, len(self.annotations))
            stamps = cache.picked(saved.stamps + stamps, sources)
        self.stamps.update(zip(names, zip(*[iter(stamps)] * 4, strict=True), strict=True))
        known = saved is not None and saved.names == names and saved.stamps == stamps
        if self.use_cache and not self.tree.overlay and not known:
            cache.save(self.tree.root, names, stamps, found)
        return found


def _shard_facts(root: Path, items: Sequence[Item]) -> _ShardFacts:
    """Read some of the files. Runs in a worker, so it loads neither polars nor OpenCV."""
    now = time.time_ns()
    tree = Tree(root, {name: content for name, content in items if content is not None})
    folder = os.path.join(root, "")  # noqa: PTH118 - a path object for each file would take as long as its header
    headers: list[tuple[Any, ...]] = []
    counts: list[int] = []
    objects = ObjectColumns()
    problems: list[tuple[Any, ...]] = []
    images: list[ImageFacts] = []
    stamps = array("q")
    for name, content in items:
        path = None if content is not None else folder + text_to_name(name)
        if is_image_name(name):
            stamp, image = _looked_at(path, now, facts_of_open_file)
            images.append(image or image_facts(tree, name))
            stamps.extend(stamp)
            continue
        stamp, raw = (cache.UNKNOWN, content) if path is None else _looked_at(path, now, _all_bytes)
        plain = None if raw is None else plain_file(raw)
        if plain is not None:
            header, found = plain
            counts.append(found.boxes if found else 0)
            objects.add_plain(found)
        else:
            header, rows, stumbled = _annotation_facts(tree, name)
            counts.append(len(rows))
            objects.add_rows(rows)
            problems.extend((len(headers), *problem) for problem in stumbled)
        headers.append(header)
        stamps.extend(stamp)
    packed = [_packed(*named) for named in zip(OBJECT_COLUMNS, objects.finished(), strict=True)]
    return _ShardFacts(
        list(zip(*headers, strict=True)), counts, packed, problems, list(zip(*images, strict=True)), stamps
    )


def _packed(name: str, column: list[Any]) -> _Packed:
    """A column of objects in a form that is quickly sent: a hundred thousand values one by one are not."""
    try:
        if name in ("name", "written"):
            joined = "\0".join(column)
            return joined if joined.count("\0") == len(column) - 1 else column
        if name not in _FLAG_COLUMNS:
            return array("d" if name in CORNERS else "I", column)
    except TypeError:  # a value is missing
        pass
    return column


def _unpacked(column: _Packed, kind: pl.DataType | type[pl.DataType]) -> pl.Series:
    import numpy as np
    import polars as pl

    if isinstance(column, array):
        return pl.Series(
            np.frombuffer(column, np.uint32 if column.typecode == "I" else np.float64), dtype=kind
        )
    if isinstance(column, str):
        return pl.Series([column]).str.split("\0").explode()
    return pl.Series(column, dtype=kind)


def _looked_at(
    path: str | None, now: int, use: Callable[[int, int], T | None]
) -> tuple[cache.Stamp, T | None]:
    """The stamp of a file, and what `use` makes of its descriptor and size.

    UNKNOWN and None for all but ordinary files, which are judged elsewhere; so are those `use` cannot read.
    """
    if path is None:
        return cache.UNKNOWN, None
    try:
        descriptor = os.open(path, READ_NO_LINK)
    except OSError:
        return cache.UNKNOWN, None
    try:
        state = os.fstat(descriptor)
        if stat.S_ISREG(state.st_mode):
            return cache.stamp(state, now), use(descriptor, state.st_size)
    except OSError:
        pass
    finally:
        os.close(descriptor)
    return cache.UNKNOWN, None


def _all_bytes(descriptor: int, size: int) -> bytes | None:
    """None for a file that is large, or changes while it is read."""
    raw = os.read(descriptor, size) if size <= _PLAIN_BYTES else b""
    return raw if len(raw) == size else None


def _annotation_facts(tree: Tree, name: str) -> VocFacts:
    try:
        raw = tree.read(name, MAX_BYTES)
    except (OSError, UnsafePath) as error:
        if isinstance(error, OSError) and error.errno == errno.EFBIG:
            detail = f"{tree.size(name):,} bytes, more than {MAX_BYTES:,}"
            return VocFacts(_UNREADABLE_HEADER, [], [("oversized", 1, 1, detail)])
        reason = error.strerror if isinstance(error, OSError) else None
        return VocFacts(_UNREADABLE_HEADER, [], [("unreadable", 1, 1, reason or str(error))])
    return facts(parse(raw))


def _foreign(not_voc: Sequence[str], images: Sequence[str]) -> frozenset[str]:
    """Those XML files without VOC in them that have no image of their own stem."""
    if not not_voc:
        return frozenset()
    labelled = {(mirror(folder), stem) for folder, stem, _ in map(split_name, images)}
    places = ((name, split_name(name)) for name in not_voc)
    return frozenset(name for name, (folder, stem, _) in places if (mirror(folder), stem) not in labelled)


class _Tables(NamedTuple):
    """The fact tables as files fill them; `annotation` in them is the number of the annotation file."""

    headers: pl.DataFrame  # HEADER_COLUMNS, a row an annotation
    objects: pl.DataFrame  # annotation, OBJECT_COLUMNS
    problems: pl.DataFrame  # annotation, PROBLEM_COLUMNS
    images: pl.DataFrame  # IMAGE_COLUMNS, a row an image


def _collected(shards: Iterable[_ShardFacts]) -> tuple[_Tables, array[int]]:
    """The tables, and the stamps of all files. Each shard is made a table before the next one comes."""
    import polars as pl

    from curate.dataset import IMAGES, OBJECTS, PROBLEMS

    number = {"annotation": pl.UInt32}
    schemas = (
        {name: IMAGES[name] for name in HEADER_COLUMNS},
        number | {name: OBJECTS[name] for name in OBJECT_COLUMNS},
        number | {name: PROBLEMS[name] for name in PROBLEM_COLUMNS},
        {name: IMAGES[name] for name in IMAGE_COLUMNS},
    )
    parts = [[pl.DataFrame(schema=schema)] for schema in schemas]
    stamps = array("q")
    first = 0
    for shard in shards:
        owners = range(first, first + len(shard.counts))
        owned = array("I", chain.from_iterable(map(repeat, owners, shard.counts)))
        objects = [owned, *shard.objects]
        problems = list(zip(*((first + row[0], *row[1:]) for row in shard.problems), strict=True))
        shard_tables: tuple[Sequence[_Packed], ...] = (shard.headers, objects, problems, shard.images)
        for frames, schema, columns in zip(parts, schemas, shard_tables, strict=True):
            if columns and len(columns[0]):
                named = zip(schema.items(), columns, strict=True)
                frames.append(
                    pl.DataFrame([_unpacked(column, kind).alias(name) for (name, kind), column in named])
                )
        stamps.extend(shard.stamps)
        first += len(shard.counts)
    # one after the other, and each list let go: they hold everything twice for a moment
    return _Tables(*(pl.concat(parts.pop(0), rechunk=True) for _ in schemas)), stamps


def _merged(old: _Tables, new: _Tables, sources: Sequence[int], annotations: int) -> _Tables:
    """Tables of files, the first `annotations` of which are annotations, from two sets of tables.

    `sources` gives each file's number: those of `old` are counted first, in both annotations before images.
    """
    import polars as pl

    split = old.headers.height + old.images.height
    of_headers = [s if s < split else s - old.images.height for s in sources[:annotations]]
    of_images = [
        s - old.headers.height if s < split else s - old.headers.height - new.headers.height
        for s in sources[annotations:]
    ]
    renumbered = pl.DataFrame(
        {"annotation": of_headers, "_new": range(annotations)},
        schema={"annotation": pl.UInt32, "_new": pl.UInt32},
    )
    shift = pl.col("annotation") + pl.lit(old.headers.height, dtype=pl.UInt32)

    def rows(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
        both = pl.concat([before, after.with_columns(annotation=shift)])
        kept = both.join(renumbered, on="annotation", how="inner", maintain_order="left")
        return (
            kept.with_columns(annotation=pl.col("_new")).drop("_new").sort("annotation", maintain_order=True)
        )

    return _Tables(
        pl.concat([old.headers, new.headers]).select(pl.all().gather(of_headers)),
        rows(old.objects, new.objects),
        rows(old.problems, new.problems),
        pl.concat([old.images, new.images]).select(pl.all().gather(of_images)),
    )


def _dataset(
    root: Path,
    found: _Tables,
    annotations: Sequence[str],
    images: Sequence[str],
    pairs: Sequence[Pair],
    lines: Sequence[imagesets.SplitLine],
    classes: tuple[tuple[str, ...], str | None],
    skipped: Sequence[tuple[str, str]],
) -> Dataset:
    """The data set, once it is known which image belongs to which annotation."""
    import polars as pl

    from curate.dataset import IMAGES, OBJECTS, PROBLEMS, SPLITS, Dataset

    header_of = {name: number for number, name in enumerate(annotations)}
    facts_of = {name: number for number, name in enumerate(images)}
    places = {
        "stem": [split_name(annotation or image or "")[1] for annotation, image in pairs],
        "annotation": [annotation for annotation, _ in pairs],
        "image": [image for _, image in pairs],
        "_header": [None if annotation is None else header_of[annotation] for annotation, _ in pairs],
        "_facts": [None if image is None else facts_of[image] for _, image in pairs],
    }
    schema = {name: IMAGES.get(name, pl.UInt32) for name in places}
    table = pl.DataFrame(places, schema=schema).with_row_index("image_id")
    row_of = table.select("image_id", annotation="_header").drop_nulls()
    parts = [
        table,
        found.headers.select(pl.all().gather(table["_header"])),
        found.images.select(pl.all().gather(table["_facts"])),
    ]

    def keyed(rows: pl.DataFrame) -> pl.DataFrame:
        """With the row of IMAGES instead of the number of the annotation; XML that is left aside has none."""
        return rows.join(row_of, on="annotation", how="inner", maintain_order="left")

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
        images=pl.concat(parts, how="horizontal").select(list(IMAGES)),
        objects=keyed(found.objects).with_row_index("object_id").select(list(OBJECTS)),
        problems=keyed(found.problems).select(list(PROBLEMS)),
        splits=pl.DataFrame(splits, schema=SPLITS),
        classes=classes[0],
        classes_from=classes[1],
        skipped=tuple(sorted(skipped)),
    )

"""A folder of VOC annotations and images as fact tables, in whatever layout, whatever its files hold.

Every `.xml` file and every image below the root is read, except masks (`SegmentationClass` and its like) and
XML that is no VOC annotation and has no image of its own: these are in `Dataset.skipped`, with the reason.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Protocol

from curate.engine.local import begin_shards
from curate.formats import cache, classlist, imagesets
from curate.formats.images import IMAGE_SUFFIXES
from curate.formats.pairing import Match, Paired, masks_among, mirror, split_name
from curate.formats.voc_shard import Item, ShardFacts, Tables, collected, shard_facts
from curate.tree import Tree, display

if TYPE_CHECKING:  # polars is loaded by the one process that builds tables, not by every worker
    import polars as pl

    from curate.dataset import Dataset

_SHARD = 500


def read(
    tree: Tree, classes: Sequence[str] | None = None, workers: int | None = None, *, use_cache: bool = False
) -> Dataset:
    """Read every annotation and image below the tree's root. `classes` overrides the list it declares.

    With `use_cache`, files that are as they were at the last such run are not read again.
    """
    reading = begin(tree, workers, use_cache=use_cache)
    data = reading.finish(classes)
    reading.settle()
    return data


def begin(
    tree: Tree,
    workers: int | None = None,
    *,
    use_cache: bool = False,
    before: VocReading | None = None,
) -> VocReading:
    """Let the workers read, while this process does something else, such as loading polars.

    With `before`, which has read the same folder with other changes over it and remembers that, only what has
    changed since is read.
    """
    pictures = tree.with_suffix(*IMAGE_SUFFIXES)
    masks = masks_among(pictures)
    images = [name for name in pictures if name not in masks] if masks else pictures
    annotations = tree.with_suffix(".xml")
    names = [*annotations, *images]
    changed = {name: content for name, content in tree.overlay.items() if content is not None}
    use_cache = use_cache and len(names) >= cache.SMALLEST
    saved: Saved | None = None
    if before is not None:
        saved, same = before, before.unchanged_in(tree, names)
    elif use_cache and (kept := cache.load(tree.root)):
        saved, same = kept, kept.unchanged(tree.root, [name for name in names if name not in tree.overlay])
    else:
        same = {}
    items: Sequence[Item] = [name for name in names if name not in same] if same else names
    if changed:
        items = [(name, changed[name]) if name in changed else name for name in names if name not in same]
    shards = begin_shards(partial(shard_facts, tree.root), items, workers=workers, shard=_SHARD)
    return VocReading(tree, annotations, images, masks, items, shards, saved, same, use_cache, workers)


class Saved(Protocol):
    """What was known before: the tables of files, their names, and their stamps."""

    @property
    def names(self) -> list[str]: ...
    @property
    def stamps(self) -> array[int]: ...
    def tables(self) -> Sequence[pl.DataFrame]: ...


@dataclass
class VocReading:
    """A folder whose files are being read; once that is done and it was told to remember, it is a `Saved`."""

    tree: Tree
    annotations: Sequence[str]
    images: Sequence[str]
    masks: Collection[str]
    items: Sequence[Item]  # those that are read; the others are in the cache
    shards: Iterator[ShardFacts]
    saved: Saved | None
    same: Mapping[str, int]  # files that have not changed, and their numbers in `saved`
    use_cache: bool
    workers: int | None
    remembers: bool = False
    found: Tables | None = None
    keeping: list[Thread] = field(default_factory=list)  # that writes the cache
    stamps: array[int] = field(default_factory=lambda: array("q"))  # of `names`, once `finish` was called

    @property
    def names(self) -> list[str]:
        """All files that are read."""
        return [*self.annotations, *self.images]

    def tables(self) -> Tables:
        """The tables that were found."""
        assert self.found is not None, "it was not told to remember them"
        return self.found

    def unchanged_in(self, tree: Tree, names: Sequence[str]) -> dict[str, int]:
        """Of these files of a later tree those that are the same in it, with their numbers in `names`."""
        number_of = {name: number for number, name in enumerate(self.names)}
        ours, theirs = self.tree.overlay, tree.overlay
        return {
            name: number_of[name]
            for name in names
            if name in number_of and ours.get(name) is theirs.get(name)
        }

    def after(self, tree: Tree) -> VocReading:
        """The same folder with other changes over it: what has not changed since is not read again."""
        again = begin(tree, self.workers, before=self)
        again.remembers = True
        return again

    def settle(self) -> None:
        """Wait until what was read is in the cache."""
        while self.keeping:
            self.keeping.pop().join()

    def stop(self) -> None:
        """Let the workers end."""
        if hasattr(self.shards, "close"):
            self.shards.close()

    def finish(self, classes: Sequence[str] | None = None) -> Dataset:
        """Wait for the workers and put the data set together."""
        tree, images = self.tree, self.images
        match = Match(self.annotations, images)  # while the workers read
        found = self._tables()
        self.found = found if self.remembers else None
        self.saved = None
        not_voc = found.problems.filter(found.problems["kind"] == "not-voc")["annotation"]
        foreign = _foreign({self.annotations[number]: number for number in not_voc}, images)
        # with their numbers, because what is left aside has rows in the tables, too
        kept = {name: number for number, name in enumerate(self.annotations) if number not in foreign}
        filenames = found.headers["filename"]
        match = Match(list(kept), images) if foreign else match
        pairs = match.pairs(lambda name: filenames[kept[name]])
        table = _paired(kept, images, pairs)
        lines, unreadable = imagesets.split_lines(
            tree, match.folders, lambda: table.select("annotation", "image").rows()
        )
        skipped = [(name, "a segmentation mask") for name in self.masks]
        for number in foreign:
            root = display(found.headers["root_tag"][number][:60])
            skipped.append((self.annotations[number], f"not VOC: the root is <{root}>"))
        skipped += [(name, "a list that cannot be read") for name in unreadable]
        skipped += tree.left_aside()
        names, origin = (tuple(classes), "--classes") if classes else classlist.declared(tree)
        return _dataset(tree.root, found, table, lines, (names, origin), skipped)

    def _tables(self) -> Tables:
        """The tables of all files: of changed files from the disk, of the others from the cache."""
        saved, same, names = self.saved, self.same, self.names
        found, stamps = collected(self.shards)
        if saved is not None and same:
            old = Tables(*saved.tables())
            if not self.items and saved.names == names:
                self.stamps.extend(saved.stamps)
                return old
            read = (item if isinstance(item, str) else item[0] for item in self.items)
            fresh = {name: number for number, name in enumerate(read, start=len(saved.names))}
            sources = [same[name] if name in same else fresh[name] for name in names]
            found = _merged(old, found, sources, len(self.annotations))
            stamps = cache.picked(saved.stamps + stamps, sources)
        self.stamps.extend(stamps)
        known = saved is not None and saved.names == names and saved.stamps == stamps
        if self.use_cache and not self.tree.overlay and not known:
            # while others ask the tables, for which one core does
            keeping = Thread(target=_keep, args=(self.tree.root, names, stamps, found), name="cache")
            keeping.start()
            self.keeping.append(keeping)
        return found


def _keep(root: Path, names: Sequence[str], stamps: array[int], found: Tables) -> None:
    """Write the cache. Polars raises Ctrl-C in whatever thread it works for; the other one says so."""
    with suppress(KeyboardInterrupt):
        cache.save(root, names, stamps, found)


def _foreign(not_voc: Mapping[str, int], images: Sequence[str]) -> list[int]:
    """The numbers of those XML files without VOC in them that have no image of their own stem."""
    if not not_voc:
        return []
    labelled = {(mirror(folder), stem) for folder, stem, _ in map(split_name, images)}
    places = ((number, split_name(name)) for name, number in not_voc.items())
    return [number for number, (folder, stem, _) in places if (mirror(folder), stem) not in labelled]


def _merged(old: Tables, new: Tables, sources: Sequence[int], annotations: int) -> Tables:
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

    return Tables(
        pl.concat([old.headers, new.headers]).select(pl.all().gather(of_headers)),
        rows(old.objects, new.objects),
        rows(old.problems, new.problems),
        pl.concat([old.images, new.images]).select(pl.all().gather(of_images)),
    )


def _paired(annotations: Mapping[str, int], images: Sequence[str], pairs: Paired) -> pl.DataFrame:
    """The columns of IMAGES that names fill, and the numbers `_header` and `_facts` of rows in the tables.

    `annotations` has these numbers; pairs have the places in it.
    """
    import polars as pl

    places = pl.Series(pairs.annotations, dtype=pl.UInt32)
    facts = pl.Series(pairs.images, dtype=pl.UInt32)
    return pl.DataFrame(
        {
            "stem": pl.Series(pairs.stems, dtype=pl.String),
            "annotation": pl.Series(list(annotations), dtype=pl.String).gather(places),
            "image": pl.Series(images, dtype=pl.String).gather(facts),
            "_header": pl.Series(list(annotations.values()), dtype=pl.UInt32).gather(places),
            "_facts": facts,
        }
    ).with_row_index("image_id")


def _dataset(
    root: Path,
    found: Tables,
    table: pl.DataFrame,
    lines: Sequence[imagesets.SplitLine],
    classes: tuple[tuple[str, ...], str | None],
    skipped: Sequence[tuple[str, str]],
) -> Dataset:
    """The data set, once it is known which image belongs to which annotation."""
    import polars as pl

    from curate.dataset import IMAGES, OBJECTS, PROBLEMS, SPLITS, Dataset

    parts = [
        table,
        found.headers.select(pl.all().gather(table["_header"])),
        found.images.select(pl.all().gather(table["_facts"])),
    ]
    rows = table.select("image_id", "_header").drop_nulls()
    row_of = pl.Series([None], dtype=pl.UInt32).new_from_index(0, found.headers.height)
    row_of = row_of.scatter(rows["_header"], rows["image_id"])

    def keyed(rows: pl.DataFrame) -> pl.DataFrame:
        """With the row of IMAGES instead of the number of the annotation; XML that is left aside has none."""
        rows = rows.with_columns(image_id=row_of.gather(rows["annotation"])).drop("annotation")
        return rows.drop_nulls("image_id") if rows["image_id"].null_count() else rows

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

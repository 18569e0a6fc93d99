"""Which image belongs to which annotation file: names in, pairs out. Nothing is opened.

An annotation gets the first image, not yet given to another one, that

1. has the same stem in the mirrored folder (`Annotations/x/a.xml` mirrors `JPEGImages/x/a.jpg`; folders named
   Annotations, labels, JPEGImages, images do not count) or in the same folder; `a.jpg.xml` names `a.jpg`;
2. the same, but for letter case and Unicode normal form;
3. is the one its `<filename>` names, in the mirrored or the same folder, then anywhere if there is only one;
4. has the same stem anywhere, if there is only one.

Among several images with one stem, the one that `<filename>` names goes first, then that in the annotation's
own folder, then the usual order of extensions, then the alphabet. Each step is done for all annotations, in
alphabetical order, before the next one: a `<filename>` never takes an image from the file with its stem.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from itertools import takewhile
from typing import NamedTuple

from curate.formats.images import IMAGE_SUFFIXES

ANNOTATION_FOLDERS = frozenset(
    {"annotations", "annotation", "annots", "anno", "annos", "ann", "xml", "xmls", "label", "labels"}
    | {"标注", "标签"}
)
IMAGE_FOLDERS = frozenset(
    {"jpegimages", "images", "image", "imgs", "img", "photos", "photo", "pictures", "pics", "图片", "图像"}
)
# Pictures of masks, which VOC and LabelMe keep beside the photographs.
MASK_FOLDERS = frozenset({"segmentationclass", "segmentationobject", "segmentationclassaug", "masks"})

Pair = tuple[str | None, str | None]  # annotation, image


def split_name(name: str) -> tuple[str, str, str]:
    """`"a/b.c.jpg"` -> folder `"a"`, stem `"b.c"`, suffix `".jpg"`."""
    folder, _, base = name.rpartition("/")
    stem, dot, suffix = base.rpartition(".")
    return (folder, stem, dot + suffix) if stem else (folder, base, "")


def is_image_name(name: str) -> bool:
    """Whether the extension is that of an image, in any letter case."""
    return name.lower().endswith(IMAGE_SUFFIXES)


def is_mask(name: str) -> bool:
    """Whether the file lies in a folder of segmentation masks."""
    return not MASK_FOLDERS.isdisjoint(name.lower().split("/")[:-1])


def masks_among(names: Sequence[str]) -> frozenset[str]:
    """Those names that lie in a folder of segmentation masks."""
    folders = {name.rpartition("/")[0] for name in names}
    of_masks = {folder for folder in folders if not MASK_FOLDERS.isdisjoint(folder.lower().split("/"))}
    return (
        frozenset(name for name in names if name.rpartition("/")[0] in of_masks) if of_masks else frozenset()
    )


@lru_cache(maxsize=65536)
def mirror(folder: str) -> str:
    """The folder without the components that only say what kind of file it holds."""
    parts = folder.split("/")
    kept = [part for part in parts if part.lower() not in ANNOTATION_FOLDERS | IMAGE_FOLDERS]
    return "/".join(kept)


def folded(text: str) -> str:
    """Equal for names that differ only by letter case or Unicode normal form."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFC", text).casefold()


def base_name(written: str) -> str:
    """The last component of a path as any system writes it."""
    return written.replace("\\", "/").rpartition("/")[2].strip()


def pair(
    annotations: Sequence[str], images: Sequence[str], filenames: Mapping[str, str | None]
) -> list[Pair]:
    """Match annotations with images; `filenames` holds each annotation's `<filename>` as written.

    Every annotation and every image is in exactly one pair; sorted by the annotation's or else image's path.
    """
    annotations, images = sorted(annotations), sorted(images)
    found = Match(annotations, images).pairs(filenames.get)
    return [
        (None if annotation is None else annotations[annotation], None if image is None else images[image])
        for annotation, image in zip(found.annotations, found.images, strict=True)
    ]


class Paired(NamedTuple):
    """Pairs in columns: the numbers of annotations and images, and the stem of the one or else the other."""

    annotations: list[int | None]
    images: list[int | None]
    stems: list[str]


class Match:
    """Sorted names of annotations and images, matched as far as names decide; `pairs` does the rest."""

    def __init__(self, annotations: Sequence[str], images: Sequence[str]) -> None:
        self._annotations, self._images = annotations, images
        self._of_annotations, self._of_images = _Stems(annotations), _Stems(images)
        self._matched = _unrivalled(self._of_annotations, self._of_images)

    @property
    def folders(self) -> set[str]:
        """The folders that these files lie in."""
        return {folder for stems in (self._of_annotations, self._of_images) for folder, _ in stems.runs}

    def pairs(self, filename_of: Callable[[str], str | None]) -> Paired:
        """`pair` in numbers of names; `filename_of` is asked only where names do not decide."""
        annotations, images = self._annotations, self._images
        matched = list(self._matched)
        left = [annotations[number] for number, image in enumerate(matched) if image is None]
        if left:
            taken = {images[image] for image in matched if image is not None}
            found = _Pairing(images, {name: filename_of(name) for name in left}, taken).run(left)
            number_of = {image: number for number, image in enumerate(images)}
            for number, annotation in enumerate(annotations):
                if annotation in found:
                    matched[number] = number_of[found[annotation]]
        numbers: list[int | None] = list(range(len(annotations)))
        if len(images) + matched.count(None) == len(annotations):
            return Paired(numbers, matched, self._of_annotations.all)
        used = set(matched)
        alone = [number for number in range(len(images)) if number not in used]
        names = [*annotations, *(images[number] for number in alone)]
        order = sorted(range(len(names)), key=names.__getitem__)
        stems = [*self._of_annotations.all, *(self._of_images.all[number] for number in alone)]
        return Paired(
            [place if place < len(annotations) else None for place in order],
            [*map([*matched, *alone].__getitem__, order)],
            [*map(stems.__getitem__, order)],
        )


class _Stems:
    """The stems of sorted names, and the runs of names in one folder: the folder, and how many."""

    def __init__(self, names: Sequence[str]) -> None:
        self.all: list[str] = []
        self.runs: list[tuple[str, int]] = []
        start = 0
        while start < len(names):
            folder = names[start].rpartition("/")[0]
            end = bisect_left(names, f"{folder}0", start) if folder else len(names)  # 0 comes behind /
            run = names[start:end]
            if "".join(run).count("/") > len(run) * (folder.count("/") + 1 if folder else 0):
                run = list(takewhile(lambda name, folder=folder: name.rpartition("/")[0] == folder, run))  # type: ignore[misc]
            self._add(folder, run)
            start += len(run)

    def _add(self, folder: str, run: Sequence[str]) -> None:
        skipped = len(folder) + 1 if folder else 0
        bases = [name[skipped:] for name in run]
        self.all += [base.rpartition(".")[0] or base for base in bases]
        self.runs.append((folder, len(run)))


class _Alone:
    """Numbers of names by mirrored folder and stem, and which of these places have several names."""

    def __init__(self, stems: _Stems) -> None:
        self.number_of: dict[str, dict[str, int]] = {}  # mirrored folder -> stem -> number
        self.rivals: set[tuple[str, str]] = set()
        first = 0
        for folder, count in stems.runs:
            place, run = mirror(folder), stems.all[first : first + count]
            known = self.number_of.setdefault(place, {})
            numbers = dict(zip(run, range(first, first + count), strict=True))
            if len(numbers) < count:
                self.rivals.update((place, stem) for stem, times in Counter(run).items() if times > 1)
            self.rivals.update((place, stem) for stem in known.keys() & numbers.keys())
            known.update(numbers)
            first += count


def _unrivalled(annotations: _Stems, images: _Stems) -> list[int | None]:
    """For each annotation the image that the first step comes to, where both are alone with folder and stem.

    That is nearly all of them, and no other step, nor another annotation, can come to anything else.
    """
    matched: list[int | None] = [None] * len(annotations.all)
    if any("." in stem and is_image_name(stem) for stem in annotations.all):
        return matched  # a.jpg.xml may claim the image of a.xml
    of_images, of_annotations = _Alone(images), _Alone(annotations)
    for place, known in of_annotations.number_of.items():
        there = of_images.number_of.get(place)
        if there is not None:
            for stem, number in known.items():
                matched[number] = there.get(stem)
    for place, stem in of_annotations.rivals | of_images.rivals:
        rival = of_annotations.number_of.get(place, {}).get(stem)
        if rival is not None:
            matched[rival] = None
    return matched


class _Pairing:
    """The five steps for annotations that are left when `taken` images are given away.

    `filenames` has those of these annotations. Only images that one of their names could mean are sorted in.
    """

    def __init__(
        self, images: Sequence[str], filenames: Mapping[str, str | None], taken: Collection[str]
    ) -> None:
        self.filenames = filenames
        self.free = set(images).difference(taken)
        meant = {folded(split_name(annotation)[1]) for annotation in filenames}
        for filename in filenames.values():
            base = base_name(filename or "")
            meant |= {folded(base), folded(split_name(base)[1])}
        self.by_stem: dict[tuple[str, str], list[str]] = defaultdict(list)
        self.by_folded: dict[tuple[str, str], list[str]] = defaultdict(list)
        self.by_base: dict[tuple[str, str], list[str]] = defaultdict(list)
        self.stem_anywhere: dict[str, list[str]] = defaultdict(list)
        self.base_anywhere: dict[str, list[str]] = defaultdict(list)
        for image in sorted(images):
            folder, stem, suffix = split_name(image)
            if folded(stem) not in meant and folded(stem + suffix) not in meant:
                continue
            place = mirror(folder)
            self.by_stem[place, stem].append(image)
            self.by_folded[place, folded(stem)].append(image)
            self.by_base[place, stem + suffix].append(image)
            self.stem_anywhere[stem].append(image)
            self.base_anywhere[stem + suffix].append(image)

    def run(self, annotations: Sequence[str]) -> dict[str, str]:
        matched: dict[str, str] = {}
        steps = (self._same_stem, self._folded_stem, self._filename, self._filename_anywhere, self._anywhere)
        for step in steps:
            for annotation in annotations:
                if annotation not in matched:
                    self._match(annotation, step, matched)
        return matched

    def _match(self, annotation: str, step: Callable[[str], list[str]], matched: dict[str, str]) -> None:
        candidates = [image for image in step(annotation) if image in self.free]
        if candidates:
            chosen = min(candidates, key=lambda image: self._rank(annotation, image))
            matched[annotation] = chosen
            self.free.discard(chosen)

    def _rank(self, annotation: str, image: str) -> tuple[bool, bool, int, str]:
        folder, _, suffix = split_name(image)
        named = image.rpartition("/")[2] == base_name(self.filenames.get(annotation) or "")
        lower = suffix.lower()
        order = IMAGE_SUFFIXES.index(lower) if lower in IMAGE_SUFFIXES else len(IMAGE_SUFFIXES)
        return (not named, folder != annotation.rpartition("/")[0], order, image)

    def _same_stem(self, annotation: str) -> list[str]:
        folder, stem, _ = split_name(annotation)
        place = mirror(folder)
        return self.by_stem.get((place, stem)) or self.by_base.get((place, stem), [])

    def _folded_stem(self, annotation: str) -> list[str]:
        folder, stem, _ = split_name(annotation)
        return self.by_folded.get((mirror(folder), folded(stem)), [])

    def _filename(self, annotation: str) -> list[str]:
        base = base_name(self.filenames.get(annotation) or "")
        place = mirror(annotation.rpartition("/")[0])
        stem = split_name(base)[1] if is_image_name(base) else base  # filenames often lack their extension
        return self.by_base.get((place, base)) or self.by_stem.get((place, stem), []) if base else []

    def _filename_anywhere(self, annotation: str) -> list[str]:
        return _only(self.base_anywhere.get(base_name(self.filenames.get(annotation) or ""), []))

    def _anywhere(self, annotation: str) -> list[str]:
        return _only(self.stem_anywhere.get(split_name(annotation)[1], []))


def _only(candidates: list[str]) -> list[str]:
    return candidates if len(candidates) == 1 else []

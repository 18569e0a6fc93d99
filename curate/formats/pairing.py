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
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache

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
    return any(part.lower() in MASK_FOLDERS for part in name.split("/")[:-1])


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
    annotations = sorted(annotations)
    matched = _unrivalled(annotations, images)
    left = [annotation for annotation in annotations if annotation not in matched]
    if left:
        matched |= _Pairing(images, filenames, set(matched.values())).run(left)
    used = set(matched.values())
    pairs: list[Pair] = [(annotation, matched.get(annotation)) for annotation in annotations]
    pairs.extend((None, image) for image in images if image not in used)
    return sorted(pairs, key=lambda each: each[0] or each[1] or "")


def _unrivalled(annotations: Sequence[str], images: Sequence[str]) -> dict[str, str]:
    """What the first step comes to for annotations and images that are alone with their folder and stem.

    That is nearly all of them, and no other step, nor another annotation, can come to anything else.
    """
    images_of: dict[tuple[str, str], list[str]] = defaultdict(list)
    for image in images:
        folder, stem, _ = split_name(image)
        images_of[mirror(folder), stem].append(image)
    annotations_of: dict[tuple[str, str], list[str]] = defaultdict(list)
    for annotation in annotations:
        folder, stem, _ = split_name(annotation)
        if is_image_name(stem):
            return {}  # a.jpg.xml may claim the image of a.xml
        annotations_of[mirror(folder), stem].append(annotation)
    return {
        alone[0]: images_of[place][0]
        for place, alone in annotations_of.items()
        if len(alone) == 1 and len(images_of.get(place, ())) == 1
    }


class _Pairing:
    """The five steps for annotations that are left when `taken` images are given away."""

    def __init__(
        self, images: Sequence[str], filenames: Mapping[str, str | None], taken: Collection[str]
    ) -> None:
        self.filenames = filenames
        self.free = set(images).difference(taken)
        self.by_stem: dict[tuple[str, str], list[str]] = defaultdict(list)
        self.by_folded: dict[tuple[str, str], list[str]] = defaultdict(list)
        self.by_base: dict[tuple[str, str], list[str]] = defaultdict(list)
        self.stem_anywhere: dict[str, list[str]] = defaultdict(list)
        self.base_anywhere: dict[str, list[str]] = defaultdict(list)
        for image in sorted(images):
            folder, stem, suffix = split_name(image)
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

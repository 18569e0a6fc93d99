"""The planted defects: clean files in, files with one known fault each and the list of faults out.

Codes are those of `curate rule`. Every fault sits in a picture of its own, so that a finding anywhere
else is a mistake of the finder or of the generator.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace

from .voc import Annotation

SAFE = "`--fix` {}"
UNSAFE = "`--fix --unsafe-fixes` {}; plain `--fix` leaves it"
PERSON = "stays: only a person can decide{}"


@dataclass(frozen=True)
class Defect:
    """One row of DEFECTS.md."""

    path: str
    line: int | None
    code: str
    what: str
    cure: str


@dataclass(frozen=True)
class Entry:
    """One labelled picture on its way to disk."""

    annotation: Annotation
    xml: bytes
    image: bytes

    @property
    def stem(self) -> str:
        return self.annotation.filename.rpartition(".")[0]

    @property
    def xml_path(self) -> str:
        return f"data/Annotations/{self.stem}.xml"

    @property
    def image_path(self) -> str:
        return f"data/JPEGImages/{self.annotation.filename}"


Plant = Callable[[Entry], tuple[Entry, Defect]]


def _line(text: str, needle: str) -> int:
    """The 1-based line of the first occurrence."""
    return text[: text.index(needle)].count("\n") + 1


def _box_line(text: str, needle: str) -> int:
    """The line of the `<bndbox>` that holds the first occurrence."""
    return text[: text.rindex("<bndbox>", 0, text.index(needle))].count("\n") + 1


def _rewrite(
    entry: Entry, old: str, new: str, code: str, what: str, cure: str, at: str = ""
) -> tuple[Entry, Defect]:
    """Exchange the first `old` of the annotation for `new`; the reported line is that of `at` or `new`."""
    text = entry.xml.decode("utf-8")
    if old not in text:
        raise ValueError(f"{entry.xml_path} holds no {old!r} to spoil")
    changed = text.replace(old, new, 1)
    defect = Defect(entry.xml_path, _line(changed, at or new), code, what, cure)
    return replace(entry, xml=changed.encode("utf-8")), defect


def gbk_folder(entry: Entry) -> tuple[Entry, Defect]:
    entry, defect = _rewrite(
        entry,
        "<folder>JPEGImages</folder>",
        "<folder>香烟检测</folder>",
        "ENC001",
        "`<folder>香烟检测</folder>` as GBK bytes, no declaration",
        SAFE.format("writes the file as UTF-8"),
    )
    return replace(entry, xml=entry.xml.decode("utf-8").encode("gbk")), defect


def unknown_class(entry: Entry) -> tuple[Entry, Defect]:
    return _rewrite(
        entry,
        "<name>cigarette</name>",
        "<name>cigar</name>",
        "CLS001",
        "class `cigar` is not in `classes.txt`",
        UNSAFE.format("writes the nearest class, `cigarette`"),
    )


def class_variant(entry: Entry) -> tuple[Entry, Defect]:
    return _rewrite(
        entry,
        "<name>cigarette</name>",
        "<name>Cigarette </name>",
        "CLS002",
        "class `Cigarette ` differs from `cigarette` by case and a blank",
        SAFE.format("writes `cigarette`"),
    )


def no_objects(entry: Entry) -> tuple[Entry, Defect]:
    empty = replace(entry.annotation, objects=())
    defect = Defect(
        entry.xml_path,
        1,
        "OBJ001",
        "no object, though the picture shows a hand",
        PERSON.format(": negative or unlabelled?"),
    )
    return replace(entry, xml=empty.text().encode("utf-8")), defect


def size_zero(entry: Entry) -> tuple[Entry, Defect]:
    width, height = entry.annotation.size
    return _rewrite(
        entry,
        f"<width>{width}</width>\n\t\t<height>{height}</height>",
        "<width>0</width>\n\t\t<height>0</height>",
        "HDR002",
        "size 0x0",
        SAFE.format(f"writes {width}x{height}, the size of the image"),
        at="<size>",
    )


def size_transposed(entry: Entry) -> tuple[Entry, Defect]:
    width, height = entry.annotation.size
    return _rewrite(
        entry,
        f"<width>{width}</width>\n\t\t<height>{height}</height>",
        f"<width>{height}</width>\n\t\t<height>{width}</height>",
        "HDR003",
        "width and height exchanged",
        SAFE.format(f"writes {width}x{height}"),
        at="<size>",
    )


def corners_swapped(entry: Entry) -> tuple[Entry, Defect]:
    x1, _, x2, _ = entry.annotation.objects[0].box
    text = entry.xml.decode("utf-8")
    changed = text.replace(f"<xmin>{x1 + 1}</xmin>", f"<xmin>{x2}</xmin>", 1)
    changed = changed.replace(f"<xmax>{x2}</xmax>", f"<xmax>{x1 + 1}</xmax>", 1)
    defect = Defect(
        entry.xml_path,
        _box_line(changed, f"<xmin>{x2}</xmin>"),
        "BOX001",
        "xmin and xmax exchanged",
        SAFE.format("swaps them back"),
    )
    return replace(entry, xml=changed.encode("utf-8")), defect


def past_edge(entry: Entry, by: int) -> tuple[Entry, Defect]:
    """A box that ends `by` pixels beyond the right edge."""
    width = entry.annotation.size[0]
    cure = SAFE.format("clips it") if by <= 2 else UNSAFE.format("clips it")
    old, new = f"<xmax>{entry.annotation.objects[0].box[2]}</xmax>", f"<xmax>{width + by}</xmax>"
    entry, defect = _rewrite(entry, old, new, "BOX002", f"xmax {by} px past the right edge", cure)
    return entry, replace(defect, line=_box_line(entry.xml.decode("utf-8"), new))


def zero_area(entry: Entry) -> tuple[Entry, Defect]:
    x, y = entry.annotation.size[0] // 7, entry.annotation.size[1] // 9
    corners = f"<xmin>{x}</xmin>\n\t\t\t<ymin>{y}</ymin>\n\t\t\t<xmax>{x}</xmax>\n\t\t\t<ymax>{y}</ymax>"
    item = (
        "\t<object>\n\t\t<name>cigarette</name>\n\t\t<pose>Unspecified</pose>\n\t\t<truncated>0</truncated>\n"
        f"\t\t<difficult>0</difficult>\n\t\t<bndbox>\n\t\t\t{corners}\n\t\t</bndbox>\n\t</object>\n"
    )
    return _rewrite(
        entry,
        "</annotation>",
        f"{item}</annotation>",
        "BOX004",
        "a box that is a point, from a slip of the mouse",
        UNSAFE.format("removes the object"),
        at=f"<bndbox>\n\t\t\t{corners}",
    )


def several_boxes(entry: Entry) -> tuple[Entry, Defect]:
    """The second object's box moves into the first object, which takes the name of the second."""
    text = entry.xml.decode("utf-8")
    blocks = re.findall(r"\t\t<bndbox>\n.*?</bndbox>\n", text, flags=re.DOTALL)
    objects = re.findall(r"\t<object>\n.*?</object>\n", text, flags=re.DOTALL)
    changed = text.replace(objects[1], "", 1).replace(blocks[0], blocks[0] + blocks[1], 1)
    line = _line(changed, blocks[1])
    defect = Defect(
        entry.xml_path,
        line,
        "OBJ005",
        "two `<bndbox>` in one `<object>`",
        SAFE.format("splits it into two objects"),
    )
    return replace(entry, xml=changed.encode("utf-8")), defect


def duplicate(entry: Entry) -> tuple[Entry, Defect]:
    text = entry.xml.decode("utf-8")
    last = re.findall(r"\t<object>\n.*?</object>\n", text, flags=re.DOTALL)[-1]
    changed = text.replace(last, last + last, 1)
    line = changed[: changed.rindex(last)].count("\n") + 1
    defect = Defect(
        entry.xml_path, line, "BOX010", "the same object twice, number for number", SAFE.format("keeps one")
    )
    return replace(entry, xml=changed.encode("utf-8")), defect


def bare_ampersand(entry: Entry) -> tuple[Entry, Defect]:
    return _rewrite(
        entry,
        "<folder>JPEGImages</folder>",
        "<folder>smoke & hands</folder>",
        "XML003",
        "`&` not written as `&amp;`",
        SAFE.format("escapes it"),
    )


def exif_rotated(entry: Entry) -> tuple[Entry, Defect]:
    """The image must already hold the pixels turned; this adds the tag that turns them back on display."""
    defect = Defect(
        entry.xml_path,
        _line(entry.xml.decode("utf-8"), "<size>"),
        "HDR005",
        "the photograph has EXIF orientation 6: stored lying, shown upright, labelled upright",
        UNSAFE.format("sets the tag to 1 and turns the boxes to the stored pixels"),
    )
    return replace(entry, image=with_orientation(entry.image, 6)), defect


def with_orientation(jpeg: bytes, orientation: int) -> bytes:
    """The same JPEG with an EXIF orientation tag, placed first after the start of the image.

    Exif 2.3, section 4.5: APP1, "Exif", then a big-endian TIFF header with one entry, 0x0112 (SHORT).
    """
    if jpeg[:2] != b"\xff\xd8":
        raise ValueError("not a JPEG")
    tiff = struct.pack(">2sHIHHHIHHI", b"MM", 42, 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    payload = b"Exif\x00\x00" + tiff
    return jpeg[:2] + struct.pack(">2sH", b"\xff\xe1", len(payload) + 2) + payload + jpeg[2:]


def png_named_jpg(entry: Entry) -> tuple[Entry, Defect]:
    """The image must already be a PNG; this only names the fault."""
    if entry.image[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError(f"{entry.image_path} is no PNG")
    cure = SAFE.format(f"renames it to `{entry.stem}.png` and corrects `<filename>`")
    return entry, Defect(entry.image_path, None, "IMG005", "a PNG named .jpg", cure)


def copied(entry: Entry, original: Entry, listed: int) -> tuple[Entry, Defect]:
    """The same picture under the name of `entry`; the original is in line `listed` of the training list."""
    old, new = original.annotation.filename, entry.annotation.filename
    annotation = replace(original.annotation, filename=new)
    defect = Defect(
        "data/ImageSets/Main/train.txt",
        listed,
        "SET005",
        f"`{old}` is, byte for byte, `{new}` of the test split",
        UNSAFE.format("takes the copy out of train"),
    )
    return Entry(annotation, annotation.text().encode("utf-8"), original.image), defect


def table(defects: list[Defect]) -> str:
    """The text of DEFECTS.md."""
    lines = [
        "# Planted defects",
        "",
        "Written by `python -m samples.generate` in the same run as the files. Paths are relative to",
        "`samples/`, lines count from 1. Every other file of `samples/data` is clean.",
        "",
        "| file | line | code | what | what `curate validate` does about it |",
        "|---|---|---|---|---|",
    ]
    for item in sorted(defects, key=lambda defect: (defect.path, defect.code)):
        line = "" if item.line is None else str(item.line)
        lines.append(f"| `{item.path}` | {line} | {item.code} | {item.what} | {item.cure} |")
    return "\n".join([*lines, ""])

"""The museum: for each rule a tiny data set with one defect, and its clean twin, made by code.

Every exhibit is a whole data set, `{path: bytes}`. The twin is what an attentive person would have made of
the broken one; a repair must arrive at it byte for byte.

The annotation of `voc("a")`, with tabs, so that places can be counted by hand:

     1  <annotation>                     8  ⇥</size>                    15  ⇥⇥⇥<ymin>10</ymin>
     2  ⇥<folder>photos</folder>         9  ⇥<object>                   16  ⇥⇥⇥<xmax>40</xmax>
     3  ⇥<filename>a.jpg</filename>     10  ⇥⇥<name>cat</name>          17  ⇥⇥⇥<ymax>30</ymax>
     4  ⇥<size>                         11  ⇥⇥<truncated>0</truncated>  18  ⇥⇥</bndbox>
     5  ⇥⇥<width>64</width>             12  ⇥⇥<difficult>0</difficult>  19  ⇥</object>
     6  ⇥⇥<height>48</height>           13  ⇥⇥<bndbox>                  20  </annotation>
     7  ⇥⇥<depth>3</depth>              14  ⇥⇥⇥<xmin>10</xmin>
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from curate.findings import FixClass

Files = dict[str, bytes]
SAFE, UNSAFE, MANUAL = FixClass.SAFE, FixClass.UNSAFE, FixClass.MANUAL
BOX = (10, 10, 40, 30)


@dataclass(frozen=True)
class Exhibit:
    """One defect. `place` is (path, line, column) of its only finding; `twin` is what a repair arrives at."""

    code: str
    broken: Files
    twin: Files
    place: tuple[str, int | None, int | None]
    safety: FixClass
    title: str = ""
    classes: tuple[str, ...] = ()
    pixels: bool = False  # needs --pixels

    def __str__(self) -> str:
        return f"{self.code} {self.title}".strip()


def write(files: Files, folder: Path) -> Path:
    """Put a data set on disk."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


# --- parts --------------------------------------------------------------------------------------------


@lru_cache
def pixels(seed: str, width: int = 64, height: int = 48) -> np.ndarray:
    """A picture that no other seed gives; smooth, so that it is small as a JPEG."""
    rng = np.random.default_rng(list(seed.encode()))
    return cv2.resize(rng.integers(0, 256, (3, 4, 3), dtype=np.uint8), (width, height))


@lru_cache
def image(seed: str, width: int = 64, height: int = 48, suffix: str = ".jpg") -> bytes:
    """An image file as OpenCV writes it."""
    done, encoded = cv2.imencode(suffix, pixels(seed, width, height))
    assert done
    return encoded.tobytes()


def exif(jpeg: bytes, orientation: int) -> bytes:
    """The same JPEG with an EXIF orientation tag, big endian, right behind the start marker."""
    entry = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    block = b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 1) + entry + bytes(4)
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + jpeg[2:]


def an_object(name: str = "cat", box: tuple[object, ...] = BOX, fields: str | None = None) -> str:
    """An <object> of eleven lines, or with `fields` in place of its box."""
    corners = "".join(
        f"\t\t\t<{tag}>{number}</{tag}>\n"
        for tag, number in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True)
    )
    last = f"\t\t<bndbox>\n{corners}\t\t</bndbox>\n" if fields is None else fields
    return (
        f"\t<object>\n\t\t<name>{name}</name>\n\t\t<truncated>0</truncated>\n\t\t<difficult>0</difficult>\n"
        f"{last}\t</object>\n"
    )


def size(width: object, height: object, depth: object = 3) -> str:
    """A <size> that states these numbers."""
    parts = {"width": width, "height": height, "depth": depth}
    inner = "".join(f"\t\t<{tag}>{number}</{tag}>\n" for tag, number in parts.items())
    return f"\t<size>\n{inner}\t</size>\n"


SIZE = size(64, 48)


def voc(
    stem: str, *objects: str, size: str = SIZE, folder: str = "photos", filename: str | None = None
) -> str:
    """An annotation as in the module's docstring."""
    named = f"{stem}.jpg" if filename is None else filename
    inner = "".join(objects or (an_object(),))
    head = f"<annotation>\n\t<folder>{folder}</folder>\n\t<filename>{named}</filename>\n"
    return f"{head}{size}{inner}</annotation>\n"


def data(text: str | bytes | None = None, **others: bytes | None) -> Files:
    """Two labelled photographs, a and b; a has `text`; `others` replace, add or drop (None) files."""
    raw = text.encode() if isinstance(text, str) else text
    files: dict[str, bytes | None] = {
        "Annotations/a.xml": voc("a").encode() if raw is None else raw,
        "Annotations/b.xml": voc("b").encode(),
        "JPEGImages/a.jpg": image("a"),
        "JPEGImages/b.jpg": image("b"),
        **others,
    }
    return {name: content for name, content in files.items() if content is not None}


def photos(*texts: str) -> Files:
    """As many labelled photographs, m0, m1 ..., each with the given objects."""
    files: Files = {}
    for number, objects in enumerate(texts):
        files[f"Annotations/m{number}.xml"] = voc(f"m{number}", objects).encode()
        files[f"JPEGImages/m{number}.jpg"] = image(f"m{number}")
    return files


def lists(**splits: str) -> Files:
    """Split lists; a blank parts the lines."""
    return {
        f"ImageSets/Main/{name}.txt": ids.replace(" ", "\n").encode() + b"\n" for name, ids in splits.items()
    }


A, B = "Annotations/a.xml", "Annotations/b.xml"
IMAGE_A, IMAGE_B = "JPEGImages/a.jpg", "JPEGImages/b.jpg"
TRAIN = "ImageSets/Main/train.txt"
CLEAN = data()


def exhibit(
    code: str,
    broken: Files,
    place: tuple[str, int | None, int | None],
    safety: FixClass,
    twin: Files | None = None,
    *,
    title: str = "",
    classes: tuple[str, ...] = (),
    pixels: bool = False,
) -> Exhibit:
    """An exhibit whose twin is the clean pair of photographs, unless another is given."""
    return Exhibit(code, broken, CLEAN if twin is None else twin, place, safety, title, classes, pixels)


# --- exhibits -----------------------------------------------------------------------------------------

CHINESE = voc("a", folder="香烟检测")
SMOKE = voc("a", an_object("香烟"))
TWO = voc("a", an_object(), an_object("cat", (5, 5, 20, 20)))
DECLARED = '<?xml version="1.0" encoding="{}"?>\n'
POLYGON = "\t\t<polygon>" + "".join(
    f"<x{i}>{x}</x{i}><y{i}>{y}</y{i}>" for i, (x, y) in enumerate([(12, 40), (50, 8), (30, 44)], 1)
)
POLYGON += "</polygon>\n"
ENCLOSING = POLYGON + (
    "\t\t<bndbox>\n\t\t\t<xmin>12</xmin>\n\t\t\t<ymin>8</ymin>\n\t\t\t<xmax>50</xmax>\n\t\t\t<ymax>44</ymax>\n"
    "\t\t</bndbox>\n"
)
SECOND = an_object("cat", (5, 5, 20, 20)).split("</difficult>\n")[1].removesuffix("\t</object>\n")
DIFFICULT = an_object().replace("<difficult>0", "<difficult>1")
HTML = b"<!DOCTYPE html><html><body>404</body></html>"
PHONE = exif(image("a"), 6)  # stored 64x48, shown 48x64
# the stored box (10, 10, 40, 30), 1-based, turned clockwise: x' = 48 - y, y' = x
SHOWN = voc("a", an_object("cat", (19, 10, 39, 40)), size=size(48, 64))
MANY = {
    f"Annotations/m{i}.xml": voc(f"m{i}", an_object(), an_object("cat", (5, 5, 20, 20))).encode()
    for i in range(10)
} | {f"JPEGImages/m{i}.jpg": image(f"m{i}") for i in range(10)}
PATH = "<filename>a.jpg</filename>\n\t<path>C:\\Users\\li.wei\\Desktop\\项目\\a.jpg</path>\n"
# turned by 90 degrees: 20 wide and 10 high around (30, 24) becomes 10 wide, 25 to 35, and 20 high, 14 to 34
ROTATED = "\t\t<robndbox><cx>30</cx><cy>24</cy><w>20</w><h>10</h><angle>1.570796</angle></robndbox>\n"
UPRIGHT = ROTATED + (
    "\t\t<bndbox>\n\t\t\t<xmin>25</xmin>\n\t\t\t<ymin>14</ymin>\n\t\t\t<xmax>35</xmax>\n\t\t\t<ymax>34</ymax>\n"
    "\t\t</bndbox>\n"
)
# ten sides at the left and top edges, and none at a far one
CUT_FROM_1 = photos(*[an_object("cat", (1, 1, 30 + i, 20 + i)) for i in range(5)])
CUT_FROM_0 = photos(*[an_object("cat", (0, 0, 30 + i, 20 + i)) for i in range(5)])
# objects 20 wide and 10 high at x 30 to 36, y 20 to 26: impossible as corners from (30, 20) to (20, 10)
SIDES = photos(*[an_object("cat", (30 + i, 20 + i, 20, 10)) for i in range(7)])
CORNERED = photos(*[an_object("cat", (30 + i, 20 + i, 49 + i, 29 + i)) for i in range(7)])
# thirty cats of 20 x 16, and one of 3 x 36
ALIKE = photos(*[an_object("cat", (8 + i % 10, 8, 27 + i % 10, 23)) for i in range(30)])


def common_class(odd: str) -> Files:
    """Twenty boxes of `cat...` (button) and one of another spelling in a.xml."""
    return {
        name: content.replace(b"<name>cat<", b"<name>button<") if name.endswith(".xml") else content
        for name, content in {**MANY, **data(voc("a", an_object(odd)))}.items()
    }


ENCODINGS = (
    exhibit("ENC001", data(CHINESE.encode("gbk")), (A, 2, 10), SAFE, data(CHINESE)),
    exhibit(
        "ENC001",
        data(SMOKE.encode("gbk")),
        (A, 10, 9),
        SAFE,
        data(SMOKE),
        title="in a name that the class list holds",
        classes=("cat", "香烟"),
    ),
    exhibit(
        "ENC001",
        data(SMOKE.encode("gbk")),
        (A, 10, 9),
        UNSAFE,
        data(SMOKE),
        title="in a name that nothing else confirms",
    ),
    exhibit(
        "ENC001",
        data(voc("a", an_object("白")).encode("gbk")),
        (A, 10, 9),
        MANUAL,
        title="in a name that would be everyday Big5 as well",
    ),
    exhibit(
        "ENC002",
        data((DECLARED.format("gb2312") + CHINESE).encode("gbk")),
        (A, 1, 1),
        SAFE,
        data(DECLARED.format("UTF-8") + CHINESE),
    ),
    exhibit("ENC003", data(CHINESE.encode("utf-16")), (A, 1, 1), SAFE, data(CHINESE)),
    exhibit(
        "ENC004",
        data(voc("a", folder="José").encode("cp1252")),
        (A, 2, 13),
        SAFE,
        data(voc("a", folder="José")),
    ),
    exhibit(
        "ENC005",
        data(voc("a", an_object("ÊÖ»ú")), **{B: voc("b", an_object("手机")).encode()}),
        (A, 10, 3),
        UNSAFE,
        data(voc("a", an_object("手机")), **{B: voc("b", an_object("手机")).encode()}),
        title="of a declared class, GBK read as Windows-1252",
        classes=("手机",),
    ),
    exhibit(
        "ENC005",
        data(voc("a", an_object("鎵嬫満"))),
        (A, 10, 3),
        MANUAL,
        title="that nothing confirms, UTF-8 read as GBK",
    ),
    exhibit(
        "ENC005",
        data(voc("a", filename="ÕÕÆ¬.jpg"), **{IMAGE_A: None, "JPEGImages/照片.jpg": image("a")}),
        (A, 3, 2),
        UNSAFE,
        data(voc("a", filename="照片.jpg"), **{IMAGE_A: None, "JPEGImages/照片.jpg": image("a")}),
        title="in the name of an image on disk",
    ),
    exhibit("ENC006", data(voc("a", folder="pho\x08tos")), (A, 2, 13), SAFE),
)
MARKUP = (
    exhibit("XML001", data(b""), (A, 1, 1), MANUAL),
    exhibit("XML001", data(b"\0" * 512), (A, 1, 1), MANUAL, title="all NUL"),
    exhibit(
        "XML002",
        data(TWO[: TWO.rindex("<xmax>")]),
        (A, 26, 18),
        UNSAFE,
        title="behind one complete object",
    ),
    exhibit("XML002", data(voc("a")[:-60]), (A, 16, 12), MANUAL, title="before any complete object"),
    exhibit("XML003", data(voc("a", folder="a & b")), (A, 2, 12), SAFE, data(voc("a", folder="a &amp; b"))),
    exhibit(
        "XML004",
        data("\n" + DECLARED.format("UTF-8") + voc("a")),
        (A, 1, 1),
        SAFE,
        data(DECLARED.format("UTF-8") + voc("a")),
    ),
    exhibit("XML005", data('<!DOCTYPE annotation SYSTEM "voc.dtd">\n' + voc("a")), (A, 1, 1), SAFE),
    exhibit(
        "XML005",
        data("<!DOCTYPE annotation [\n<!-- <!ENTITY no 'n'> -->\n<!ELEMENT size ANY>\n]>\n" + voc("a")),
        (A, 1, 1),
        SAFE,
        title="with a list of its elements",
    ),
    exhibit(
        "XML005",
        data('<!DOCTYPE annotation [<!ENTITY where "photos">]>\n' + voc("a", folder="&where;")),
        (A, 1, 1),
        UNSAFE,
        title="with an entity",
    ),
    exhibit(
        "XML005",
        data('<!DOCTYPE annotation [<!ENTITY where "<b/>photos">]>\n' + voc("a", folder="&where;")),
        (A, 1, 1),
        MANUAL,
        title="with markup in an entity",
    ),
    exhibit(
        "XML006", data(voc("a").replace("<annotation>", '<annotation xmlns="urn:voc">')), (A, 1, 1), SAFE
    ),
    exhibit(
        "XML007",
        data(voc("a").replace("<object>", "<Object>").replace("/object", "/Object")),
        (A, 9, 2),
        SAFE,
    ),
    exhibit("XML008", data(voc("a").replace("annotation>", "Labels>")), (A, 1, 1), UNSAFE),
    exhibit(
        "XML009",
        CLEAN | {"Annotations/tool.xml": b"<project><name>x</name></project>"},
        ("Annotations/tool.xml", 1, 1),
        MANUAL,
    ),
    exhibit("XML010", data(voc("a").replace("</xmin>", "</xmax>")), (A, 14, 19), MANUAL),
    exhibit(
        "SEC001",
        data('<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;">]>\n' + voc("a", folder="&y;")),
        (A, 1, 1),
        MANUAL,
    ),
    exhibit("SEC002", data(voc("a", filename="../../a.jpg")), (A, 3, 2), SAFE),
    exhibit(
        "SEC002",
        data(voc("a", filename="C:\\Users\\li\\z.jpg")),
        (A, 3, 2),
        MANUAL,
        title="whose base name is not there",
    ),
    exhibit(
        "SEC003",
        data(voc("a").replace("<filename>a.jpg</filename>\n", PATH)),
        (A, 4, 2),
        UNSAFE,
    ),
    exhibit("SEC004", data(voc("a", folder="<x>" * 300 + "</x>" * 300)), (A, 2, 772), MANUAL),
)
HEADERS = (
    exhibit("HDR001", data(voc("a", size="")), (A, 1, 1), SAFE, data(voc("a"))),
    exhibit("HDR001", data(voc("a", size=size("", 48))), (A, 4, 2), SAFE, title="in part"),
    exhibit("HDR002", data(voc("a", size=size(0, 0))), (A, 4, 2), SAFE),
    exhibit("HDR003", data(voc("a", size=size(48, 64))), (A, 4, 2), SAFE),
    exhibit(
        "HDR003",
        data(voc("a", an_object("cat", (10, 10, 40, 60)), size=size(48, 64))),
        (A, 4, 2),
        MANUAL,
        title="with boxes that lie on the stated size",
    ),
    exhibit("HDR004", data(voc("a", size=size(32, 24))), (A, 4, 2), SAFE, title="too small for its box"),
    exhibit("HDR004", data(voc("a", size=size(80, 50))), (A, 4, 2), UNSAFE, title="large enough for its box"),
    exhibit(
        "HDR004",
        # drawn at twice the size: its edges lie at 18, 18, 80, 60 and are halved to 9, 9, 40, 30
        data(voc("a", an_object("cat", (19, 19, 80, 60)), size=size(128, 96))),
        (A, 4, 2),
        UNSAFE,
        title="of a resized image",
    ),
    exhibit(
        "HDR005",
        data(SHOWN, **{IMAGE_A: PHONE}),
        (A, 4, 2),
        UNSAFE,
        data(**{IMAGE_A: exif(image("a"), 1)}),
        title="shown",
    ),
    exhibit(
        "HDR005",
        data(**{IMAGE_A: PHONE}),
        (A, 4, 2),
        UNSAFE,
        data(**{IMAGE_A: exif(image("a"), 1)}),
        title="stored",
    ),
    exhibit("HDR005", data(**{IMAGE_A: exif(image("a"), 3)}), (A, 4, 2), MANUAL, title="upside down"),
    exhibit("HDR006", data(voc("a", size=size(64, 48, 1))), (A, 4, 2), SAFE),
    exhibit("HDR007", data(voc("a", filename="")), (A, 3, 2), SAFE, title="empty"),
    exhibit("HDR007", data(voc("a", filename="old.jpg")), (A, 3, 2), SAFE, title="renamed"),
    exhibit("HDR007", data(voc("a").replace("\t<filename>a.jpg</filename>\n", "")), (A, 1, 1), SAFE),
    exhibit("HDR008", data(voc("a", filename="a")), (A, 3, 2), SAFE),
    exhibit("HDR009", data(voc("a", filename="b.jpg")), (A, 3, 2), UNSAFE),
    exhibit(
        "HDR009", data(voc("a", filename="b.jpg"), **{IMAGE_A: None}), (A, 3, 2), MANUAL, title="left over"
    ),
    exhibit("HDR010", data(voc("a", filename="images/a.jpg")), (A, 3, 2), SAFE),
)
OBJECTS = (
    exhibit("OBJ001", data(voc("a", "\n")), (A, 1, 1), MANUAL),
    exhibit("OBJ002", data(voc("a", an_object(""))), (A, 10, 3), UNSAFE),
    exhibit(
        "OBJ002",
        data(voc("a", an_object("")), **{B: voc("b", an_object(), an_object("dog", (1, 1, 9, 9))).encode()}),
        (A, 10, 3),
        MANUAL,
        title="among several classes",
    ),
    exhibit(
        "OBJ003",
        data(voc("a", an_object(fields=POLYGON))),
        (A, 9, 2),
        SAFE,
        data(voc("a", an_object(fields=ENCLOSING))),
    ),
    exhibit("OBJ003", data(voc("a", an_object(fields=""))), (A, 9, 2), MANUAL, title="without polygon"),
    exhibit(
        "OBJ004",
        data(voc("a", an_object(fields=ROTATED))),
        (A, 9, 2),
        UNSAFE,
        data(voc("a", an_object(fields=UPRIGHT))),
    ),
    exhibit(
        "OBJ004",
        data(voc("a", an_object(fields=ROTATED.replace("1.570796", "steep")))),
        (A, 9, 2),
        MANUAL,
        title="whose angle is no number",
    ),
    exhibit(
        "OBJ005",
        data(voc("a", an_object().replace("\t</object>", SECOND + "\t</object>"))),
        (A, 19, 3),
        SAFE,
        data(TWO),
    ),
    exhibit("OBJ006", data(voc("a", DIFFICULT.replace(">1<", ">false<"))), (A, 12, 3), SAFE),
    exhibit(
        "OBJ006",
        data(voc("a", an_object().replace("<truncated>0", "<truncated>2"))),
        (A, 11, 3),
        UNSAFE,
        title="number",
    ),
    exhibit("OBJ007", data(voc("a").replace("\t\t\t<xmax>40</xmax>\n", "")), (A, 13, 3), MANUAL),
    exhibit("OBJ008", data(voc("a", DIFFICULT)), (A, 9, 2), MANUAL),
)
BOXES = (
    exhibit("BOX001", data(voc("a", an_object("cat", (40, 10, 10, 30)))), (A, 13, 3), SAFE),
    exhibit(
        "BOX002",
        data(voc("a", an_object("cat", (10, 10, 66, 30)))),
        (A, 13, 3),
        SAFE,
        data(voc("a", an_object("cat", (10, 10, 64, 30)))),
    ),
    exhibit(
        "BOX002",
        data(voc("a", an_object("cat", (0, 10, 40, 30)))),
        (A, 13, 3),
        SAFE,
        data(voc("a", an_object("cat", (1, 10, 40, 30)))),
        title="counted from 0",
    ),
    exhibit(
        "BOX002",
        data(voc("a", an_object("cat", (10, -7, 40, 60)))),
        (A, 13, 3),
        UNSAFE,
        data(voc("a", an_object("cat", (10, 1, 40, 48)))),
        title="far",
    ),
    exhibit(
        "BOX002",
        data(voc("a", an_object("cat", ("10.5", "10.0", "65.25", "30.0")))),
        (A, 13, 3),
        SAFE,
        data(voc("a", an_object("cat", ("10.5", "10.0", "64.00", "30.0")))),
        title="with decimals",
    ),
    exhibit("BOX003", data(voc("a", an_object("cat", (70, 10, 90, 30)))), (A, 13, 3), MANUAL),
    exhibit("BOX004", data(voc("a", an_object(), an_object("cat", (20, 20, 20, 20)))), (A, 24, 3), UNSAFE),
    exhibit("BOX004", data(voc("a", an_object("cat", (20, 20, 20, 20)))), (A, 13, 3), MANUAL, title="alone"),
    exhibit("BOX004", data(voc("a", an_object("cat", (20, 20, 20, 40)))), (A, 13, 3), MANUAL, title="line"),
    exhibit("BOX005", data(voc("a", an_object("cat", ("nan", 10, 40, "(88, 100)")))), (A, 13, 3), MANUAL),
    exhibit(
        "BOX006",
        data(voc("a", an_object("cat", ("10,7", 10, 40, 30)))),
        (A, 13, 3),
        UNSAFE,
        data(voc("a", an_object("cat", ("10.7", 10, 40, 30)))),
    ),
    # 0.25 * 64 = 16 edges to the left, so its first pixel is number 17; 0.75 * 64 = 48; 0.5 * 48 = 24
    exhibit(
        "BOX007",
        data(voc("a", an_object("cat", ("0.25", "0.0", "0.75", "0.5")))),
        (A, 13, 3),
        UNSAFE,
        data(voc("a", an_object("cat", (17, 1, 48, 24)))),
    ),
    exhibit(
        "BOX008",
        data(
            voc("a", an_object("cat", (100, 100, 110, 101)), size=size(640, 480)),
            **{IMAGE_A: image("a", 640, 480)},
        ),
        (A, 13, 3),
        MANUAL,
    ),
    exhibit("BOX009", data(voc("a", an_object("cat", (1, 1, 64, 48)))), (A, 13, 3), MANUAL),
    exhibit("BOX010", data(voc("a", an_object(), an_object())), (A, 20, 2), SAFE),
    # 31 x 21 pixels of 31 x 22: 0.95
    exhibit("BOX011", data(voc("a", an_object(), an_object("cat", (10, 10, 40, 31)))), (A, 20, 2), UNSAFE),
    exhibit("BOX012", data(voc("a", an_object(), an_object("dog"))), (A, 20, 2), MANUAL),
    exhibit("BOX013", CUT_FROM_1, (".", None, None), MANUAL, title="from 1"),
    exhibit("BOX013", CUT_FROM_0, (".", None, None), MANUAL, title="from 0, far sides unknown"),
    exhibit(
        "BOX014",
        ALIKE | data(voc("a", an_object("cat", (10, 6, 12, 41)))),
        (A, 13, 3),
        MANUAL,
        ALIKE | CLEAN,
    ),
    exhibit("BOX016", SIDES, (".", None, None), UNSAFE, CORNERED),
)
CLASSES = (
    exhibit("CLS001", data(voc("a", an_object("catt"))), (A, 10, 3), UNSAFE, classes=("cat",)),
    exhibit(
        "CLS001",
        data(voc("a", an_object("lorry"))),
        (A, 10, 3),
        MANUAL,
        title="like no other",
        classes=("cat",),
    ),
    exhibit("CLS002", data(voc("a", an_object("ＣＡＴ "))), (A, 10, 3), SAFE, classes=("cat",)),
    exhibit("CLS002", data(voc("a", an_object("Cat"))), (A, 10, 3), MANUAL, title="one against one"),
    exhibit("CLS003", common_class("buton"), (A, 10, 3), UNSAFE, common_class("button")),
    exhibit(
        "CLS004",
        CLEAN | {"classes.txt": b"cat\ndog\n"},
        ("classes.txt", None, None),
        MANUAL,
        CLEAN | {"classes.txt": b"cat\n"},
    ),
    exhibit("CLS005", data(voc("a", an_object("0"))), (A, 10, 3), UNSAFE, classes=("cat",)),
)
JPEG = image("a")
IMAGES = (
    exhibit("IMG001", data(**{IMAGE_A: None}), (A, 3, 2), MANUAL),
    exhibit("IMG002", CLEAN | {"JPEGImages/c.jpg": image("c")}, ("JPEGImages/c.jpg", None, None), MANUAL),
    exhibit("IMG003", data(**{IMAGE_A: JPEG + b"log: saved\n"}), (IMAGE_A, None, None), SAFE, title="junk"),
    exhibit("IMG003", data(**{IMAGE_A: JPEG[:-2]}), (IMAGE_A, None, None), SAFE, title="end marker"),
    exhibit("IMG003", data(**{IMAGE_A: JPEG[:-40]}), (IMAGE_A, None, None), MANUAL, title="scan data"),
    exhibit("IMG004", data(**{IMAGE_A: HTML}), (IMAGE_A, None, None), MANUAL),
    exhibit(
        "IMG005",
        data(**{IMAGE_A: image("a", suffix=".png")}),
        (IMAGE_A, None, None),
        SAFE,
        data(voc("a", filename="a.png"), **{IMAGE_A: None, "JPEGImages/a.png": image("a", suffix=".png")}),
    ),
)
PAIR = lists(train="a", test="b")
SETS = (
    exhibit("SET001", CLEAN | lists(train="a c", test="b"), (TRAIN, 2, 1), MANUAL, CLEAN | PAIR),
    exhibit("SET002", CLEAN | lists(train="a"), (B, None, None), MANUAL, CLEAN | PAIR),
    exhibit("SET003", CLEAN | lists(train="a b", test="b"), (TRAIN, 2, 1), UNSAFE, CLEAN | PAIR),
    exhibit(
        "SET004", CLEAN | {TRAIN: b"JPEGImages/a.jpg\nb\n"}, (TRAIN, 1, 1), SAFE, CLEAN | lists(train="a b")
    ),
    exhibit(
        "SET005",
        data(**{IMAGE_B: image("a")}, **lists(train="a", test="b")),
        (TRAIN, 1, 1),
        UNSAFE,
        data(**{IMAGE_B: image("a"), TRAIN: b""}, **lists(test="b")),
    ),
)


def palette_png(seed: str, width: int = 64, height: int = 48) -> bytes:
    """A PNG of four grey values by palette, which OpenCV cannot write."""
    shade = pixels(seed, width, height)[:, :, 0] // 64
    raw = b"".join(b"\0" + row.tobytes() for row in shade.astype(np.uint8))

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    palette = bytes(v for shade in (0, 80, 160, 240) for v in (shade, shade, shade))
    parts = (b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(raw)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def encoded(shown: np.ndarray, suffix: str = ".jpg") -> bytes:
    """Pixels as OpenCV writes them."""
    return cv2.imencode(suffix, shown)[1].tobytes()


def png_set(content: bytes, depth: int = 3) -> Files:
    """The two photographs, of which a is a PNG."""
    files = data(voc("a", filename="a.png", size=size(64, 48, depth)), **{IMAGE_A: None})
    return files | {"JPEGImages/a.png": content}


RGBA = np.dstack([pixels("a"), np.full((48, 64), 128, np.uint8)])
WALK = MANY | {
    f"{folder}/walk_mp4-{i}.{suffix}": content
    for i in (1, 2)
    for folder, suffix, content in (
        ("Annotations", "xml", voc(f"walk_mp4-{i}").encode()),
        ("JPEGImages", "jpg", image(f"walk{i}")),
    )
}
MANY_IDS = " ".join(f"m{i}" for i in range(10))
DRAWN = (
    voc("b").replace("\t<size>", "\t<source><database>curate paste</database></source>\n\t<size>").encode()
)
VAL, TEST = "ImageSets/Main/val.txt", "ImageSets/Main/test.txt"
COPIES = (
    exhibit(
        "IMG006",
        png_set(palette_png("a")),
        ("JPEGImages/a.png", None, None),
        UNSAFE,
        png_set(encoded(cv2.imdecode(np.frombuffer(palette_png("a"), np.uint8), cv2.IMREAD_COLOR), ".png")),
        title="palette",
    ),
    exhibit(
        "IMG006", png_set(encoded(RGBA, ".png"), 4), ("JPEGImages/a.png", None, None), MANUAL, title="alpha"
    ),
    exhibit(
        "IMG007",
        CLEAN | {"JPEGImages/a.png": image("another", suffix=".png")},
        ("JPEGImages/a.png", None, None),
        MANUAL,
    ),
    exhibit(
        "IMG008",
        CLEAN | {"Annotations/A.xml": voc("A").encode(), "JPEGImages/A.jpg": image("capital")},
        (IMAGE_A, None, None),
        UNSAFE,
        data(
            None,
            **{A: None, IMAGE_A: None},
            **{"Annotations/A.xml": voc("A").encode(), "JPEGImages/A.jpg": image("capital")},
            **{"Annotations/a_2.xml": voc("a_2").encode(), "JPEGImages/a_2.jpg": image("a")},
        ),
    ),
    exhibit(
        "IMG009",
        data(**{IMAGE_A: encoded(np.zeros((48, 64, 3), np.uint8))}),
        (IMAGE_A, None, None),
        MANUAL,
        pixels=True,
    ),
    exhibit(
        "SET006",
        data(**{IMAGE_B: encoded(pixels("a")[:, ::-1])}) | PAIR,
        (TRAIN, 1, 1),
        UNSAFE,
        data(**{IMAGE_B: encoded(pixels("a")[:, ::-1]), TRAIN: b""}) | lists(test="b a"),
        title="mirrored",
        pixels=True,
    ),
    exhibit(
        "SET007",
        WALK | lists(train=f"{MANY_IDS} walk_mp4-1", test="walk_mp4-2"),
        (TRAIN, 11, 1),
        UNSAFE,
        WALK | lists(train=MANY_IDS, test="walk_mp4-2 walk_mp4-1"),
    ),
    exhibit(
        "SET008",
        data(**{IMAGE_B: image("a")}) | lists(train="a b"),
        (TRAIN, 2, 1),
        UNSAFE,
        data(**{IMAGE_B: image("a")}) | lists(train="a"),
    ),
    exhibit(
        "SET008",
        data(**{B: voc("b", an_object("cat", (5, 5, 20, 20))).encode(), IMAGE_B: image("a")})
        | lists(train="a b"),
        (TRAIN, 2, 1),
        MANUAL,
        title="labelled in two ways",
    ),
    exhibit(
        "SET009",
        data(**{B: DRAWN}) | lists(train="a", val="b", trainval="a b"),
        (VAL, 1, 1),
        UNSAFE,
        data(**{B: DRAWN, VAL: b""}) | lists(train="a b", trainval="a b"),
    ),
)
MUSEUM: tuple[Exhibit, ...] = (
    *ENCODINGS,
    *MARKUP,
    *HEADERS,
    *OBJECTS,
    *BOXES,
    *CLASSES,
    *IMAGES,
    *SETS,
    *COPIES,
)

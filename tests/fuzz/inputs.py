"""Files that nobody should have to read: bytes, XML, image headers, lists, labels, and folders of them.

Each strategy begins with a file that is right and breaks it in a few places, because what is wrong everywhere
is refused at the door; and each also gives what was never right.
"""

from __future__ import annotations

import json
import struct
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from hypothesis import strategies as st

Files = dict[str, bytes]

ANNOTATION = (
    "<annotation>\n\t<folder>香烟</folder>\n\t<filename>a.jpg</filename>\n\t<path>C:\\图\\a.jpg</path>\n"
    "\t<size>\n\t\t<width>64</width>\n\t\t<height>48</height>\n\t\t<depth>3</depth>\n\t</size>\n"
    "\t<object>\n\t\t<name>手</name>\n\t\t<truncated>0</truncated>\n\t\t<difficult>0</difficult>\n"
    "\t\t<bndbox>\n\t\t\t<xmin>10</xmin>\n\t\t\t<ymin>10</ymin>\n\t\t\t<xmax>40</xmax>\n\t\t\t<ymax>30</ymax>\n"
    "\t\t</bndbox>\n\t</object>\n"
    "\t<object>\n\t\t<name>cigarette</name>\n\t\t<polygon><x1>1</x1><y1>2</y1><x2>9</x2><y2>3</y2>"
    "<x3>5</x3><y3>9</y3></polygon>\n\t</object>\n</annotation>\n"
)

# --- bytes ------------------------------------------------------------------------------------------------

_CHUNKS = (
    *(b"", b"\0", b"\0" * 9, b"\xff", b"\xff\xff\xff\xff", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf"),
    *(b"\x1b[2J", b"\r", b"\n", b"\xcf\xe3", b"\xa1", b"\x81\x30\x81\x30", "\u202e".encode(), b"9" * 5000),
    *(
        b"<",
        b">",
        b"&",
        b"</",
        b"/>",
        b"]]>",
        b"<!--",
        b"-->",
        b"<![CDATA[",
        b"<?",
        b"?>",
        b"&#0;",
        b"&#xD800;",
    ),
    *(b"<!DOCTYPE a [", b'<!ENTITY a "b">', b'<!ENTITY a SYSTEM "/etc/passwd">', b"&a;", b'xmlns="u"'),
    *(b"<object>", b"</object>", b"</annotation>", b"<bndbox>", b"<Object>", b"<name/>", b"<xmin>nan</xmin>"),
)


@st.composite
def broken(draw: st.DrawFn, whole: st.SearchStrategy[bytes]) -> bytes:
    """A file of which a few pieces are cut out, doubled, flipped, replaced or written in another encoding."""
    content = draw(whole)
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(content)))
        end = min(start + draw(st.sampled_from((0, 1, 2, 4, 16, 200))), len(content))
        piece = content[start:end]
        new = draw(
            st.one_of(
                st.sampled_from(_CHUNKS),
                st.just(piece * 2),
                st.just(bytes(byte ^ 0x20 for byte in piece)),
                st.just(piece.decode("utf-8", "replace").encode("gb18030")),
                st.just(piece.decode("utf-8", "replace").encode("utf-16-le")),
                st.binary(max_size=6),
            )
        )
        content = content[:start] + new + content[end:]
    return content[: draw(st.one_of(st.none(), st.integers(0, len(content))))]


# --- annotations ------------------------------------------------------------------------------------------

_TAGS = st.sampled_from(
    (
        "annotation",
        "object",
        "Object",
        "name",
        "NAME",
        "bndbox",
        "xmin",
        "ymin",
        "xmax",
        "ymax",
        "size",
        "width",
        "filename",
        "folder",
        "difficult",
        "truncated",
        "polygon",
        "robndbox",
        "pt",
        "x1",
        "y1",
        "part",
        "source",
        "database",
        "p:object",
        "标注",
        "a.b",
        "_c-d",
    )
)
_TEXTS = st.one_of(
    st.sampled_from(
        (
            "",
            " ",
            "1",
            "-5",
            "1e300",
            "nan",
            "12,5",
            "0.5",
            "9" * 400,
            "../../etc/passwd",
            "C:\\a.jpg",
            "a.jpg",
            "true",
            "手",
            " 手 ",
            "&lt;",
            "&amp;#x1b;[2J",
            "<![CDATA[<b>]]>",
            "<!-- c -->",
            "\u202eexe.gpj",
        )
    ),
    st.text(alphabet="a1.,<>&;\"'-]\r\n\t\0\x1b香é\ue000\uf7a0\ufffe", max_size=8),
)
_ATTRIBUTES = st.sampled_from(
    ("", "", "", ' k="v"', " verified='yes'", ' xmlns="u"', ' xmlns:p="u"', ' a="&b;"')
)
_TREES = st.recursive(
    st.builds("<{0}{1}>{2}</{0}>".format, _TAGS, _ATTRIBUTES, _TEXTS),
    lambda inner: st.builds(
        lambda tag, attributes, parts, end: f"<{tag}{attributes}>{''.join(parts)}</{end or tag}>",
        _TAGS,
        _ATTRIBUTES,
        st.lists(inner, max_size=4),
        st.sampled_from((None, None, None, None, "object", "OBJECT")),
    ),
    max_leaves=12,
)
_DOCUMENTS = st.builds(
    lambda head, doctype, root, trees, tail: f"{head}{doctype}<{root}>{''.join(trees)}</{root}>{tail}",
    st.sampled_from(
        (
            "",
            "",
            '<?xml version="1.0"?>\n',
            "<?xml version='1.0' encoding='gbk'?>",
            "\n<?xml version='1.0'?>",
            "<?xml version='1.0' encoding='utf-16'?>",
            "<?xml version='1.0' encoding='unicode_escape'?>",
            "<?xml version='1.0' encoding='raw_unicode_escape'?>",
            "<?xml version='1.0' encoding='hex'?>",
        )
    ),
    st.sampled_from(
        ("", "", "<!DOCTYPE annotation>", '<!DOCTYPE a [<!ENTITY b "c">]>', '<!DOCTYPE a SYSTEM "x">')
    ),
    st.sampled_from(("annotation", "annotation", "Annotations", "p:annotation", "project")),
    st.lists(_TREES, max_size=4),
    st.sampled_from(("", "\n", "x", "<!-- end -->", "\0\0")),
)
_CODECS = st.sampled_from(
    ("utf-8", "utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-be", "utf-32", "cp1252")
)
_ENCODED = st.builds(
    lambda text, codec: text.encode(codec, "replace"), st.one_of(st.just(ANNOTATION), _DOCUMENTS), _CODECS
)
ANNOTATIONS: st.SearchStrategy[bytes] = st.one_of(broken(_ENCODED), _ENCODED, st.binary(max_size=200))

# --- images -----------------------------------------------------------------------------------------------


@lru_cache
def picture(suffix: str = ".jpg") -> bytes:
    """A small encoded picture, 64 x 48."""
    pixels = cv2.resize(np.arange(36, dtype=np.uint8).reshape(3, 4, 3) * 7, (64, 48))
    return bytes(cv2.imencode(suffix, pixels)[1].tobytes())


_SIZES = st.sampled_from((0, 1, 2, 7, 8, 12, 64, 255, 65535, 100_000, 2**31 - 1, 2**31, 2**32 - 1))
_PAYLOADS = st.one_of(
    st.binary(max_size=24),
    st.sampled_from(
        (b"Exif\0\0II*\0\x08\0\0\0", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff", b"MPF\0II*\0", b"ispe" * 4)
    ),
)


def _segment(marker: int, length: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + (length & 0xFFFF).to_bytes(2, "big") + payload


def _chunk(length: int, kind: bytes, payload: bytes) -> bytes:
    return length.to_bytes(4, "big") + kind + payload + bytes(4)


def _riff(length: int, kind: bytes, payload: bytes) -> bytes:
    return kind + length.to_bytes(4, "little") + payload


def _entry(tag: int, kind: int, count: int, value: int) -> bytes:
    return struct.pack("<HHII", tag, kind, count, value)


_SEGMENTS = st.builds(_segment, st.integers(0, 255), st.one_of(_SIZES, st.integers(0, 40)), _PAYLOADS)
_PNG = st.builds(
    _chunk, _SIZES, st.sampled_from((b"IHDR", b"eXIf", b"IDAT", b"IEND", b"tEXt", b"\0\0\0\0")), _PAYLOADS
)
_WEBP = st.builds(_riff, _SIZES, st.sampled_from((b"VP8 ", b"VP8L", b"VP8X", b"EXIF", b"JUNK")), _PAYLOADS)
_TIFF = st.builds(
    _entry, st.sampled_from((256, 257, 258, 273, 277, 0x0112, 0x8769)), st.integers(0, 13), _SIZES, _SIZES
)
_BOXES = st.builds(_chunk, _SIZES, st.sampled_from((b"meta", b"iprp", b"ipco", b"ispe", b"mdat")), _PAYLOADS)


def _soup(head: bytes, parts: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    return st.lists(parts, max_size=6).map(lambda found: head + b"".join(found))


IMAGES: st.SearchStrategy[bytes] = st.one_of(
    broken(st.sampled_from((".jpg", ".png", ".bmp", ".webp", ".tiff", ".gif")).map(picture)),
    _soup(b"\xff\xd8", _SEGMENTS),
    _soup(b"\x89PNG\r\n\x1a\n", _PNG),
    _soup(
        b"\x89PNG\r\n\x1a\n" + _chunk(13, b"IHDR", struct.pack(">IIBBBBB", 10**5, 10**5, 8, 2, 0, 0, 0)), _PNG
    ),
    _soup(b"RIFF\xff\xff\xff\xffWEBP", _WEBP),
    st.builds(
        lambda offset, count, parts: b"II*\0" + struct.pack("<IH", offset, count) + b"".join(parts),
        st.one_of(st.just(8), _SIZES),
        st.integers(0, 65535),
        st.lists(_TIFF, max_size=6),
    ),
    _soup(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", _BOXES),
    st.builds(lambda tail: b"BM" + tail, st.binary(max_size=40)),
    st.builds(lambda tail: b"GIF89a" + tail, st.binary(max_size=20)),
    st.binary(max_size=80),
)

# --- lists, class files, YOLO, COCO -----------------------------------------------------------------------

_LINES = st.one_of(
    st.sampled_from(
        ("a", "b", "a.jpg", " a ", "JPEGImages/a.jpg", "b -1", "../a", "/etc/passwd", "# c", "\x1b[2J")
    )
    | st.sampled_from(("a/" * 3000, "..\\a", "C:\\a.jpg", "名单", "\0", "images/a.jpg", "./images/b.jpg")),
    st.text(max_size=12),
)
LISTS: st.SearchStrategy[bytes] = broken(
    st.builds(
        lambda lines, end, codec: end.join(lines).encode(codec, "replace"),
        st.lists(_LINES, max_size=8),
        st.sampled_from(("\n", "\r\n", "\r", "\u2028")),
        _CODECS,
    )
)
_ALIASES = (
    "a: &a [x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]\n"
)
_BOMB = (
    _ALIASES
    + "".join(
        f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
        for before, name in zip("cdefghi", "defghij", strict=True)
    )
    + "names: [*j, hand]\n"
)
YAMLS: st.SearchStrategy[bytes] = broken(
    st.one_of(
        st.builds(
            "path: {}\ntrain: {}\nval: {}\nnames: {}\n".format,
            *[
                st.sampled_from(
                    (
                        "images",
                        ".",
                        "../images",
                        "/etc",
                        "[images, images]",
                        "{0: 手, 1: b}",
                        "[on, off]",
                        "~",
                        '{"²": x}',
                        "{9999999999: x}",
                        '"\\e[2J"',
                        "1:" * 300 + "1.5",
                        "2024-13-45",
                        "*x",
                        "!!int z",
                        "train.txt",
                        "[[[[[[a]]]]]]",
                        "9" * 5000,
                    )
                )
            ]
            * 4,
        ),
        st.just(_BOMB),
        st.text(max_size=40),
    ).map(lambda text: text.encode("utf-8", "replace"))
)
_NUMBERS = st.sampled_from(
    ("0", "1", "7", "-1", "0.5", "1.5", "1e308", "nan", "inf", "1_0", "0,5", "x", "3.0", "²")
)
LABELS: st.SearchStrategy[bytes] = st.one_of(
    broken(
        st.lists(st.lists(_NUMBERS, max_size=9).map(" ".join), max_size=6).map(
            lambda rows: "\n".join(["0 0.5 0.5 0.2 0.2", *rows]).encode()
        )
    ),
    st.binary(max_size=60),
)
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(
        (0, 1, -1, 64, 1e300, 1e-300, float("nan"), float("inf"), 10**30, "1", "a.jpg", "手", "")
    ),
    st.sampled_from(("\ud800", "../a.jpg", "\x1b[2J", "none", "a\0b")),
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=8,
)


def _objects(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A COCO entry: each field right, or anything, or missing."""
    some = {key: st.one_of(right, _VALUES) for key, right in fields.items()}
    return st.one_of(st.fixed_dictionaries({}, optional=some), st.fixed_dictionaries(some), _VALUES)


_COCO = st.fixed_dictionaries(
    {
        "images": st.lists(
            _objects(id=st.integers(1, 3), file_name=st.just("a.jpg"), width=st.just(64), height=st.just(48)),
            max_size=3,
        ),
        "annotations": st.lists(
            _objects(
                id=st.integers(1, 3),
                image_id=st.integers(1, 3),
                category_id=st.integers(1, 2),
                bbox=st.lists(st.one_of(st.integers(-5, 70), _SCALARS), max_size=5),
                segmentation=st.lists(
                    st.lists(st.one_of(st.integers(0, 9), _SCALARS), max_size=9), max_size=2
                ),
                iscrowd=st.integers(0, 1),
            ),
            max_size=3,
        ),
        "categories": st.lists(
            _objects(id=st.integers(1, 2), name=st.sampled_from(("手", "b")), supercategory=st.just("手")),
            max_size=3,
        ),
    }
)
COCOS: st.SearchStrategy[bytes] = st.one_of(
    _COCO.map(lambda content: json.dumps(content).encode()),
    broken(_COCO.map(lambda content: json.dumps(content, ensure_ascii=True).encode())),
)

# --- folders ----------------------------------------------------------------------------------------------

# Names as bytes, because that is what a disk has. No two are equal, none is "." or "..".
NAMES: st.SearchStrategy[list[bytes]] = st.lists(
    st.one_of(
        st.sampled_from(
            (
                b"a\nb",
                b"a\tb",
                b"\x1b[2J\x1b]0;x\x07",
                b"\xcf\xe3\xd1\xcc",
                "\u202egpj".encode(),
                b" ",
                b"-rf",
                b"%n",
                "\uf7a0".encode(),
                "é".encode(),
                "é".encode(),
                b"A",
                b"a",
                b"\xff" * 100,
                b"n" * 250,
                b"\\",
                b"*",
            )
        ),
        st.binary(min_size=1, max_size=12).map(lambda raw: raw.translate(None, b"/\0") or b"x"),
    ),
    max_size=6,
    unique=True,
).map(lambda names: [name for name in names if name not in (b".", b"..")])


@st.composite
def voc_folders(draw: st.DrawFn) -> Files:
    """Several hostile annotations, images and lists in one VOC folder, beside a pair that is right."""
    files = {"Annotations/good.xml": ANNOTATION.encode(), "JPEGImages/good.jpg": picture()}
    for stem in "abcd":
        files[f"Annotations/{stem}.xml"] = draw(ANNOTATIONS)
        files[f"JPEGImages/{stem}{draw(st.sampled_from(('.jpg', '.png', '.webp', '.heic')))}"] = draw(IMAGES)
    for name, contents in (
        ("ImageSets/Main/train.txt", LISTS),
        ("ImageSets/Main/test.txt", LISTS),
        ("classes.txt", LISTS),
        ("data.yaml", YAMLS),
    ):
        if draw(st.booleans()):
            files[name] = draw(contents)
    return files


@st.composite
def yolo_folders(draw: st.DrawFn) -> Files:
    """A YOLO folder whose labels, images, lists and data.yaml are hostile, beside a pair that is right."""
    files = {"images/good.jpg": picture(), "labels/good.txt": b"0 0.5 0.5 0.2 0.2\n"}
    for stem in "ab":
        files[f"images/{stem}.jpg"] = draw(IMAGES)
        files[f"labels/{stem}.txt"] = draw(LABELS)
    for name, contents in (("data.yaml", YAMLS), ("train.txt", LISTS), ("classes.txt", LISTS)):
        if draw(st.booleans()):
            files[name] = draw(contents)
    return files


@st.composite
def coco_folders(draw: st.DrawFn) -> Files:
    """Two hostile COCO files beside one that is right."""
    good = {"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": [], "categories": []}
    return {
        "images/a.jpg": draw(IMAGES),
        "annotations/instances_val.json": json.dumps(good).encode(),
        "annotations/instances_train.json": draw(COCOS),
        "other.coco.json": draw(COCOS),
    }

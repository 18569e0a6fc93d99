"""The short way for plain annotations says what the long way says, or leaves the file to it."""

from __future__ import annotations

import codecs
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.formats.voc import (
    HEADER_COLUMNS,
    OBJECT_COLUMNS,
    VocAnnotation,
    VocFacts,
    VocObject,
    facts,
    parse,
    write,
)
from curate.formats.voc_plain import plain_facts

OBJECT = """
\t<object>
\t\t<name>{name}</name>
\t\t<pose>Unspecified</pose>
\t\t<truncated>0</truncated>
\t\t<difficult>1</difficult>
\t\t<bndbox>
\t\t\t<xmin>{x}</xmin>
\t\t\t<ymin>20</ymin>
\t\t\t<xmax>80</xmax>
\t\t\t<ymax>50</ymax>
\t\t</bndbox>
\t</object>"""
LABELIMG = (
    """<annotation verified="yes">
\t<folder>香烟检测</folder>
\t<filename>a 1.jpg</filename>
\t<path>C:\\图片\\a 1.jpg</path>
\t<source>
\t\t<database>Unknown</database>
\t</source>
\t<size>
\t\t<width>100</width>
\t\t<height>50</height>
\t\t<depth>3</depth>
\t</size>
\t<segmented>0</segmented>"""
    + OBJECT.format(name="手", x=10)
    + OBJECT.format(name="香烟", x="7.5")
    + "\n</annotation>\n"
)


def long_way(raw: bytes) -> VocFacts:
    return facts(parse(raw))


def same_as_long_way(raw: bytes) -> bool:
    """Whether the short way is taken; if so, it must say the same."""
    short = plain_facts(raw)
    if short is not None:
        assert short == long_way(raw)
        assert [type(value) for value in short.header] == [type(value) for value in long_way(raw).header]
    return short is not None


def test_facts_of_a_labelimg_file_by_hand() -> None:
    plain = plain_facts(LABELIMG.encode())
    assert plain is not None and plain.problems == []
    head = dict(zip(HEADER_COLUMNS, plain.header, strict=True))
    assert (head["folder"], head["filename"], head["size_written"]) == ("香烟检测", "a 1.jpg", "100x50x3")
    assert (head["filename_line"], head["filename_column"], head["size_line"]) == (3, 2, 8)
    assert head["odd_flags"] is False
    first, second = (dict(zip(OBJECT_COLUMNS, row, strict=True)) for row in plain.objects)
    assert (first["object"], first["name"], first["xmin"], first["written"]) == (1, "手", 9, "10,20,80,50")
    assert (second["object"], second["name"], second["xmin"], second["ymax"]) == (2, "香烟", 6.5, 50)
    assert (first["line"], first["column"]) == (14, 2)
    assert (second["line"], second["name_line"], second["box_line"]) == (26, 27, 31), "an object has 12 lines"
    assert (second["name_column"], second["box_column"]) == (3, 3)
    assert (first["difficult"], first["truncated"]) == (True, False)


@pytest.mark.parametrize(
    "raw",
    [
        LABELIMG.encode(),
        codecs.BOM_UTF8 + LABELIMG.encode(),
        LABELIMG.replace("\n", "\r\n").encode(),
        b"<?xml version='1.0' encoding='UTF-8'?>\n" + LABELIMG.encode(),
        write(VocAnnotation("f", "a.jpg", 100, 50, objects=[VocObject("dog", (9, 19, 80, 50))] * 2)),
        write(VocAnnotation("f", "a.jpg", 100, 50)),
        LABELIMG.replace("\t", "").encode(),
        LABELIMG.replace(">0</truncated>", ">Unspecified</truncated>").encode(),
        LABELIMG.replace(
            "<ymin>20</ymin>\n\t\t\t<xmax>80</xmax>", "<xmax>80</xmax>\n\t\t\t<ymin>20</ymin>"
        ).encode(),
        LABELIMG.replace("<xmin>10<", "<xmin> 10 <").replace("<ymax>50<", "<ymax><").encode(),
    ],
    ids=["labelimg", "bom", "crlf", "declared", "ours", "empty", "flat", "flag", "roboflow", "blanks"],
)
def test_what_tools_write_is_plain(raw: bytes) -> None:
    assert same_as_long_way(raw)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("手", "&lt;"),  # references are decoded elsewhere
        ("手", "a\nb"),  # would shift the lines
        ("<pose>Unspecified</pose>", "<pose/>"),
        ("\t<segmented>", "\t<!-- <object> -->\n\t<segmented>"),
        ("<annotation verified", "<annotation xmlns='u' verified"),
        ("\t<object>\n\t\t<name>香烟", "\t<object>\n\t\t\t<name>香烟"),  # indented otherwise than the first
        ("</annotation>", "</annotation><x/>"),
        ("</annotation>", "</annotation>\0"),
        ("</object>\n</annotation>", "</object>"),
        ("<database>", "<database>]]>"),
        ("<name>手</name>", "<name>手</name><name>b</name>"),
        ("<bndbox>", "<Bndbox>"),
        ("手", "\ufffe"),
    ],
)
def test_anything_else_is_left_to_the_long_way(old: str, new: str) -> None:
    assert old in LABELIMG
    assert plain_facts(LABELIMG.replace(old, new, 1).encode()) is None


@pytest.mark.parametrize("codec", ["gbk", "utf-16", "big5"])
def test_other_encodings_are_left_to_the_long_way(codec: str) -> None:
    assert plain_facts(LABELIMG.replace("烟检测", "").replace("香烟", "中").encode(codec, "ignore")) is None


def test_a_number_too_great_for_a_float_is_no_number() -> None:
    raw = LABELIMG.replace("<xmin>7.5<", "<xmin>8<").replace("<xmin>10<", f"<xmin>{'9' * 400}<").encode()
    assert same_as_long_way(raw)
    assert long_way(raw).objects[0][OBJECT_COLUMNS.index("xmin")] is None


# --- any file at all ----------------------------------------------------------------------------------------

INSERTED = (
    *(
        "",
        " ",
        "\n",
        "\r\n",
        "\r",
        "\t",
        "<",
        ">",
        "&",
        "&amp;",
        "é",
        "香",
        "\x01",
        "\x00",
        "\x0b",
        "\x85",
        "\u2028",
    ),
    *(
        "<b/>",
        "]]>",
        "<!-- <object> -->",
        "<object>",
        "</object>",
        "<name>x</name>",
        "A",
        "/",
        "1_0",
        "１",
        "-1",
    ),
    *(
        "1e999",
        "nan",
        "\ufeff",
        "\ufffe",
        "\uf780",
        "</annotation>",
        "<bndbox>",
        "<difficult>2</difficult>",
        "?",
    ),
)
CLAIMS = (
    *("", "", "<?xml version='1.0' encoding='utf-8'?>", '<?xml version="1.0"?>\n'),
    *("<?xml version='1.0' encoding='gb2312'?>", "<?xml version='1.0' encoding='latin-1'?>", "\n"),
)


@st.composite
def voc_files(draw: st.DrawFn, *, usual: bool = False) -> str:
    """A file in the manner of labelImg, with other tags, blanks and orders than it uses.

    The `usual` one has objects with a name and four corners, on lines of their own.
    """
    indent = draw(st.sampled_from(["\t", "  ", "", " "]))
    end = draw(st.sampled_from(["\n", "\r\n", "\n\n"] if usual else ["\n", "\r\n", "", " "]))
    word = st.sampled_from(["a", "手", "", " b ", "0", "1", "12", "7.5", "-3", "nan", "1,5", "True"])

    def leaf(depth: int, tag: str) -> str:
        return f"{end}{indent * depth}<{tag}>{draw(word)}</{tag}>"

    head = "".join(leaf(1, tag) for tag in ("folder", "filename", "path") if draw(st.booleans()))
    if draw(st.booleans()):
        head += (
            f"{end}{indent}<size>{leaf(2, 'width')}{leaf(2, 'height')}{leaf(2, 'depth')}{end}{indent}</size>"
        )
    own = draw(st.permutations(["name", "pose", "truncated", "difficult"]))[: draw(st.integers(1, 4))]
    if usual:
        own = [*{"name": None, **dict.fromkeys(own)}]
    cut = draw(st.integers(0, len(own)))
    before, after = own[:cut], own[cut if usual else draw(st.integers(0, 4)) :]
    corners = draw(st.permutations(["xmin", "ymin", "xmax", "ymax"]))
    corners = corners if usual else corners[: draw(st.sampled_from([4, 4, 4, 3]))]
    objects = ""
    for _ in range(draw(st.integers(0, 3))):
        objects += f"{end}{indent}<object>" + "".join(leaf(2, tag) for tag in before)
        objects += f"{end}{indent * 2}<bndbox>" + "".join(leaf(3, tag) for tag in corners)
        objects += f"{end}{indent * 2}</bndbox>" + "".join(leaf(2, tag) for tag in after)
        objects += f"{end}{indent}</object>"
    claim = draw(st.sampled_from(CLAIMS[:4] if usual else CLAIMS))
    return f"{claim}<annotation>{head}{objects}{end}</annotation>{end}"


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_the_short_way_says_what_the_long_way_says_of_any_file(data: st.DataObject) -> None:
    text = data.draw(st.one_of(voc_files(), st.just(LABELIMG)))
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, len(text)))
        text = text[:at] + data.draw(st.sampled_from(INSERTED)) + text[at + data.draw(st.integers(0, 3)) :]
    codec = data.draw(st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "gbk", "utf-16"]))
    same_as_long_way(text.encode(codec, "replace"))


@settings(max_examples=200, deadline=None)
@given(voc_files(usual=True))
def test_every_file_with_alike_objects_on_lines_of_their_own_is_plain(text: str) -> None:
    """The comparison above would prove little if the short way were hardly ever taken."""
    assert same_as_long_way(text.encode())


def test_a_hostile_file_takes_no_longer_than_its_size() -> None:
    """A megabyte of what looks like the beginning of an object, or of an endless shape."""
    begun = time.perf_counter()
    for filler in ("<object>", "<object>\n", "<name></name>", " \n", "<a>"):
        raw = (
            LABELIMG[: LABELIMG.index("<object>")]
            + filler * (900_000 // len(filler))
            + "</object></annotation>"
        ).encode()
        assert plain_facts(raw) is None
    assert time.perf_counter() - begun < 5

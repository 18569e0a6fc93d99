"""VOC annotations: fields, places and problems of one file, pixel conventions, and writing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from curate.formats.voc import (
    HEADER_COLUMNS,
    OBJECT_COLUMNS,
    SYNTHETIC_SOURCE,
    VocAnnotation,
    VocObject,
    facts,
    parse,
    write,
)
from curate.formats.voc_plain import plain_facts

FILE = """<annotation>
  <folder>香烟检测</folder>
  <filename>a 1.jpg</filename>
  <size><width>100</width><height>50</height><depth>3</depth></size>
  <object>
    <part><name>head</name><bndbox><xmin>1</xmin></bndbox></part>
    <name>dog</name>
    <difficult>1</difficult>
    <bndbox><xmin>10</xmin><ymin>20</ymin><xmax>80</xmax><ymax>50</ymax></bndbox>
  </object>
</annotation>
"""


def header(raw: bytes | str) -> dict[str, object]:
    content = raw.encode() if isinstance(raw, str) else raw
    return dict(zip(HEADER_COLUMNS, facts(parse(content)).header, strict=True))


def objects(raw: bytes | str) -> list[dict[str, object]]:
    content = raw.encode() if isinstance(raw, str) else raw
    return [dict(zip(OBJECT_COLUMNS, row, strict=True)) for row in facts(parse(content)).objects]


def kinds(raw: bytes | str) -> list[str]:
    return [p.kind for p in parse(raw.encode() if isinstance(raw, str) else raw).problems]


def box_file(inner: str) -> str:
    return f"<annotation><object><name>a</name>{inner}</object></annotation>"


def test_a_box_is_one_based_and_inclusive_in_the_file_and_neither_for_us() -> None:
    (row,) = objects(FILE)
    assert [row[side] for side in ("xmin", "ymin", "xmax", "ymax")] == [9, 19, 80, 50]
    assert row["written"] == "10,20,80,50"
    assert (row["name"], row["difficult"], row["truncated"]) == ("dog", True, False)


def test_lines_and_columns_are_those_of_the_tags() -> None:
    (row,) = objects(FILE)
    assert (row["line"], row["column"]) == (5, 3)
    assert (row["name_line"], row["name_column"]) == (7, 5), "the object's own name, not that of its part"
    assert (row["box_line"], row["box_column"]) == (9, 5)
    head = header(FILE)
    assert (head["filename_line"], head["filename_column"]) == (3, 3)
    assert (head["size_line"], head["size_column"]) == (4, 3)


def test_the_header_is_told_word_for_word_and_as_numbers() -> None:
    head = header(FILE)
    assert (head["folder"], head["filename"], head["size_written"]) == ("香烟检测", "a 1.jpg", "100x50x3")
    assert (head["width"], head["height"], head["depth"]) == (100, 50, 3)
    assert (head["readable"], head["root_tag"], head["synthetic"]) == (True, "annotation", False)


def test_a_file_with_nothing_in_it_has_no_header() -> None:
    head = header("<annotation/>")
    assert [head[c] for c in ("folder", "filename", "size_written", "width")] == [None] * 4
    assert head["readable"] is True and objects("<annotation/>") == []
    assert header("<annotation><size><width>many</width></size></annotation>")["size_written"] == "manyx"


def test_several_boxes_in_one_object_are_several_rows_and_none_is_a_row_without_corners() -> None:
    corners = "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>{0}</xmax><ymax>{0}</ymax></bndbox>"
    rows = objects(box_file(corners.format(4) + corners.format(8)))
    assert [(row["object"], row["box"], row["xmax"]) for row in rows] == [(1, 1, 4), (1, 2, 8)]
    (row,) = objects(box_file("<polygon/>"))
    assert (row["box"], row["xmin"], row["polygon"], row["rotated"]) == (0, None, True, False)
    (row,) = objects(box_file("<robndbox><cx>1</cx></robndbox>"))
    assert (row["box"], row["rotated"]) == (0, True)


@pytest.mark.parametrize(
    "word", ["NaN", "inf", "-Infinity", "1_000", "(88, 100)", "466.png", "10,7", "１２", "0x10", "1e999", ""]
)
def test_what_is_no_finite_decimal_number_is_kept_only_word_for_word(word: str) -> None:
    (row,) = objects(
        box_file(f"<bndbox><xmin>{word}</xmin><ymin>5</ymin><xmax>6</xmax><ymax>7</ymax></bndbox>")
    )
    assert row["xmin"] is None
    assert row["written"] == f"{word},5,6,7"


@pytest.mark.parametrize(
    ("word", "value"), [(" 7 ", 6), ("+7.50", 6.5), ("1e2", 99), ("-3", -4), ("007", 6), (".5", -0.5)]
)
def test_padded_fractional_and_signed_numbers_are_numbers(word: str, value: float) -> None:
    (row,) = objects(box_file(f"<bndbox><xmin>{word}</xmin></bndbox>"))
    assert row["xmin"] == value
    assert row["written"] == f"{word.strip()},,,"


def test_flags_that_are_neither_yes_nor_no_are_null() -> None:
    (row,) = objects(box_file("<difficult>Unspecified</difficult><truncated>TRUE</truncated>"))
    assert (row["difficult"], row["truncated"]) == (None, True)


def test_tags_in_another_case_or_with_a_prefix_are_read_and_reported() -> None:
    assert kinds("<annotation><Object><Name>a</Name></Object></annotation>") == ["tag-case", "tag-case"]
    assert objects("<annotation><Object><Name>a</Name></Object></annotation>")[0]["name"] == "a"
    spaced = '<annotation xmlns="http://x.org"><object><name>a</name></object></annotation>'
    assert kinds(spaced) == ["namespace"]
    prefixed = '<v:annotation xmlns:v="u"><v:object><v:name>a</v:name></v:object></v:annotation>'
    assert (kinds(prefixed), objects(prefixed)[0]["name"]) == (["namespace"], "a")


def test_another_root_is_unknown_if_it_holds_objects_and_not_voc_otherwise() -> None:
    shaped = "<labels><object><name>a</name></object></labels>"
    assert (kinds(shaped), len(objects(shaped)), header(shaped)["readable"]) == (["unknown-root"], 1, True)
    other = "<annotations><image id='0'><box/></image></annotations>"  # CVAT
    assert (kinds(other), objects(other), header(other)["readable"]) == (["not-voc"], [], False)


def test_a_truncated_file_gives_its_complete_objects_and_no_half_words() -> None:
    cut = FILE[: FILE.index("</object>")] + "</object>\n<object><name>ca"
    assert (kinds(cut), [row["name"] for row in objects(cut)]) == (["truncated"], ["dog"])
    assert header(cut)["readable"] is True
    assert header(FILE[: FILE.index(" 1.jpg")])["filename"] is None, "'a' is half a name"


def test_undeclared_gbk_is_read_normally_with_the_place_of_its_first_byte() -> None:
    document = parse(FILE.encode("gbk"))
    (problem,) = document.problems
    assert (problem.kind, document.line_column(problem.offset)) == ("undeclared-gbk", (2, 11))
    assert header(FILE.encode("gbk"))["folder"] == "香烟检测"
    assert len(objects(FILE.encode("gbk"))) == 1


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gbk", "utf-16", "utf-16-be", "big5"])
def test_bytes_survive_and_recoding_gives_plain_utf8(codec: str) -> None:
    declared = f"<?xml version='1.0' encoding=\"{codec.removesuffix('-sig')}\"?>\r\n<!-- 香 -->" + FILE
    text = declared.encode(codec, "replace").decode(codec)
    raw = text.encode(codec)
    document = parse(raw)
    assert document.to_bytes(document.text) == raw
    recoded = document.to_bytes(document.text, recode=True)
    again = parse(recoded)
    assert (again.problems, again.encoding, again.bom) == ((), "utf-8", False)
    assert again.declared == "UTF-8"
    assert objects(recoded) == objects(raw)


def test_an_edit_of_a_file_cut_inside_a_character_drops_the_half_character() -> None:
    raw = "<annotation><object><name>a</name></object><folder>香".encode()[:-1]
    document = parse(raw)
    assert document.to_bytes(document.text) == raw
    mended = document.text[: document.objects()[-1].end] + "</annotation>"
    assert document.to_bytes(mended) == mended.encode()


def test_a_file_over_the_cap_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("curate.formats.voc_document.MAX_BYTES", 100)
    assert kinds(FILE) == ["oversized"]
    assert header(FILE)["readable"] is False


@given(st.binary(max_size=200))
def test_no_bytes_at_all_raise(raw: bytes) -> None:
    document = parse(raw)
    assert document.to_bytes(document.text) == raw
    facts(document)


@given(st.data())
def test_no_damage_to_an_annotation_raises(data: st.DataObject) -> None:
    raw = bytearray(FILE.encode(data.draw(st.sampled_from(["utf-8", "gbk", "utf-16"]))))
    for _ in range(data.draw(st.integers(1, 5))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    document = parse(bytes(raw))
    assert document.to_bytes(document.text) == raw
    for problem in document.problems:
        line, column = document.line_column(problem.offset)
        assert line >= 1 and column >= 1
    facts(document)


PLAIN = FILE.replace("<part><name>head</name><bndbox><xmin>1</xmin></bndbox></part>\n", "")


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_the_short_way_of_plain_files_says_what_the_long_way_says(data: st.DataObject) -> None:
    object_ = PLAIN[PLAIN.index("<object>") : PLAIN.index("</annotation>")]
    text = PLAIN.replace(object_, object_ * data.draw(st.integers(1, 3)))
    for _ in range(data.draw(st.integers(0, 2))):
        at = data.draw(st.integers(0, len(text)))
        new = data.draw(
            st.sampled_from(
                ["", " ", "\n", "\r\n", "<", "&", "é", "\x01", "<b/>", "]]>", "<!-- <object> -->", "A"]
            )
        )
        text = text[:at] + new + text[at + data.draw(st.integers(0, 3)) :]
    claim = data.draw(
        st.sampled_from(
            ["", "<?xml version='1.0' encoding='utf-8'?>", "<?xml version='1.0' encoding='latin-1'?>"]
        )
    )
    raw = (claim + text).encode(
        data.draw(st.sampled_from(["utf-8", "utf-8-sig", "gbk", "utf-16"])), "replace"
    )
    short = plain_facts(raw)
    assert short is None or short == facts(parse(raw))


def test_the_short_way_is_taken_for_what_we_and_labelimg_write() -> None:
    plain = write(VocAnnotation("f", "a.jpg", 100, 50, objects=[VocObject("dog", (9, 19, 80, 50))] * 2))
    assert plain_facts(plain) == facts(parse(plain))
    assert plain_facts(PLAIN.encode()) == facts(parse(PLAIN.encode()))
    assert plain_facts(FILE.encode()) is None, "it has a part"


# --- writing ----------------------------------------------------------------------------------------------


def test_a_new_file_looks_as_labelimg_writes_it() -> None:
    annotation = VocAnnotation(
        "imgs", "a&b.jpg", 100, 50, objects=[VocObject("dog", (9, 19, 80, 50), truncated=True)]
    )
    assert write(annotation).decode() == (
        "<annotation>\n\t<folder>imgs</folder>\n\t<filename>a&amp;b.jpg</filename>\n"
        "\t<source>\n\t\t<database>Unknown</database>\n\t</source>\n"
        "\t<size>\n\t\t<width>100</width>\n\t\t<height>50</height>\n\t\t<depth>3</depth>\n\t</size>\n"
        "\t<segmented>0</segmented>\n\t<object>\n\t\t<name>dog</name>\n\t\t<pose>Unspecified</pose>\n"
        "\t\t<truncated>1</truncated>\n\t\t<difficult>0</difficult>\n"
        "\t\t<bndbox>\n\t\t\t<xmin>10</xmin>\n\t\t\t<ymin>20</ymin>\n"
        "\t\t\t<xmax>80</xmax>\n\t\t\t<ymax>50</ymax>\n\t\t</bndbox>\n"
        "\t</object>\n</annotation>\n"
    )


def test_an_image_that_curate_drew_is_known_by_its_source() -> None:
    drawn = VocAnnotation(
        "f", "a.jpg", 4, 4, source={"database": f"{SYNTHETIC_SOURCE} 0.1", "image": "b.jpg"}
    )
    assert header(write(drawn))["synthetic"] is True
    assert b"<image>b.jpg</image>" in write(drawn)
    assert header(write(VocAnnotation("f", "a.jpg", 4, 4)))["synthetic"] is False


PIXEL = st.integers(0, 4000).map(lambda quarter: quarter / 4)


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1),
            PIXEL,
            PIXEL,
            PIXEL,
            PIXEL,
            st.booleans(),
        ),
        max_size=3,
    )
)
def test_what_is_written_is_read_again(boxes: list[tuple[str, float, float, float, float, bool]]) -> None:
    written = [VocObject(name, (x, y, x + w, y + h), difficult=flag) for name, x, y, w, h, flag in boxes]
    raw = write(VocAnnotation("夹", "图 1.jpg", 1000, 1000, objects=written))
    etree.fromstring(raw)
    document = parse(raw)
    bad = {"\ufffe", "\uffff"}
    if not any(set(item.name) & bad for item in written):
        assert document.problems == ()
    read = objects(raw)
    assert [row["name"] for row in read] == [item.name for item in written]
    assert [(row["xmin"], row["ymin"], row["xmax"], row["ymax"]) for row in read] == [
        item.xyxy for item in written
    ]
    assert [row["difficult"] for row in read] == [item.difficult for item in written]

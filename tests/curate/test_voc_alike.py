"""Files of one form, read together, say what each of them says alone."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.dataset import IMAGES, OBJECTS
from curate.formats.voc import HEADER_COLUMNS, OBJECT_COLUMNS, VocFacts, facts, parse
from curate.formats.voc_alike import blocks, tables
from tests.curate.test_voc_plain import INSERTED, LABELIMG, OBJECT, voc_files

NO_OBJECTS = LABELIMG[: LABELIMG.index("\n\t<object>")] + "\n</annotation>\n"


def together(files: Sequence[bytes]) -> dict[int, VocFacts]:
    """What is said of those files that are read together, by number; the rows as the tables hold them."""
    found: dict[int, VocFacts] = {}
    for block in blocks(dict(enumerate(files))):
        headers, objects = tables(block.form, [(0, block)])
        assert list(headers.schema.items())[1:] == [(name, IMAGES[name]) for name in HEADER_COLUMNS]
        assert list(objects.schema.items())[1:] == [(name, OBJECTS[name]) for name in OBJECT_COLUMNS]
        rows = {number: [row[1:] for row in of] for number, of in groupby(objects.rows(), lambda row: row[0])}
        for number, *header in headers.rows():
            assert number not in found
            found[number] = VocFacts(tuple(header), rows.get(number, []), [])
    return found


def all_like_the_long_way(files: Sequence[bytes]) -> set[int]:
    """The numbers of the files that are read together, which must say what the long way says."""
    found = together(files)
    for number, said in found.items():
        assert said == facts(parse(files[number]))
    return set(found)


def labelled(*corners: str, name: str = "手") -> bytes:
    """An annotation with an object for each left side."""
    objects = "".join(OBJECT.format(name=name, x=corner) for corner in corners)
    return (NO_OBJECTS.replace("\n</annotation>", f"{objects}\n</annotation>")).encode()


def test_files_of_one_form_become_one_block_and_their_rows_are_those_of_each_file() -> None:
    files = [labelled("10"), labelled(), labelled("1", "2", "3.25"), labelled("0", name="香 烟")]
    assert [(block.files, block.counts) for block in blocks(dict(enumerate(files)))] == [
        ([0, 1, 2, 3], [1, 0, 3, 1])
    ]
    assert all_like_the_long_way(files) == {0, 1, 2, 3}
    third = together(files)[2]
    column = OBJECT_COLUMNS.index
    assert [row[column("xmin")] for row in third.objects] == [0, 1, 2.25], "VOC counts from 1"
    assert [row[column("object")] for row in third.objects] == [1, 2, 3]
    assert [row[column("line")] for row in third.objects] == [14, 26, 38], "an object has 12 lines"
    assert third.objects[2][column("written")] == "3.25,20,80,50"
    assert third.header[HEADER_COLUMNS.index("size_written")] == "100x50x3"


def test_a_file_of_another_form_is_in_another_block_or_left_to_the_longer_ways() -> None:
    spaces = labelled("4", "5").replace(b"\t", b"    ")
    broken = labelled("6")[:-20]
    strange = labelled("7", "8").replace(b"<xmin>8<", b"<xmin> 8<")
    files = [labelled("1"), broken, spaces, labelled("2"), strange, spaces, labelled("3", "4")]
    found = blocks(dict(enumerate(files)))
    assert [(block.files, block.counts) for block in found] == [([0, 3, 6], [1, 1, 2]), ([2, 5], [2, 2])]
    assert all_like_the_long_way(files) == {0, 2, 3, 5, 6}


@pytest.mark.parametrize(
    "odd",
    [
        labelled("1").replace("手".encode(), "手".encode("gbk")),
        labelled("1").replace("手".encode(), "\ufffe".encode()),
        labelled("1").replace("手".encode(), b"a]]>b"),
        labelled("1").replace("手".encode(), b"a\x10b"),
        labelled("1").replace(b"\n</annotation>", b"\x0f\x0e</annotation>"),
        labelled("1").replace(b"<difficult>1<", b"<difficult>2<"),
        labelled("1").replace(b"<xmin>1<", b"<xmin>1e1<"),
        labelled("1").replace(b"<xmin>1<", b"<xmin>" + b"9" * 16 + b"<"),
        labelled("1").replace(b"<segmented>", b"<object></object><segmented>"),
        labelled("1").replace(b"</annotation>", b"</annotation><annotation>"),
        b"",
    ],
)
def test_an_odd_file_among_alike_ones_is_left_alone(odd: bytes) -> None:
    files = [labelled("1", "2"), odd, labelled(), labelled("3")]
    assert all_like_the_long_way(files) == {0, 2, 3}
    assert all_like_the_long_way([odd, *files]) == {1, 3, 4}


def test_brackets_references_and_quotes_in_values_do_no_harm() -> None:
    files = [labelled("1", name=name) for name in ("a[1]", "]]", '"', "'a,b'", "#", " ", "", "\t", "\u2028")]
    assert all_like_the_long_way(files) == set(range(len(files)))
    assert all_like_the_long_way([labelled("1", name="a &amp; b")]) == set()


@st.composite
def folders(draw: st.DrawFn) -> list[bytes]:
    """Files of a few forms, some of them changed at random places."""
    forms = draw(
        st.lists(st.one_of(voc_files(usual=True), voc_files(), st.just(LABELIMG)), min_size=1, max_size=4)
    )
    digits = st.sampled_from(["1", "20", "007", "3.5", "0.25", "123456789012345", "-4", "7.", ""])
    files = []
    for _ in range(draw(st.integers(1, 8))):
        text = draw(st.sampled_from(forms))
        for old in ("12", "7.5", "-3", "nan", "1,5", "True"):
            text = text.replace(f">{old}<", f">{draw(digits)}<", draw(st.integers(0, 9)))
        for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
            at = draw(st.integers(0, len(text)))
            text = text[:at] + draw(st.sampled_from(INSERTED)) + text[at + draw(st.integers(0, 3)) :]
        files.append(text.encode(draw(st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "gbk"])), "replace"))
    return files


@settings(max_examples=300, deadline=None)
@given(folders())
def test_whatever_is_read_together_says_what_the_long_way_says(files: list[bytes]) -> None:
    all_like_the_long_way(files)


def test_a_shard_of_files_that_are_all_different_takes_no_longer_than_its_size() -> None:
    """Five hundred forms, and none of them worth a pattern; then a thousand files of a hundred forms."""
    files = [labelled("1", "2").replace(b"\t", b" " * (number % 500 + 1)) for number in range(500)]
    begun = time.perf_counter()
    all_different = blocks(dict(enumerate(files)))
    some_alike = blocks(dict(enumerate([files[number % 100] for number in range(1000)])))
    assert time.perf_counter() - begun < 10
    assert sum(len(block.files) for block in all_different) == 4, "the forms that are tried"
    assert sum(len(block.files) for block in some_alike) == 1000


def test_no_files_are_no_blocks() -> None:
    assert blocks({}) == []

"""What a file's bytes mean, and that no byte is lost on the way to text and back."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.formats.encoding import decode

FOLDER = "<annotation><folder>香烟检测</folder></annotation>"
DECLARED = "<?xml version='1.0' encoding='{}'?>"


def kinds(raw: bytes) -> list[str]:
    return [problem.kind for problem in decode(raw).problems]


def test_plain_utf8_has_no_problem_with_or_without_declaration_or_bom() -> None:
    for raw in (
        FOLDER.encode(),
        (DECLARED.format("utf-8") + FOLDER).encode(),
        codecs.BOM_UTF8 + FOLDER.encode(),
    ):
        decoded = decode(raw)
        assert (decoded.encoding, decoded.problems) == ("utf-8", ())
        assert decoded.text.endswith(FOLDER)
    assert decode(b"").problems == ()


def test_gbk_without_declaration_is_read_as_chinese_and_told_at_its_first_byte() -> None:
    decoded = decode(FOLDER.encode("gbk"))
    assert (decoded.encoding, decoded.text) == ("gb18030", FOLDER)
    assert [(p.kind, p.offset) for p in decoded.problems] == [
        ("undeclared-gbk", 20)
    ]  # after <annotation><folder>


def test_gbk_that_claims_to_be_utf8_or_latin1_is_undeclared_gbk() -> None:
    for claim in ("UTF-8", "ISO-8859-1"):
        decoded = decode((DECLARED.format(claim) + FOLDER).encode("gbk"))
        assert [p.kind for p in decoded.problems] == ["undeclared-gbk"]
        assert decoded.declared == claim
        assert "香烟检测" in decoded.text


@pytest.mark.parametrize(
    ("claim", "codec"),
    [("GBK", "gb18030"), ("gb2312", "gb18030"), ("Big5", "big5hkscs"), ("Shift_JIS", "cp932")],
)
def test_a_true_declaration_of_a_legacy_encoding_is_named(claim: str, codec: str) -> None:
    text = DECLARED.format(claim) + "<annotation><folder>山</folder></annotation>"
    decoded = decode(text.encode(claim))
    assert (decoded.text, decoded.encoding) == (text, codec)
    assert [p.kind for p in decoded.problems] == ["legacy-encoding-declared"]
    assert kinds((DECLARED.format(claim) + "<a/>").encode()) == ["legacy-encoding-declared"], (
        "ASCII bytes too"
    )


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("bom", [True, False])
def test_wide_unicode_is_read_with_and_without_byte_order_mark(codec: str, bom: bool) -> None:
    raw = ("\ufeff" if bom else "").encode(codec) + FOLDER.encode(codec)
    decoded = decode(raw)
    assert (decoded.text, decoded.encoding, decoded.bom) == (FOLDER, codec, bom)
    assert [p.kind for p in decoded.problems] == ["wrong-unicode-declaration"]


@pytest.mark.parametrize("claim", ["UTF-16", "GBK", "ascii", "no-such-encoding"])
def test_utf8_under_a_false_declaration_is_still_utf8(claim: str) -> None:
    decoded = decode((DECLARED.format(claim) + FOLDER).encode())
    assert (decoded.encoding, "香烟检测" in decoded.text) == ("utf-8", True)
    assert [p.kind for p in decoded.problems] == ["wrong-unicode-declaration"]


def test_a_pair_that_is_both_utf8_and_gbk_is_what_the_declaration_says() -> None:
    # U+8292 is C3 A2 in GBK, which in UTF-8 is U+00E2
    raw = DECLARED.format("GBK").encode() + b"<name>\xc3\xa2</name>"
    assert decode(raw).text.endswith("<name>\u8292</name>")
    assert decode(b"<name>\xc3\xa2</name>").text == "<name>\u00e2</name>"


def test_a_degree_sign_in_cp1252_is_no_chinese() -> None:
    for word in ("20°", "20°C", "café crème"):
        decoded = decode(f"<a>{word}</a>".encode("cp1252"))
        assert (decoded.text, decoded.encoding) == (f"<a>{word}</a>", "cp1252")
        assert [p.kind for p in decoded.problems] == ["single-byte-text"]


def test_a_truly_declared_single_byte_encoding_is_no_problem() -> None:
    decoded = decode((DECLARED.format("windows-1252") + "<a>20°C</a>").encode("cp1252"))
    assert (decoded.problems, decoded.text[-11:]) == ((), "<a>20°C</a>")


def test_utf8_cut_inside_a_character_is_still_utf8() -> None:
    raw = FOLDER.encode()[:24]  # <annotation><folder> is 20 bytes, each character three
    decoded = decode(raw)
    assert (decoded.encoding, decoded.text, decoded.tail) == (
        "utf-8",
        "<annotation><folder>香",
        "烟".encode()[:1],
    )
    assert decoded.encode(decoded.text) == raw


def test_one_foreign_byte_does_not_turn_a_chinese_file_into_western_letters() -> None:
    raw = "<a>香烟检测 ".encode() + b"\xb0" + b"</a>"
    decoded = decode(raw)
    assert decoded.encoding == "utf-8" and "香烟检测" in decoded.text
    assert [p.kind for p in decoded.problems] == ["malformed"]
    decoded.text.encode("utf-8")  # no lone surrogates: tables and JSON take it
    assert decoded.encode(decoded.text) == raw


@settings(max_examples=300)
@given(
    st.one_of(
        st.binary(max_size=60),
        st.text(max_size=20).map(lambda t: f"<a>{t}</a>".encode("utf-8", "replace")),
        st.builds(
            lambda text, codec, claim, cut: (DECLARED.format(claim) + f"<a>{text}</a>").encode(
                codec, "replace"
            )[:cut],
            st.text(alphabet="香烟検éß °\uf7a0a", max_size=12),
            st.sampled_from(
                ["utf-8-sig", "utf-16", "utf-16-le", "utf-32-be", "gbk", "big5", "cp1252", "shift_jis"]
            ),
            st.sampled_from(
                ["utf-8", "gbk", "utf-16", "big5", "x\0y", "undefined", "idna", "base64", "utf-7"]
            ),
            st.integers(1, 200),
        ),
    )
)
def test_any_bytes_can_be_decoded_and_come_back_unchanged(raw: bytes) -> None:
    decoded = decode(raw)
    decoded.text.encode("utf-8")
    assert decoded.encode(decoded.text) == raw
    assert all(0 <= problem.offset <= len(decoded.text) for problem in decoded.problems)

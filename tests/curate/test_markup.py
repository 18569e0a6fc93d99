"""The scanner: what it accepts lxml accepts, what it recovers, and that nothing makes it slow or deep."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from curate.formats.elements import Element
from curate.formats.markup import MAX_DEPTH, scan
from curate.formats.voc_document import parse

VOC = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<annotation>\n\t<filename>a.jpg</filename>\n'
    "\t<size><width>4</width></size>\n\t<object>\n\t\t<name>香烟</name>\n\t\t<bndbox><xmin>1</xmin></bndbox>\n"
    "\t</object>\n</annotation>\n"
)


def kinds(text: str) -> list[str]:
    return [problem.kind for problem in scan(text).problems]


def place(text: str) -> tuple[str, int, int]:
    markup = scan(text)
    (problem,) = markup.problems
    return problem.kind, *markup.line_column(problem.offset)


def lxml_root(text: str) -> etree._Element | None:
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(text.encode("utf-8"), parser)
    except etree.XMLSyntaxError:
        return None


def same(ours: Element, theirs: etree._Element) -> bool:
    """Tags, attributes, order, and the text of all elements without children."""
    pairs = [(ours, theirs)]
    while pairs:
        a, b = pairs.pop()
        if a.tag != b.tag or dict(a.attributes) != dict(b.attrib) or len(a.children) != len(b):
            return False
        if not a.children and a.text != (b.text or ""):
            return False
        pairs.extend(zip(a.children, b, strict=True))
    return True


def test_elements_know_their_text_and_their_place() -> None:
    markup = scan(VOC)
    root = markup.root
    assert root is not None and markup.problems == ()
    filename, _, object_ = root.children
    assert filename.text == "a.jpg"
    assert VOC[filename.start : filename.end] == "<filename>a.jpg</filename>"
    assert VOC[filename.inner_start : filename.inner_end] == "a.jpg"
    assert markup.line_column(filename.start) == (3, 2)
    assert object_.children[0].text == "香烟"
    assert markup.line_column(object_.children[1].start) == (7, 3)
    assert VOC[root.start : root.end].endswith("</annotation>")


def test_line_and_column_can_be_turned_back_into_an_offset() -> None:
    markup = scan(VOC)
    assert all(markup.offset(*markup.line_column(at)) == at for at in range(len(VOC) + 1))
    assert markup.offset(999, 999) == len(VOC)


@pytest.mark.parametrize("text", ["", "   \n", "\0" * 100, "\ufeff\r\n"])
def test_nothing_but_blanks_is_an_empty_file(text: str) -> None:
    assert kinds(text) == ["empty-file"]
    assert scan(text).root is None


def test_an_unescaped_ampersand_keeps_its_text_and_tells_its_place() -> None:
    text = "<a>\n<name>salt & pepper</name></a>"
    assert place(text) == ("unescaped-markup", 2, 12)
    root = scan(text).root
    assert root is not None and root.children[0].text == "salt & pepper"


def test_an_unescaped_less_than_keeps_its_text() -> None:
    text = "<a><name>x < 3</name></a>"
    assert place(text) == ("unescaped-markup", 1, 12)
    root = scan(text).root
    assert root is not None and root.children[0].text == "x < 3"


@pytest.mark.parametrize(
    "end",
    ["", "<xmi", "<", "</", "</obj", "<name>ca", "<name>cat</na", "<!-- half", "<![CDATA[ half", "\0\0\0\n"],
)
def test_a_file_that_ends_early_keeps_what_is_complete(end: str) -> None:
    text = "<annotation><object><name>dog</name></object><object>" + end
    markup = scan(text)
    assert [problem.kind for problem in markup.problems] == ["truncated"]
    assert markup.root is not None and not markup.root.closed
    first, second = markup.root.children[:2]
    assert first.closed and first.children[0].text == "dog"
    assert not second.closed


def test_a_missing_end_tag_in_the_middle_is_malformed_not_truncated() -> None:
    text = "<a><b><c>1</c>\n</a>"
    assert place(text) == ("malformed", 2, 1)
    root = scan(text).root
    assert root is not None and root.closed and root.children[0].children[0].text == "1"


def test_blanks_before_the_declaration_are_named_as_such() -> None:
    assert kinds("\n <?xml version='1.0'?><a/>") == ["text-before-declaration"]
    assert kinds("\n <a/>") == [], "without a declaration blanks may come first"


def test_a_doctype_is_reported_and_its_entities_are_named() -> None:
    assert kinds("<!DOCTYPE a><a/>") == ["doctype"]
    markup = scan('<!DOCTYPE a [<!ENTITY who "dog">]><a><name>&who;</name></a>')
    assert [(p.kind, p.detail) for p in markup.problems] == [("doctype", "entities: who")]
    assert markup.root is not None and markup.root.children[0].text == "&who;", "never expanded"


@pytest.mark.parametrize(
    "subset",
    [
        '<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">',  # the seed of a billion laughs
        '<!ENTITY x SYSTEM "file:///etc/passwd">',
        '<!ENTITY x PUBLIC "p" "http://example.org/x">',
        '<!ENTITY % p SYSTEM "http://example.org/p.dtd"> %p;',
    ],
)
def test_entities_that_could_explode_or_fetch_are_dangerous(subset: str) -> None:
    assert kinds(f"<!DOCTYPE r [{subset}]><r>&b;&x;</r>")[0] == "entity-expansion"


def test_control_characters_are_found_where_they_are() -> None:
    assert place("<a>\n<b>x\x01y</b></a>") == ("illegal-character", 2, 5)
    assert place("<a>&#0;</a>") == ("illegal-character", 1, 4)


def test_nesting_beyond_the_bound_is_reported_once_and_harms_nothing() -> None:
    deep = 100_000
    text = "<r>" + "<a>" * deep + "</a>" * deep + "<b>after</b></r>"
    markup = scan(text)
    assert [problem.kind for problem in markup.problems] == ["oversized"]
    assert markup.root is not None and markup.root.children[-1].text == "after"
    assert scan("<a>" * MAX_DEPTH + "</a>" * MAX_DEPTH).problems == ()
    assert kinds("<a>" * 100_000) == ["oversized", "truncated"]


@pytest.mark.parametrize(
    "hostile",
    [
        "<!--" * 50_000,
        "<?a" * 50_000,
        "<a b='" * 50_000,
        "<" * 200_000,
        "<a " * 50_000,
        "</" * 50_000,
        "&" * 200_000,
        "<a>" + "&#x" + "f" * 200_000 + ";</a>",
        "<![CDATA[" * 50_000,
        "<!DOCTYPE [" * 50_000,
        "<a" + " b='c'" * 50_000,
    ],
)
def test_hostile_texts_are_read_in_time_proportional_to_their_length(hostile: str) -> None:
    start = time.process_time()
    markup = scan(f"<r>{hostile}")
    assert time.process_time() - start < 5  # a quadratic scanner needs minutes
    assert 0 < len(markup.problems) <= 1000


def test_a_second_document_in_the_same_file_is_malformed_and_left_alone() -> None:
    text = "<a><b>1</b></a><a><b>2</b></a>"
    assert kinds(text) == ["malformed"]
    root = scan(text).root
    assert root is not None and root.end == 15


# --- against lxml -----------------------------------------------------------------------------------------

TEXT = st.text(alphabet="ab1 .香é&<>\"'-]\n\r\t\x01\0\ufffe;#x", max_size=8)
SAFE = st.text(alphabet="ab1 .香é'\"-\n\t", max_size=8).map(lambda t: t.replace("]]>", ""))
TAG = st.sampled_from(["name", "bndbox", "xmin", "object", "Object", "a.b", "_c-d"])
PIECE = st.one_of(
    st.builds("<{0}>{1}</{0}>".format, TAG, SAFE),
    st.builds("<{0} k='{1}' l = \"v\">{1}</{0} >".format, TAG, SAFE.map(lambda t: t.replace("'", ""))),
    st.builds("<{0}/>".format, TAG),
    st.builds("<{0}>{1}</{0}>".format, TAG, TEXT),
    st.builds("<!--{}-->".format, TEXT),
    st.builds("<![CDATA[{}]]>".format, TEXT),
    st.sampled_from(
        ["&amp;", "&lt;", "&#65;", "&#x9999;", "&nbsp;", "&#0;", "<?p q?>", " ", "\r\n", "<", "&"]
    ),
)
DOCUMENT = st.builds(
    "{}{}<annotation>{}</annotation>{}".format,
    st.sampled_from(
        ["", '<?xml version="1.0"?>', "<?xml version='1.0' encoding='gbk' ?>\n", "\n", "<!-- c -->"]
    ),
    st.sampled_from(["", "<!DOCTYPE annotation>", "\n"]),
    st.lists(PIECE, max_size=6).map("".join),
    st.sampled_from(["", "\n", "<!-- end -->", "x", "\0"]),
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A document of which a few pieces are cut, doubled, or replaced by markup characters."""
    text = draw(st.one_of(DOCUMENT, st.just(VOC)))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(start + 6, len(text))))
        text = (
            text[:start]
            + draw(st.sampled_from(["", "<", ">", "/", "&", '"', " ", "a", "</", text[start:end] * 2]))
            + text[end:]
        )
    return text


@settings(max_examples=600, deadline=None)
@given(st.one_of(DOCUMENT, mutated()))
@example("<a/>\0")
@example("<annotation>]]></annotation>")
@example("<a><b>1</b></a >")
@example("<a>&#65</a>")
@example("<?xml version='1.0'?> ")
@example("<a b='1'c='2'/>")
@example("<annotation><!----></annotation>")
@example("<annotation><!-- a ---></annotation>")
def test_scanner_and_lxml_agree_on_what_is_well_formed_and_on_every_field(text: str) -> None:
    markup, reference = scan(text), lxml_root(text)
    if not markup.unusual:
        assert markup.well_formed == (reference is not None), markup.problems
    document = parse(text.encode("utf-8"))
    if document.encoding == "utf-8" and not document.bom:
        assert document.well_formed == (reference is not None), document.problems
    if reference is not None and markup.root is not None and not markup.unusual:
        assert same(markup.root, reference)


@pytest.mark.parametrize(
    "text",
    [
        "<a:b/>",
        "<a xmlns:p='u'><p:b/></a>",
        "<?xml version='2.0'?><a/>",
        "<a xmlns:x=''/>",
        "<é/>",
        "<a><?xml v?></a>",
        "<a:b:c/>",
        "<?xml version='1.0' standalone='maybe'?><a/>",
        '<!DOCTYPE a SYSTEM "x"><a>&q;</a>',
        "<" + "n" * 60_000 + "/>",
    ],
)
def test_where_the_scanner_does_not_decide_alone_libxml2_does(text: str) -> None:
    assert parse(text.encode()).well_formed == (lxml_root(text) is not None)


def test_a_malformed_file_gets_the_line_column_and_words_of_libxml2() -> None:
    document = parse(b"<annotation>\n  <object name=x></object>\n</annotation>")
    (problem,) = document.problems
    assert problem.kind == "malformed"
    assert document.line_column(problem.offset)[0] == 2
    assert "AttValue" in problem.detail

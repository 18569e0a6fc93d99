"""What the rules about content decide by: counts over the whole set, shapes of a class, garbled text."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import pytest
from lxml import etree

from curate.findings import Finding, FixClass, Severity
from curate.fixes.plan import Plan, plan
from curate.formats.voc import parse
from curate.formats.voc_folder import read
from curate.rules import RULES, by_code, check_all
from curate.rules.coordinate_base import Evidence, judge
from curate.rules.model import Facts, Limits
from curate.rules.mojibake import garbled_forms, reversed_text
from curate.rules.writing_tool import signature
from curate.tree import Tree
from tests.curate.rules.museum import (
    CLEAN,
    IMAGE_A,
    ROTATED,
    A,
    B,
    Files,
    an_object,
    data,
    image,
    lists,
    photos,
    size,
    voc,
    write,
)


def check(
    files: Files, folder: Path, *codes: str, classes: tuple[str, ...] = (), limits: Limits = Limits()
) -> list[Finding]:
    tree = Tree.open(write(files, folder))
    rules = [by_code(code) for code in codes] or RULES
    return check_all(Facts(read(tree, classes), tree, limits=limits), rules)


def mend(files: Files, folder: Path, classes: tuple[str, ...] = ()) -> tuple[Files, Plan]:
    """All repairs, unsafe ones too: the files afterwards, and the plan."""
    done = plan(Tree.open(write(files, folder)), lambda tree: read(tree, classes), RULES, unsafe=True)
    changed = {change.path: change.new for change in done.changes if change.new is not None}
    return {**files, **changed}, done


def boxes(*corners: tuple[object, ...], name: str = "cat") -> str:
    return "".join(an_object(name, box) for box in corners)


# --- XML005: what entities stand for ------------------------------------------------------------------------


def with_entities(subset: str, body: str) -> str:
    return f"<!DOCTYPE annotation [{subset}]>\n" + voc("a").replace("<annotation>", f"<annotation>{body}")


@pytest.mark.parametrize(
    "place", ["<a>{}</a>", "<a b='{}'/>", '<a b="{}"/>', "<!-- {} -->", "<![CDATA[{}]]>"]
)
@pytest.mark.parametrize("value", ["x", "标注", "a&amp;b", "it's", "&lt;b&gt;", ""])
def test_an_annotation_whose_entities_were_written_out_is_the_same_to_lxml(
    value: str, place: str, tmp_path: Path
) -> None:
    before = with_entities(
        f'<!-- <!ENTITY e "no"> --><!ENTITY e "{value}"><!ENTITY e "2">', place.format("&e;")
    )
    files, done = mend(data(before), tmp_path)
    assert [f.code for f in done.fixed] == ["XML005"]
    after = files[A].decode()
    assert "DOCTYPE" not in after
    parser = etree.XMLParser(resolve_entities=True)
    whole, written_out = etree.fromstring(before.encode(), parser), etree.fromstring(files[A])
    assert etree.tostring(whole, method="c14n") == etree.tostring(written_out, method="c14n")


@pytest.mark.parametrize(
    ("subset", "body"),
    [
        ('<!ENTITY e "<b/>">', "&e;"),
        ('<!ENTITY e "&#60;b/>">', "&e;"),
        ('<!ENTITY e "x"><!ATTLIST object kind CDATA "cat">', "&e;"),  # gives every object an attribute
        (f'<!ENTITY e "{"x" * 1000}">', "&e;" * 200),
    ],
    ids=["markup", "markup by number", "defaults of attributes", "much text"],
)
def test_entities_that_are_more_than_a_little_text_are_left_to_a_person(
    subset: str, body: str, tmp_path: Path
) -> None:
    (found,) = check(data(with_entities(subset, body)), tmp_path, "XML005")
    assert found.fix.safety is FixClass.MANUAL


# --- BOX007: per cent ---------------------------------------------------------------------------------------


def in_per_cent(*written: tuple[object, ...], side: int = 640) -> Files:
    """A set in which every image is `side` x 480 and one box an image."""
    frame = size(side, 480)
    files = {f"Annotations/{n}.xml": voc(f"{n}", boxes(box), size=frame) for n, box in enumerate(written)}
    images = {f"JPEGImages/{n}.jpg": image(f"{n}", side, 480) for n in range(len(written))}
    return {**{name: text.encode() for name, text in files.items()}, **images}


def test_boxes_in_per_cent_of_large_images_become_pixels(tmp_path: Path) -> None:
    # 25 % of 640 is 160, so the first pixel is number 161; 75 % is 480; 10 % and 60.5 % of 480: 48 and 290.4
    ten = [("25.0", "10.0", "75.0", "60.5")] * 6 + [(5, 10, 50, 90)] * 4
    files, done = mend(in_per_cent(*ten), tmp_path)
    assert {f.code for f in done.fixed} == {"BOX007"}
    assert "per cent" in done.fixed[0].message
    assert files["Annotations/0.xml"].count(b"<xmin>161</xmin>") == 1
    document = parse(files["Annotations/0.xml"])
    box = document.find("object/bndbox")
    assert box is not None
    assert [part.text for part in box.children] == ["161", "49", "480", "290"]


@pytest.mark.parametrize(
    "files",
    [
        in_per_cent(*[("25.0", "10.0", "75.0", "60.5")] * 9),
        in_per_cent(*[(25, 10, 75, 60)] * 6, *[("25.0", "10.0", "75.0", "60.5")] * 5),
        in_per_cent(*[("25.0", "10.0", "75.0", "60.5")] * 11, (25, 10, 101, 60)),
        in_per_cent(*[("25.0", "10.0", "75.0", "60.5")] * 11, side=120),
    ],
    ids=["few boxes", "mostly without decimals", "one beyond 100", "images where pixels are as small"],
)
def test_small_numbers_are_pixels_where_chance_or_small_images_explain_them(
    files: Files, tmp_path: Path
) -> None:
    if b"<width>120</width>" in next(iter(files.values())):
        files = {name: content.replace(b"480", b"110") for name, content in files.items() if "xml" in name}
    assert check(files, tmp_path, "BOX007") == []


# --- ENC005 -------------------------------------------------------------------------------------------------

# each worked out by hand: 手 is E6 89 8B and 机 is E6 9C BA in UTF-8; CA D6 and BB FA in GBK
GARBLED = {
    "UTF-8 read as Windows-1252": ("æ‰‹æœº", "手机"),
    "UTF-8 read as Latin-1": ("æ\x89\x8bæ\x9cº", "手机"),
    "UTF-8 read as GBK": ("鎵嬫満", "手机"),
    "GBK read as Windows-1252": ("ÊÖ»ú", "手机"),
    "GBK read as CP437": ("╩╓╗·", "手机"),
    "UTF-8 read as CP437": ("µëïµ£║", "手机"),
    "an accent": ("TÃ¼r", "Tür"),
    "a degree sign": ("20Â°", "20°"),
    "Cyrillic": ("ÐºÐ¾Ñ‚", "кот"),
    "a quotation mark": ("donâ€™t", "don’t"),
    "with ASCII between": ("æ‰‹ 2 æœº", "手 2 机"),
}


@pytest.mark.parametrize(("garbled", "original"), GARBLED.values(), ids=GARBLED)
def test_the_usual_wrong_readings_are_reversed_without_knowing_the_name(garbled: str, original: str) -> None:
    found = reversed_text(garbled)
    assert found is not None
    assert found[0] == original


HONEST = [
    *("手机", "香烟", "手", "白", "芒", "電視機", "照相機", "锟", "鎵", "カメラ", "携帯電話", "한국어", "손"),
    *(
        "café",
        "CAFÉ®",
        "naïve",
        "façade",
        "AÇÃO",
        "LIMITAÇÕES",
        "São Paulo",
        "Straße",
        "Spaß“",
        "ÄÖÜ",
        "ÄÄÄÄ",
    ),
    *(
        "Üß",
        "HÄÄYÖ",
        "Ölçü",
        "Çığ",
        "Ångström",
        "Þjóð",
        "Ðuro",
        "señor",
        "Ñ‚",
        "éè",
        "«École»",
        "à«»",
        "IRMÃ–B",
    ),
    *("điện thoại", "Điện", "żółw", "źdźbło", "Łódź", "čeština", "Žižka", "žluťoučký", "ő", "Tőke"),
    *(
        "кот",
        "Машина",
        "Ёлка",
        "гараж",
        "γάτα",
        "Σκύλος",
        "στατα",
        "חתול",
        "قطة",
        "แมว",
        "बिल्ली",
        "🚬",
        "pen ✏️",
    ),
    *(
        "20°",
        "1½",
        "m²",
        "±0.5",
        "§4",
        "a·b",
        "5€",
        "x…”",
        "“a”",
        "TYP Ä–B",
        "Ø 20 mm",
        "a\u00a0b",
        "ﬁ",
        "ｃａｔ",
    ),
]


@pytest.mark.parametrize("text", HONEST)
def test_honest_text_of_any_language_is_left_alone(text: str) -> None:
    assert reversed_text(text) is None


def test_every_common_chinese_character_and_pair_of_neighbours_is_honest() -> None:
    common = [
        bytes([row, cell]).decode("gb2312", "ignore")
        for row in range(0xB0, 0xD8)
        for cell in range(0xA1, 0xFF)
    ]
    common = [character for character in common if character]
    assert len(common) == 3755
    assert [c for c in common if reversed_text(c)] == []
    assert [a + b for a, b in pairwise(common) if reversed_text(a + b)] == []


@pytest.mark.parametrize("text", ["cig\ufffdrette", "锟斤拷", "\ufffd\ufffd"])
def test_replaced_characters_are_lost_and_said_to_be(text: str) -> None:
    found = reversed_text(text)
    assert found is not None
    assert found[0] is None


def test_a_known_name_is_recognised_even_where_a_byte_was_lost() -> None:
    # 香烟盒 has nine bytes in UTF-8: four pairs for GBK, and one byte that means nothing
    garbled = "香烟盒".encode().decode("gbk", "replace").replace("\ufffd", "?")
    assert reversed_text(garbled) is None
    assert garbled_forms(["香烟盒"])[garbled] == ("香烟盒", "UTF-8 read as GBK")


def test_what_two_names_become_names_neither() -> None:
    # in UTF-8 they differ in their ninth byte only, 92 and 93, which GBK loses
    forms = garbled_forms(["香烟盒", "香烟盓"])
    assert {name for name, _ in forms.values()} == {"香烟盒", "香烟盓"}
    assert "UTF-8 read as GBK" not in {how for _, how in forms.values()}


def test_a_garbled_name_that_the_list_declares_is_honest(tmp_path: Path) -> None:
    files = data(voc("a", an_object("ÊÖ»ú")))
    assert check(files, tmp_path, "ENC005", classes=("cat", "ÊÖ»ú")) == []


def test_a_name_in_use_confirms_a_rare_garbled_one(tmp_path: Path) -> None:
    files = photos(*[an_object("手机")] * 3) | data(voc("a", an_object("ÊÖ»ú")))
    (found,) = check(files, tmp_path, "ENC005", "CLS001", "CLS003")
    assert (found.path, found.fix.safety, found.fix.description) == (A, FixClass.UNSAFE, "write '手机'")
    assert found.severity is Severity.ERROR


def test_a_garbled_class_without_a_list_still_is_a_class(tmp_path: Path) -> None:
    (found,) = check(data(voc("a", an_object("ÊÖ»ú"))), tmp_path, "ENC005")
    assert (found.severity, found.fix.safety) == (Severity.WARNING, FixClass.MANUAL)
    assert found.message == "the class 'ÊÖ»ú' was '手机': GBK read as Windows-1252"


def test_names_in_a_file_of_gbk_bytes_are_the_business_of_its_own_rule(tmp_path: Path) -> None:
    files = data(voc("a", an_object("手机")).encode("gbk"), **{B: voc("b", an_object("手机")).encode()})
    assert [f.code for f in check(files, tmp_path, "ENC001", "ENC005")] == ["ENC001"]


def test_a_garbled_folder_is_nobody_s_business(tmp_path: Path) -> None:
    assert check(data(voc("a", folder="ÊÖ»ú")), tmp_path, "ENC005") == []


# --- SEC003 -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "user"),
    [
        (r"C:\Users\li.wei\Desktop\a.jpg", "li.wei"),
        ("D:/users/王 伟/项目/a.jpg", "王 伟"),
        (r"C:\Documents and Settings\Ana\a.jpg", "Ana"),
        ("/home/pi/detection/a.jpg", "pi"),
        ("/Users/datitran/Desktop/a.jpg", "datitran"),
        ("/mnt/c/Users/li/a.jpg", "li"),
        ("file:///C:/Users/li/a.jpg", "li"),
        ("file:///home/li/a.jpg", "li"),
        ("\n\t/home/li/a.jpg", "li"),
    ],
)
def test_a_user_s_directory_is_recognised(path: str, user: str, tmp_path: Path) -> None:
    files = data(voc("a").replace("<size>", f"<path>{path}</path>\n\t<size>"))
    (found,) = check(files, tmp_path, "SEC003")
    assert found.message == f"<path> of this publishes the directory of the user {user!r}"
    assert (found.severity, found.line, found.column) == (Severity.INFO, 4, 2)


@pytest.mark.parametrize(
    "path",
    [
        *("a.jpg", "images/home/li/a.jpg", "/data/home/li/a.jpg", "/home/a.jpg", r"C:\images\a.jpg", ""),
        *(r"C:\Users\Public\a.jpg", "/Users/Shared/a.jpg", r"..\Users\li\a.jpg", "Unknown"),
    ],
)
def test_other_paths_are_nobody_s(path: str, tmp_path: Path) -> None:
    files = data(voc("a").replace("<size>", f"<path>{path}</path>\n\t<size>"))
    assert check(files, tmp_path, "SEC003") == []


def test_one_user_is_one_finding_and_one_repair_however_many_files_name_him(tmp_path: Path) -> None:
    def text(stem: str, user: str) -> bytes:
        path = f"<path>/home/{user}/{stem}.jpg</path>"
        return voc(stem).replace("\t<size>\n", f"\t{path}\r\n\t<size>\n").encode()

    files = CLEAN | {A: text("a", "li"), B: text("b", "li")}
    (found,) = check(files, tmp_path / "one", "SEC003")
    assert found.message.startswith("<path> of this and of 1 more annotations")
    after, done = mend(files, tmp_path / "two")
    assert [f.code for f in done.fixed] == ["SEC003"]
    assert b"path" not in after[A] + after[B]
    two = CLEAN | {A: text("a", "li"), B: text("b", "wang")}
    assert len(check(two, tmp_path / "three", "SEC003")) == 2


def test_a_file_of_another_encoding_keeps_its_bytes_when_path_is_dropped(tmp_path: Path) -> None:
    declared = '<?xml version="1.0" encoding="gbk"?>\n' + voc("a", folder="香烟")
    with_path = declared.replace("\t<size>\n", "\t<path>/home/李/a.jpg</path>\n\t<size>\n")
    tree = Tree.open(write(data(with_path.encode("gbk")), tmp_path))
    done = plan(tree, read, [by_code("SEC003")], unsafe=True)
    assert [(c.path, c.new) for c in done.changes] == [(A, declared.encode("gbk"))]


# --- OBJ004 -------------------------------------------------------------------------------------------------


def rotated(inner: str) -> Files:
    return data(voc("a", an_object(fields=f"\t\t<robndbox>{inner}</robndbox>\n")))


@pytest.mark.parametrize(
    ("inner", "box"),
    [
        # level: 20 wide and 10 high around 30,24
        ("<cx>30</cx><cy>24</cy><w>20</w><h>10</h><angle>0</angle>", (20, 19, 40, 29)),
        # 90 degrees, which is no angle in radians that anyone writes
        ("<cx>30</cx><cy>24</cy><w>20</w><h>10</h><angle>90</angle>", (25, 14, 35, 34)),
        # a square of 10 on its corner: half of its diagonal is 7.07
        (
            f"<cx>30</cx><cy>24</cy><w>10</w><h>10</h><angle>{math.pi / 4}</angle>",
            (22.93, 16.93, 37.07, 31.07),
        ),
        # four corners, as DIOR-R writes them
        (
            "<x_left_top>12</x_left_top><y_left_top>20</y_left_top><x_right_top>30</x_right_top>"
            "<y_right_top>10</y_right_top><x_right_bottom>40</x_right_bottom><y_right_bottom>25</y_right_bottom>"
            "<x_left_bottom>22</x_left_bottom><y_left_bottom>36</y_left_bottom>",
            (12, 10, 40, 36),
        ),
    ],
    ids=["level", "degrees", "on its corner", "four corners"],
)
def test_the_upright_box_encloses_the_rotated_one(inner: str, box: tuple[float, ...], tmp_path: Path) -> None:
    (found,) = check(rotated(inner), tmp_path / "a", "OBJ003", "OBJ004")
    assert (found.code, found.fix.safety) == ("OBJ004", FixClass.UNSAFE)
    _, done = mend(rotated(inner), tmp_path / "b")
    row = done.data.objects.row(0, named=True)
    assert row["written"] == ",".join(f"{number:.10g}" for number in box)
    assert row["rotated"]
    assert done.remaining == () or {f.severity for f in done.remaining} == {Severity.INFO}


@pytest.mark.parametrize(
    "inner",
    ["", "<cx>nan</cx><cy>24</cy><w>20</w><h>10</h><angle>0</angle>", "<cx>9</cx><cy>9</cy><w>0</w><h>0</h>"],
)
def test_a_rotated_box_without_its_numbers_is_left_to_a_person(inner: str, tmp_path: Path) -> None:
    (found,) = check(rotated(inner), tmp_path, "OBJ003", "OBJ004")
    assert (found.code, found.fix.safety) == ("OBJ004", FixClass.MANUAL)


def test_an_upright_box_beside_the_rotated_one_is_enough(tmp_path: Path) -> None:
    both = an_object().replace("\t\t<bndbox>", ROTATED + "\t\t<bndbox>")
    assert check(data(voc("a", both)), tmp_path, "OBJ003", "OBJ004") == []


# --- BOX011, BOX012 -----------------------------------------------------------------------------------------


def overlaps(folder: Path, *objects: str) -> list[tuple[str, int | None]]:
    found = check(data(voc("a", *objects)), folder, "BOX010", "BOX011", "BOX012")
    return [(f.code, f.object) for f in found]


def test_crowded_objects_are_no_duplicates(tmp_path: Path) -> None:
    # 30 x 20 pixels, moved by 3: 27 x 20 of 33 x 20 pixels are shared, 0.82
    assert overlaps(tmp_path / "a", boxes((11, 11, 40, 30), (14, 11, 43, 30))) == []
    # moved by 2: 28 of 32 columns, 0.875
    assert overlaps(tmp_path / "b", boxes((11, 11, 40, 30), (13, 11, 42, 30))) == [("BOX011", 2)]


def test_equal_boxes_are_box010_s_and_one_of_a_chain_stays(tmp_path: Path) -> None:
    one, other = (10, 10, 40, 30), (11, 10, 40, 30)
    assert overlaps(tmp_path / "a", boxes(one, one, other)) == [("BOX010", 2), ("BOX011", 3)]
    # 30 columns each, one further each: neighbours share 29 of 31, the ends 27 of 33
    chain = [(11 + i, 11, 40 + i, 30) for i in range(4)]
    assert overlaps(tmp_path / "b", boxes(*chain)) == [("BOX011", 2), ("BOX011", 3)]


def test_that_the_flags_of_a_near_duplicate_differ_is_said(tmp_path: Path) -> None:
    later = an_object("cat", (11, 10, 40, 30)).replace("<difficult>0", "<difficult>1")
    (found,) = check(data(voc("a", an_object(), later)), tmp_path, "BOX011")
    assert found.message.endswith("; they differ in difficult")
    assert found.fix.description == "remove the later one, though they differ in difficult"


def test_near_duplicates_are_looked_for_within_one_image_and_class(tmp_path: Path) -> None:
    files = data(voc("a"), **{B: voc("b", an_object("cat", (10, 10, 40, 31))).encode()})
    assert check(files, tmp_path / "a", "BOX011") == []
    assert overlaps(tmp_path / "b", an_object(), an_object("dog", (10, 10, 40, 31))) == []


def test_one_box_with_two_classes_is_left_to_a_person(tmp_path: Path) -> None:
    (found,) = check(data(voc("a", an_object(), an_object("dog"))), tmp_path, "BOX012")
    assert found.message == "the box 10,10,40,30 is 'dog' here and 'cat' as object 1"
    assert (found.severity, found.fix.safety) == (Severity.WARNING, FixClass.MANUAL)


def test_another_spelling_of_the_class_is_not_another_class(tmp_path: Path) -> None:
    assert overlaps(tmp_path, an_object("cat"), an_object("Cat ")) == []


def test_two_classes_that_always_share_their_boxes_seem_to_be_meant(tmp_path: Path) -> None:
    files = photos(*[an_object("person") + an_object("smoker")] * 10)
    found = check(files, tmp_path, "BOX012")
    assert {f.severity for f in found} == {Severity.INFO}
    assert found[0].message.endswith("; these two share 10 boxes")


def test_a_thousand_boxes_on_one_spot_cost_sixty_four_comparisons_each(tmp_path: Path) -> None:
    crowd = boxes(*[(f"{10 + i / 1000:.3f}", 10, 40, 30) for i in range(1000)])
    assert len(check(data(voc("a", crowd)), tmp_path, "BOX011", "BOX012")) == 1000 - 16


# --- BOX013 -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (Evidence(), None),
        (Evidence(100, at_0=5, at_1=4), None),  # nine sides are too few
        (Evidence(100, at_1=10), (1, None)),
        (Evidence(100, at_0=10), (0, None)),
        (Evidence(1000, at_0=5, at_1=95), (1, None)),  # slips
        (Evidence(1000, at_0=6, at_1=94), (None, None)),
        (Evidence(1000, at_0=74, at_1=26), (None, None)),
        (Evidence(1000, at_0=75, at_1=25), (0, None)),  # hands that miss the edge
        (Evidence(1000, at_0=75, at_last=75, at_size=25), (0, True)),
        (Evidence(1000, at_0=75, at_last=25, at_size=75), (0, False)),
        (Evidence(1000, at_0=75, at_last=50, at_size=50), (0, None)),
    ],
)
def test_the_base_is_judged_by_counts(
    found: Evidence, verdict: tuple[int | None, bool | None] | None
) -> None:
    judged = judge(found)
    if judged is None:
        assert verdict is None
    else:
        assert (judged.base, judged.far_is_pixel if judged.base == 0 else None) == verdict


LEFT = [(0, 0, 20 + i, 15 + i) for i in range(5)]
PIXELS = photos(*[boxes(box, (30, 20, 63, 47)) for box in LEFT])
EDGES = photos(*[boxes(box, (30, 20, 64, 48)) for box in LEFT])


def test_a_set_that_counts_from_0_is_said_once_and_its_zeros_are_no_defects(tmp_path: Path) -> None:
    (found,) = check(PIXELS, tmp_path, "BOX002", "BOX013")
    assert (found.code, found.path, found.severity) == ("BOX013", ".", Severity.INFO)
    assert found.message == (
        "pixels are counted from 0: in 10 boxes 10 of the left and top sides are 0 and none are 1, "
        "none of the right and bottom sides are the size of the image and 10 are one less"
    )
    assert found.fix.description == "add 1 to xmin, ymin, xmax, ymax of every box"


def test_converting_adds_1_to_every_corner_where_far_sides_are_pixels(tmp_path: Path) -> None:
    after, done = mend(PIXELS, tmp_path)
    moved = [(1, 1, 21 + i, 16 + i) for i in range(5)]
    assert after == photos(*[boxes(box, (31, 21, 64, 48)) for box in moved])
    assert [f.code for f in done.fixed] == ["BOX013"]
    assert [f.message[:30] for f in done.remaining if f.code == "BOX013"] == [
        "pixels are counted from 1, as "
    ]


def test_converting_leaves_far_sides_that_are_the_edge_behind_the_last_pixel(tmp_path: Path) -> None:
    after, _ = mend(EDGES, tmp_path)
    moved = [(1, 1, 20 + i, 15 + i) for i in range(5)]
    assert after == photos(*[boxes(box, (31, 21, 64, 48)) for box in moved])


def test_parts_move_with_their_objects_and_decimals_stay(tmp_path: Path) -> None:
    part = (
        "\t\t<part><name>ear</name><bndbox><xmin>5.5</xmin><ymin>5</ymin><xmax>9</xmax><ymax>9</ymax></bndbox>"
        "</part>\n\t</object>\n"
    )
    text = voc("m0", boxes(LEFT[0]).replace("\t</object>\n", part), boxes((30, 20, 63, 47)))
    after, _ = mend(PIXELS | {"Annotations/m0.xml": text.encode()}, tmp_path)
    assert b"<xmin>6.5</xmin><ymin>6</ymin><xmax>10</xmax><ymax>10</ymax>" in after["Annotations/m0.xml"]


def test_a_set_with_rotated_boxes_is_not_converted(tmp_path: Path) -> None:
    both = an_object().replace("\t\t<bndbox>", ROTATED + "\t\t<bndbox>")
    (found,) = check(PIXELS | data(voc("a", both)), tmp_path, "BOX013")
    assert found.fix.safety is FixClass.MANUAL


def test_a_mixture_is_left_to_a_person(tmp_path: Path) -> None:
    mixed = photos(*[boxes(box) for box in [*LEFT, *[(1, 1, 30 + i, 20 + i) for i in range(5)]]])
    found = check(mixed, tmp_path, "BOX002", "BOX013")
    assert [f.code for f in found] == ["BOX013", *["BOX002"] * 5]
    assert "in both ways" in found[0].message
    assert found[0].fix.safety is FixClass.MANUAL


def test_what_the_configuration_pins_is_not_asked_again(tmp_path: Path) -> None:
    assert check(PIXELS, tmp_path / "a", "BOX002", "BOX013", limits=Limits(coordinate_base=0)) == []
    one_zero = data(voc("a", boxes((0, 10, 40, 30))))
    assert check(one_zero, tmp_path / "b", "BOX002", limits=Limits(coordinate_base=0)) == []
    against = check(PIXELS, tmp_path / "c", "BOX002", "BOX013", limits=Limits(coordinate_base=1))
    assert [f.code for f in against] == ["BOX013", *["BOX002"] * 5]
    assert "from 0, though the configuration pins 1" in against[0].message
    assert against[0].fix.safety is FixClass.MANUAL


HEAD = "<annotation>{}<filename>{}</filename>{}<segmented>0</segmented></annotation>"
SIGNED = {
    "labelImg": HEAD.format(
        "<folder>x</folder>", "a.jpg", "<path>a</path><source><database>Unknown</database></source>"
    ),
    "VoTT": HEAD.format(
        "<folder>Annotation</folder>", "a.jpg", "<path>x</path><source><database>Unknown</database></source>"
    ).replace("<annotation>", '<annotation verified="yes">', 1),
    "CVAT or Datumaro": HEAD.format(
        "<folder/>",
        "a.jpg",
        "<source><database>Unknown</database><annotation>Unknown</annotation><image>Unknown</image></source>",
    ),
    "Roboflow": HEAD.format(
        "<folder/>", "a_jpg.rf.0f3a.jpg", "<source><database>roboflow.com</database></source>"
    ),
    "Label Studio": HEAD.format(
        "",
        "a.jpg",
        "<source><database>MyDatabase</database></source><owner><name>Label Studio</name></owner>",
    ),
    "the VOC development kit": HEAD.format(
        "<folder>VOC2007</folder>",
        "000001.jpg",
        "<source><database>The VOC2007 Database</database><annotation>PASCAL VOC2007</annotation></source>",
    ),
    "ImageNet": HEAD.format("<folder>val</folder>", "a", "<source><database>ILSVRC_2012</database></source>"),
    "LabelMe": HEAD.format(
        "", "a.jpg", "<source><sourceAnnotation>LabelMe Webtool</sourceAnnotation></source>"
    ),
    "curate": HEAD.format("", "a.jpg", "<source><database>curate paste</database></source>"),
}


@pytest.mark.parametrize("tool", SIGNED)
def test_tools_are_known_by_their_signature(tool: str) -> None:
    assert signature(parse(SIGNED[tool].encode())) == tool


@pytest.mark.parametrize(
    "text", ["", "<annotation/>", voc("a"), "<annotation><segmented>0</segmented></annotation>"]
)
def test_what_is_not_typical_bears_no_signature(text: str) -> None:
    assert signature(parse(text.encode())) is None


# --- BOX014 -------------------------------------------------------------------------------------------------


def among(count: int, odd: str) -> Files:
    """`count` boxes of 20 x 16, and an odd one."""
    alike = [an_object("cat", (8 + i % 10, 8, 27 + i % 10, 23)) for i in range(count)]
    return photos(*alike) | data(voc("a", odd))


@pytest.mark.parametrize(
    ("count", "odd", "reported"),
    [
        (40, (10, 6, 12, 41), True),  # 3 x 36: 0.083 times as wide as high, and 1.25 is usual
        (40, (10, 10, 13, 12), True),  # 4 x 3: 12 pixels where 320 are usual, the sides a fifth
        (40, (10, 10, 14, 13), False),  # 5 x 4: the sides a quarter
        (28, (10, 6, 12, 41), False),  # with b's box and the odd one thirty, of which b's is like the others
        (40, (2, 6, 4, 41), False),  # may be cut by the edge of the image
    ],
)
def test_a_box_far_from_the_shapes_of_its_class_is_reported(
    count: int, odd: tuple[int, ...], reported: bool, tmp_path: Path
) -> None:
    files = among(count - (count == 28), an_object("cat", odd))
    assert [f.path for f in check(files, tmp_path, "BOX014")] == [A] * reported


def test_a_truncated_object_may_have_any_shape(tmp_path: Path) -> None:
    odd = an_object("cat", (10, 6, 12, 41)).replace("<truncated>0", "<truncated>1")
    assert check(among(40, odd), tmp_path, "BOX014") == []


def test_a_class_of_all_sizes_has_no_outliers(tmp_path: Path) -> None:
    # sides from 3 to 40 pixels, evenly over the logarithm: the middle half spans a factor of 3.6
    sides = [round(3 * 1.068**i) for i in range(40)]
    files = photos(*[an_object("cat", (4, 4, 3 + side, 3 + side)) for side in sides])
    assert check(files, tmp_path, "BOX014") == []


# --- BOX016 -------------------------------------------------------------------------------------------------


def test_exchanged_corners_here_and_there_are_not_width_and_height(tmp_path: Path) -> None:
    # three of four are impossible, and the fourth would end at 40 + 50 of 64 pixels
    files = photos(
        *[an_object("cat", (30, 20, 10 + i, 8)) for i in range(3)], an_object("cat", (40, 5, 50, 30))
    )
    assert {f.code for f in check(files, tmp_path, "BOX001", "BOX016")} == {"BOX001"}


def test_two_impossible_boxes_are_too_few_for_a_verdict(tmp_path: Path) -> None:
    files = photos(*[an_object("cat", (30, 20, 10 + i, 8)) for i in range(2)])
    assert [f.code for f in check(files, tmp_path, "BOX001", "BOX016")] == ["BOX001", "BOX001"]


def test_the_verdict_prints_its_counts_and_no_other_rule_judges_the_sides(tmp_path: Path) -> None:
    impossible = [an_object("cat", (30 + i, 20, 20, 10)) for i in range(4)]
    possible = [
        an_object("cat", (5, 5, 5, 30)),
        an_object("cat", (5, 6, 6, 30)),
    ]  # a line and a sliver as corners
    (found,) = [f for f in check(photos(*impossible, *possible), tmp_path) if f.severity is not Severity.INFO]
    assert found.message == (
        "xmax and ymax hold width and height: 5 of 6 boxes are impossible as corners, and all 6 lie on their "
        "image as x, y, width, height"
    )


def test_boxes_on_images_of_unknown_size_give_no_verdict(tmp_path: Path) -> None:
    texts = {f"{i}.xml": voc(str(i), an_object("cat", (30, 20, 10, 8)), size="").encode() for i in range(5)}
    assert "BOX016" not in {f.code for f in check(texts, tmp_path)}


# --- verdicts that print their counts -----------------------------------------------------------------------


def test_a_class_variant_says_how_often_each_spelling_occurs(tmp_path: Path) -> None:
    (found,) = check(photos(*[an_object("cat")] * 5, an_object("Cat")), tmp_path, "CLS002")
    assert found.message == "the class 'Cat' (1 box) is another spelling of 'cat' (5 boxes)"


def test_sizes_that_are_wrong_alike_are_counted(tmp_path: Path) -> None:
    files = {f"{i}.xml": voc(str(i), size=size(70, 70)).encode() for i in range(3)}
    files |= {f"{i}.jpg": image(str(i)) for i in range(3)} | CLEAN
    assert {f.message for f in check(files, tmp_path / "a", "HDR004")} == {
        "<size> says 70x70, the image is 64x48; 3 of 5 annotations are off in the same way"
    }
    turned = CLEAN | {A: voc("a", size=size(48, 64)).encode(), B: voc("b", size=size(48, 64)).encode()}
    assert {f.message for f in check(turned, tmp_path / "b", "HDR003")} == {
        "<size> says 48x64, the image is 64x48; 2 of 2 annotations of oblong images are transposed"
    }


def test_the_most_frequent_class_is_not_compared_with_itself(tmp_path: Path) -> None:
    files = photos(*[an_object("cat")] * 2, an_object("dog"))
    assert [f.message for f in check(files, tmp_path, "CLS006")] == [
        "the class 'cat', the most frequent one, has 2 boxes",
        "the class 'dog' has 1 box; the most frequent one, 'cat', has 2",
    ]


def test_a_remark_in_a_list_is_no_absent_image(tmp_path: Path) -> None:
    files = CLEAN | lists(train="a", test="b") | {"ImageSets/Main/train.txt": "# 第一批\na\n".encode()}
    (found,) = check(files, tmp_path / "a", "SET001", "SET004")
    assert (found.code, found.line, found.fix.safety) == ("SET004", 1, FixClass.UNSAFE)
    after, _ = mend(files, tmp_path / "b")
    assert after["ImageSets/Main/train.txt"] == b"a\n"


def test_an_image_whose_name_begins_with_a_hash_is_listed_like_any_other(tmp_path: Path) -> None:
    files = {"Annotations/#1.xml": voc("#1").encode(), "JPEGImages/#1.jpg": image("a")}
    assert check(files | {"ImageSets/Main/train.txt": b"#1\n"}, tmp_path, "SET001", "SET004") == []


# --- hostile input ------------------------------------------------------------------------------------------


def test_an_empty_data_set_has_no_verdicts(tmp_path: Path) -> None:
    assert check({}, tmp_path) == []
    assert (
        check({IMAGE_A: image("a")}, tmp_path / "a", "BOX011", "BOX012", "BOX013", "BOX014", "BOX016") == []
    )


def test_absurd_numbers_are_survived(tmp_path: Path) -> None:
    absurd = boxes((-1e300, -1e300, 1e299, 1e299), (0, 0, 1e299, 1), (1, 1, 1e-320, 1e-320), ("inf", 1, 2, 3))
    for code in ("BOX011", "BOX012", "BOX013", "BOX014", "BOX016"):
        check(data(voc("a", absurd)), tmp_path / code, code)


def test_repairs_of_the_whole_set_and_of_single_boxes_come_to_an_end_together(tmp_path: Path) -> None:
    path = "\t<path>/home/李/m0.jpg</path>\n\t<size>\n"
    first = voc("m0", boxes(LEFT[0], (63, 20, 30, 47))).replace("\t<size>\n", path)  # xmin, xmax exchanged
    crooked = '<?xml version="1.0" encoding="gbk"?>\n' + voc(
        "m1", boxes(LEFT[1], (30, 20, 63, 47)), folder="香烟"
    )
    files = PIXELS | {"Annotations/m0.xml": first.encode(), "Annotations/m1.xml": crooked.encode("gbk")}
    after, done = mend(files, tmp_path)
    assert done.converged
    assert {f.code for f in done.fixed} == {"BOX001", "BOX013", "ENC002", "SEC003"}
    assert after["Annotations/m0.xml"] == voc("m0", boxes((1, 1, 21, 16), (31, 21, 64, 48))).encode()
    assert "香烟" in after["Annotations/m1.xml"].decode("utf-8")
    assert {f.severity for f in done.remaining} == {Severity.INFO}


def test_a_link_is_left_alone_and_the_file_it_names_is_edited(tmp_path: Path) -> None:
    folder = write(PIXELS, tmp_path)
    (folder / "Annotations/n0.xml").symlink_to(folder / "Annotations/m0.xml")
    (folder / "JPEGImages/n0.jpg").write_bytes(image("n0"))
    done = plan(Tree.open(folder), read, [by_code("BOX013")], unsafe=True)
    assert [change.path for change in done.changes] == [f"Annotations/m{i}.xml" for i in range(5)]


def test_a_cut_file_is_converted_as_far_as_it_can_be_read(tmp_path: Path) -> None:
    whole = voc("m0", boxes(LEFT[0], (30, 20, 63, 47)))
    more = data(voc("a", boxes(LEFT[2], (30, 20, 63, 47))))
    files = PIXELS | more | {"Annotations/m0.xml": whole[:-60].encode()}
    tree = Tree.open(write(files, tmp_path))
    done = plan(tree, read, [by_code("BOX013")], unsafe=True)
    changed = {change.path: change.new for change in done.changes}["Annotations/m0.xml"]
    assert changed is not None
    assert b"<xmin>1</xmin>" in changed
    assert len(changed) == len(files["Annotations/m0.xml"])

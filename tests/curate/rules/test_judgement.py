"""Where the facts decide: how sure a repair is, what counts as benign, and what real data holds."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from curate.dataset import Dataset
from curate.findings import Finding, FixClass, Severity
from curate.fixes.plan import plan
from curate.formats.discover import open_dataset
from curate.formats.voc_folder import read
from curate.rules import RULES, by_code, check_all
from curate.rules.class_names import fold, one_edit_apart
from curate.rules.model import Facts
from curate.tree import Tree
from tests.curate.rules.museum import (
    CLEAN,
    IMAGE_A,
    A,
    Files,
    an_object,
    data,
    exif,
    image,
    lists,
    size,
    voc,
    write,
)


def check(files: Files, folder: Path, *codes: str) -> list[Finding]:
    tree = Tree.open(write(files, folder))
    rules = [by_code(code) for code in codes] or RULES
    return check_all(Facts(read(tree), tree), rules)


def mend(files: Files, folder: Path) -> tuple[Files, Dataset]:
    """All repairs, unsafe ones too: the changed files and the data set as it is read afterwards."""
    done = plan(Tree.open(write(files, folder)), read, RULES, unsafe=True)
    return {change.path: change.new for change in done.changes if change.new is not None}, done.data


BENIGN = {
    "fractional coordinates": voc("a", an_object("cat", ("10.5", "10.25", "40.0", "30.75"))),
    "a part before the main box": voc("a").replace(
        "\t\t<bndbox>",
        "\t\t<part>\n\t\t\t<name>ear</name>\n\t\t\t<bndbox><xmin>12</xmin><ymin>12</ymin><xmax>14</xmax>"
        "<ymax>14</ymax></bndbox>\n\t\t</part>\n\t\t<bndbox>",
    ),
    "extra tags": voc("a").replace("\t\t<bndbox>", "\t\t<occluded>1</occluded><attributes/>\n\t\t<bndbox>"),
    "no truncated and difficult": voc("a").replace(
        "\t\t<truncated>0</truncated>\n\t\t<difficult>0</difficult>\n", ""
    ),
    "a byte order mark": "\ufeff" + voc("a"),
    "padded numbers": voc("a", an_object("cat", (" 10 ", "\n10", "040", "30 "))),
    "a declaration": '<?xml version="1.0" encoding="utf-8"?>\n' + voc("a"),
    "Windows line ends": voc("a").replace("\n", "\r\n"),
    "all on one line": voc("a").replace("\n", "").replace("\t", ""),
    "an unused prefix": voc("a").replace(
        "<annotation>", '<annotation xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    ),
    "Chinese in UTF-8": voc("a", folder="香烟检测"),
    "a comment": voc("a").replace("\t<size>", "\t<!-- checked & approved -->\n\t<size>"),
}


@pytest.mark.parametrize("variant", BENIGN, ids=str)
def test_a_benign_variant_is_no_more_than_worth_knowing(variant: str, tmp_path: Path) -> None:
    found = check(data(BENIGN[variant]), tmp_path)
    assert [f.code for f in found if f.severity is not Severity.INFO] == []


def test_grey_images_capital_extensions_and_missing_lists_are_benign(tmp_path: Path) -> None:
    done, grey = cv2.imencode(".jpg", cv2.cvtColor(cv2.imdecode(np.frombuffer(image("a"), np.uint8), 1), 6))
    assert done
    files = data(voc("a", filename="a.JPG"), **{IMAGE_A: None, "JPEGImages/a.JPG": grey.tobytes()})
    assert [f.code for f in check(files, tmp_path) if f.severity is not Severity.INFO] == []


def test_a_repair_in_a_file_with_windows_line_ends_keeps_them(tmp_path: Path) -> None:
    twice = voc("a", an_object(), an_object()).replace("\n", "\r\n")
    changed, _ = mend(data(twice), tmp_path)
    assert changed[A] == voc("a").replace("\n", "\r\n").encode()


def test_a_missing_size_is_put_in_with_the_indentation_and_line_ends_of_the_file(tmp_path: Path) -> None:
    spaced = voc("a").replace("\n", "\r\n").replace("\t", "    ")
    without = voc("a", size="").replace("\n", "\r\n").replace("\t", "    ")
    changed, _ = mend(data(without), tmp_path)
    assert changed[A] == spaced.encode()


def test_a_missing_size_is_put_in_on_the_only_line_of_a_file(tmp_path: Path) -> None:
    flat = voc("a", size="").replace("\n", "").replace("\t", "")
    changed, _ = mend(data(flat), tmp_path)
    assert changed[A] == voc("a").replace("\n", "").replace("\t", "").encode()


def test_names_with_blanks_chinese_and_emoji_are_repaired_like_others(tmp_path: Path) -> None:
    files = {
        "标注/手 🚬.xml": voc("手 🚬", an_object("cat", (40, 10, 10, 30))).encode(),
        "图片/手 🚬.jpg": image("a"),
    }
    changed, _ = mend(files, tmp_path / "数据 集")
    assert changed == {"标注/手 🚬.xml": voc("手 🚬").encode()}


# --- BOX001 -------------------------------------------------------------------------------------------------


def test_swapping_is_unsafe_where_the_box_would_then_be_unlike_its_class(tmp_path: Path) -> None:
    # five cats of 31x21 = 651 square pixels; swapped, the odd one has 3x3 = 9, under a quarter of that
    good = [an_object("cat", (10 + i, 10, 40 + i, 30)) for i in range(5)]
    files = data(voc("a", *good, an_object("cat", (22, 10, 20, 12))))
    assert [f.fix.safety for f in check(files, tmp_path, "BOX001")] == [FixClass.UNSAFE]


def test_boxes_that_read_better_as_x_y_width_height_are_left_to_box016(tmp_path: Path) -> None:
    sides = [an_object("cat", (30, 20, 10 + i, 8)) for i in range(4)]  # 30 + 13 <= 64, 20 + 8 <= 48
    files = {A: voc("a", *sides).encode(), IMAGE_A: image("a")}
    assert [f.code for f in check(files, tmp_path, "BOX001", "BOX016")] == ["BOX016"]


# --- HDR004, HDR005 -----------------------------------------------------------------------------------------


def test_a_size_that_most_files_state_alike_is_a_template_and_safely_replaced(tmp_path: Path) -> None:
    files = {f"{i}.xml": voc(str(i), size=size(70, 70)).encode() for i in range(5)}
    files |= {f"{i}.jpg": image(str(i)) for i in range(5)}
    assert {f.fix.safety for f in check(files, tmp_path, "HDR004")} == {FixClass.SAFE}


def test_a_size_off_by_a_pixel_is_a_warning(tmp_path: Path) -> None:
    (found,) = check(data(voc("a", size=size(64, 47))), tmp_path, "HDR004")
    assert (found.severity, found.fix.safety) == (Severity.WARNING, FixClass.UNSAFE)


def test_boxes_that_fit_neither_size_are_left_to_a_person(tmp_path: Path) -> None:
    (found,) = check(
        data(voc("a", an_object("cat", (10, 10, 99, 30)), size=size(80, 50))), tmp_path, "HDR004"
    )
    assert found.fix.safety is FixClass.MANUAL


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_boxes_of_a_turned_picture_still_frame_their_object_after_the_repair(
    orientation: int, tmp_path: Path
) -> None:
    # a white rectangle on the displayed picture, 30 wide and 40 high, and the box around it
    shown = np.zeros((96, 64, 3), np.uint8)
    shown[20:60, 10:40] = 255
    text = voc("a", an_object("cat", (11, 21, 40, 60)), size=size(64, 96))
    turn_back = {
        5: lambda p: p.transpose(1, 0, 2),
        6: lambda p: cv2.rotate(p, cv2.ROTATE_90_COUNTERCLOCKWISE),
        7: lambda p: p[::-1, ::-1].transpose(1, 0, 2),
        8: lambda p: cv2.rotate(p, cv2.ROTATE_90_CLOCKWISE),
    }
    stored = np.ascontiguousarray(turn_back[orientation](shown))
    _, encoded = cv2.imencode(".jpg", stored, [cv2.IMWRITE_JPEG_QUALITY, 100])
    files = {A: text.encode(), IMAGE_A: exif(encoded.tobytes(), orientation)}
    changed, after = mend(files, tmp_path)
    assert changed[IMAGE_A] == exif(encoded.tobytes(), 1)
    x0, y0, x1, y1 = (int(after.objects[corner][0]) for corner in ("xmin", "ymin", "xmax", "ymax"))
    inside = stored[y0:y1, x0:x1]
    assert inside.shape[:2] == (30, 40)
    assert inside.min() == 255
    assert (stored > 0).sum() == inside.size


def test_a_size_is_not_invented_for_a_turned_picture_because_it_would_decide_where_the_boxes_lie(
    tmp_path: Path,
) -> None:
    files = data(voc("a", size=""), **{IMAGE_A: exif(image("a"), 6)})
    found = check(files, tmp_path, "HDR001", "HDR005")
    assert [(f.code, f.fix.safety) for f in found] == [
        ("HDR001", FixClass.MANUAL),
        ("HDR005", FixClass.MANUAL),
    ]


# --- OBJ, CLS -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "decided",
    [
        voc("a", "\n").replace("<annotation>", '<annotation verified="yes">'),
        voc("a", "\n").replace(
            "\t<size>", "\t<source><database>curate negatives</database></source>\n\t<size>"
        ),
    ],
    ids=["labelImg's verified", "curate negatives"],
)
def test_an_empty_annotation_that_someone_decided_upon_is_silent(decided: str, tmp_path: Path) -> None:
    assert check(data(decided), tmp_path, "OBJ001") == []


def test_the_only_object_is_not_removed_though_it_is_a_point_or_all_of_them_are(tmp_path: Path) -> None:
    points = voc("a", an_object("cat", (20, 20, 20, 20)), an_object("cat", (9, 9, 9, 9)))
    assert {f.fix.safety for f in check(data(points), tmp_path, "BOX004")} == {FixClass.MANUAL}


def test_a_duplicate_with_other_flags_needs_judgement(tmp_path: Path) -> None:
    other = an_object().replace("<difficult>0", "<difficult>1")
    (found,) = check(data(voc("a", an_object(), other)), tmp_path, "BOX010")
    assert (found.object, found.fix.safety) == (2, FixClass.UNSAFE)


def test_few_examples_of_a_class_are_worth_knowing(tmp_path: Path) -> None:
    (found,) = check(CLEAN, tmp_path, "CLS006")
    assert (found.severity, found.message) == (
        Severity.INFO,
        "the class 'cat', the only one, has 2 boxes",
    )


def test_spelling_is_folded_by_case_blanks_and_full_width_forms() -> None:
    assert fold(" Ｔａｋｉｎｇ\u00a0 Photos") == "taking photos"


@pytest.mark.parametrize(
    ("a", "b", "apart"),
    [
        ("button", "buton", True),  # dropped
        ("buton", "button", True),  # added
        ("hand", "hind", True),  # replaced
        ("hnad", "hand", True),  # exchanged with its neighbour
        ("hand", "hand", False),
        ("hand", "hi", False),
        ("abcd", "badc", False),
        ("", "a", True),
    ],
)
def test_one_edit_apart(a: str, b: str, apart: bool) -> None:
    assert one_edit_apart(a, b) is apart


# --- IMG, SET -----------------------------------------------------------------------------------------------


def test_an_image_with_a_similar_name_is_renamed_for_its_annotation(tmp_path: Path) -> None:
    files = {"photo 12.xml": voc("photo 12").encode(), "photo_12.jpg": image("a")}
    changed, after = mend(files, tmp_path)
    assert changed == {"photo 12.jpg": image("a")}
    assert after.images["image"].to_list() == ["photo 12.jpg"]


def test_an_image_of_another_number_is_not_taken_for_a_similar_one(tmp_path: Path) -> None:
    files = {"frame_1.xml": voc("frame_1").encode(), "frame_2.jpg": image("a")}
    assert [f.fix.safety for f in check(files, tmp_path, "IMG001")] == [FixClass.MANUAL]


def test_a_file_is_not_renamed_onto_another(tmp_path: Path) -> None:
    png = image("a", suffix=".png")
    files = data(**{IMAGE_A: png, "JPEGImages/a.png": image("other", suffix=".png")})
    (found,) = check(files, tmp_path, "IMG005")
    assert found.fix.safety is FixClass.MANUAL


def test_every_cut_into_the_scan_of_a_jpeg_is_noticed(tmp_path: Path) -> None:
    whole = image("a")
    scan = whole.index(b"\xff\xda") + 14
    unsure = []
    for cut in range(scan, len(whole) - 4, max((len(whole) - scan) // 12, 1)):
        (found,) = check(data(**{IMAGE_A: whole[:cut]}), tmp_path / str(cut), "IMG003")
        unsure.append(found.fix.safety)
    assert set(unsure) == {FixClass.MANUAL}


def test_the_trailer_of_a_phone_needs_judgement(tmp_path: Path) -> None:
    (found,) = check(data(**{IMAGE_A: image("a") + b"meta" * 9 + b"SEFT"}), tmp_path, "IMG003")
    assert found.fix.safety is FixClass.UNSAFE


def test_train_and_trainval_share_their_images_by_definition(tmp_path: Path) -> None:
    files = CLEAN | lists(train="a", val="b", trainval="a b")
    assert check(files, tmp_path, "SET003", "SET005") == []


def test_an_image_in_trainval_and_test_is_taken_out_of_all_training_lists(tmp_path: Path) -> None:
    files = CLEAN | lists(train="a b", trainval="a b", test="b")
    changed, _ = mend(files, tmp_path)
    assert changed == {"ImageSets/Main/train.txt": b"a\n", "ImageSets/Main/trainval.txt": b"a\n"}


def test_a_copy_in_validation_and_test_is_left_to_a_person(tmp_path: Path) -> None:
    files = data(**{"JPEGImages/b.jpg": image("a")}, **lists(val="a", test="b"))
    (found,) = check(files, tmp_path, "SET005")
    assert (found.path, found.fix.safety) == ("ImageSets/Main/val.txt", FixClass.MANUAL)


def test_a_repair_never_reaches_outside_the_data_set(tmp_path: Path) -> None:
    (tmp_path / "z.jpg").write_bytes(image("z"))
    files = data(voc("a", filename="../z.jpg"), **{IMAGE_A: None})
    done = plan(Tree.open(write(files, tmp_path / "set")), read, RULES, unsafe=True)
    assert done.changes == ()
    assert (tmp_path / "z.jpg").read_bytes() == image("z")


# --- other formats and real data ----------------------------------------------------------------------------


def test_edits_of_xml_are_not_offered_for_yolo_labels(tmp_path: Path) -> None:
    files = {
        "images/a.jpg": image("a"),
        "labels/a.txt": b"0 0.5 0.5 1.4 0.5\n",
        "data.yaml": b"names: [cat]\ntrain: images\nval: images\n",
    }
    tree = Tree.open(write(files, tmp_path))
    found = check_all(Facts(open_dataset(tree), tree))
    # train and val are one folder, so the image also judges what was learnt from it
    assert [(f.code, f.path, f.fix.safety) for f in found if f.severity is Severity.ERROR] == [
        ("SET003", "images/a.jpg", FixClass.MANUAL),
        ("BOX002", "labels/a.txt", FixClass.MANUAL),
    ]


def verdict(folder: Path) -> Counter[tuple[str, str]]:
    """Errors and warnings by code."""
    tree = Tree.open(folder)
    found = check_all(Facts(open_dataset(tree), tree))
    return Counter((f.code, f.severity.value) for f in found if f.severity is not Severity.INFO)


def test_bccd_has_two_points_seven_copies_and_a_platelet_that_is_called_a_white_cell(
    shared_data: Path,
) -> None:
    # each looked at: the copies are moved by two pixels to the side and down, as labelImg duplicates a box
    assert verdict(shared_data / "bccd_voc") == {
        ("BOX004", "error"): 2,
        ("BOX011", "warning"): 7,
        ("BOX014", "warning"): 1,
    }


def test_raccoon_has_one_box_around_everything_and_no_error(shared_data: Path) -> None:
    assert verdict(shared_data / "raccoon_voc") == {("BOX009", "warning"): 1}


def test_hands_phone_has_no_errors(shared_data: Path) -> None:
    assert verdict(shared_data / "hands_phone_voc") == {}

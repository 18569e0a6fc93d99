"""Copies, groups and quality: where the facts decide, what is left in peace, and what real data holds."""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from curate.cli import app
from curate.commands import validate
from curate.findings import Finding, FixClass, Severity
from curate.fixes.plan import plan
from curate.formats.discover import open_dataset
from curate.formats.voc_folder import read
from curate.pixels import PixelReader
from curate.rules import RULES, by_code, check_all
from curate.rules.model import Facts
from curate.tree import Tree
from tests.curate.rules.museum import (
    CLEAN,
    IMAGE_A,
    IMAGE_B,
    MANY,
    MANY_IDS,
    PAIR,
    TEST,
    TRAIN,
    B,
    Files,
    data,
    encoded,
    image,
    lists,
    palette_png,
    pixels,
    png_set,
    voc,
    write,
)

TRAINVAL = "ImageSets/Main/trainval.txt"


def check(files: Files, folder: Path, *codes: str, look: bool = True) -> list[Finding]:
    tree = Tree.open(write(files, folder))
    rules = [by_code(code) for code in codes] or RULES
    return check_all(Facts(open_dataset(tree), tree, reader=PixelReader(workers=1) if look else None), rules)


def mend(files: Files, folder: Path) -> tuple[Files, list[str]]:
    """All repairs, unsafe ones too: the changed files, and the codes that are left."""
    look = partial(Facts, reader=PixelReader(workers=1))
    done = plan(Tree.open(write(files, folder)), read, RULES, unsafe=True, look=look)
    assert done.converged
    left = [f.code for f in done.remaining if f.severity is not Severity.INFO]
    return {change.path: change.new for change in done.changes if change.new is not None}, left


def photographs(*stems: str) -> Files:
    """A labelled photograph for each stem, no two alike."""
    annotations = {f"Annotations/{stem}.xml": voc(stem).encode() for stem in stems}
    return annotations | {f"JPEGImages/{stem}.jpg": image(stem) for stem in stems}


# --- SET005, SET006, SET008: the same pixels, nearly the same picture -------------------------------------

COMMENT = image("a")[:2] + b"\xff\xfe\x00\x08hello!" + image("a")[2:]  # a JPEG with a comment: other bytes


def test_files_with_other_bytes_and_the_same_pixels_are_copies_where_pixels_are_looked_at(
    tmp_path: Path,
) -> None:
    files = data(**{IMAGE_B: COMMENT}) | PAIR
    assert check(files, tmp_path, "SET005", "SET006", look=False) == []
    (found,) = check(files, tmp_path, "SET005", "SET006")
    assert (found.code, found.severity, found.fix.safety) == ("SET005", Severity.ERROR, FixClass.UNSAFE)
    assert "pixel for pixel" in found.message


def test_a_png_of_a_jpeg_is_a_copy(tmp_path: Path) -> None:
    png = cv2.imencode(".png", cv2.imdecode(np.frombuffer(image("a"), np.uint8), cv2.IMREAD_COLOR))[
        1
    ].tobytes()
    files = data(**{IMAGE_B: None, "JPEGImages/b.png": png, B: voc("b", filename="b.png").encode()}) | PAIR
    assert [f.code for f in check(files, tmp_path, "SET005", "SET006")] == ["SET005"]


def test_a_jpeg_that_was_encoded_again_is_no_pixel_copy_and_is_not_decoded_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = pixels("a", 320, 240)
    files = data(**{IMAGE_A: encoded(shown), IMAGE_B: cv2.imencode(".jpg", shown, [1, 60])[1].tobytes()})
    asked: list[str] = []
    monkeypatch.setattr("curate.rules.copies.same_pixels", lambda _, names: asked.extend(names) or [])
    assert [f.code for f in check(files | PAIR, tmp_path, "SET005", "SET006")] == ["SET006"]
    assert asked == []


def test_pixel_copies_are_found_among_thumbnails_that_other_sizes_share(tmp_path: Path) -> None:
    # a flat picture has one thumbnail in any size; c and d are of one size, and one is a PNG
    flat = np.full((48, 64, 3), 90, np.uint8)
    files = photographs("a", "c") | {"JPEGImages/a.jpg": encoded(flat[:40])}
    files |= {"JPEGImages/c.jpg": encoded(flat), "JPEGImages/d.png": cv2.imencode(".png", flat)[1].tobytes()}
    files["Annotations/d.xml"] = voc("d", filename="d.png").encode()
    found = check(files | lists(train="a c", test="d"), tmp_path, "SET005")
    assert [(f.code, "pixel for pixel" in f.message) for f in found] == [("SET005", True)]


def test_two_black_pictures_of_one_size_have_the_same_pixels(tmp_path: Path) -> None:
    black = encoded(np.zeros((48, 64, 3), np.uint8))
    files = data(**{IMAGE_A: black, IMAGE_B: black[:2] + COMMENT[2:12] + black[2:]}) | PAIR
    assert [f.code for f in check(files, tmp_path, "SET005", "SET006")] == ["SET005"]


ALTERED = {
    "mirrored": pixels("a", 320, 240)[:, ::-1],
    "turned": np.rot90(pixels("a", 320, 240)),
    "half as large": cv2.resize(pixels("a", 320, 240), (160, 120), interpolation=cv2.INTER_AREA),
    "cropped": pixels("a", 320, 240)[10:, 20:300],
    "darker": (pixels("a", 320, 240) * 0.8).astype(np.uint8),
}


@pytest.mark.parametrize("how", ALTERED)
def test_an_altered_copy_in_another_split_is_found(how: str, tmp_path: Path) -> None:
    files = data(**{IMAGE_A: image("a", 320, 240), IMAGE_B: encoded(ALTERED[how])}) | PAIR
    assert [f.code for f in check(files, tmp_path, "SET005", "SET006")] == ["SET006"]
    assert check(files, tmp_path, "SET005", "SET006", look=False) == []


def test_a_near_copy_in_one_split_is_nothing_to_say(tmp_path: Path) -> None:
    files = data(**{IMAGE_B: encoded(pixels("a")[:, ::-1])}) | lists(train="a b")
    assert check(files, tmp_path, "SET005", "SET006", "SET008") == []


def test_a_group_goes_where_most_of_it_is_and_its_lines_move_word_for_word(tmp_path: Path) -> None:
    files = photographs("照片 1", "照片 2", "照片 3", "c")
    for stem, shown in (("照片 2", pixels("照片 1")[:, ::-1]), ("照片 3", pixels("照片 1")[::-1])):
        files[f"JPEGImages/{stem}.jpg"] = encoded(shown)
    files[TRAIN] = "照片 1\r\n照片 2\r\n".encode("gbk")
    files[TEST] = "c\n照片 3".encode()
    changed, left = mend(files, tmp_path)
    # a list of its own encoding and line ends, and one that ends without a line end
    assert changed[TRAIN] == "照片 1\r\n照片 3\r\n照片 2\r\n".encode("gbk")
    assert changed[TEST] == b"c\n"
    assert left == []


def test_what_moves_to_training_lands_in_trainval_too(tmp_path: Path) -> None:
    files = photographs("a", "b", "c", "d")
    files |= {f"JPEGImages/{stem}.jpg": encoded(pixels("a")[:, ::-1]) for stem in "b"}
    files |= {"JPEGImages/c.jpg": encoded(pixels("a")[::-1])} | lists(train="a b", test="d c", trainval="a b")
    changed, left = mend(files, tmp_path)
    assert changed == {TRAIN: b"a\nc\nb\n", TRAINVAL: b"a\nc\nb\n", TEST: b"d\n"}
    assert left == []


def test_where_folders_are_the_splits_a_person_regroups(tmp_path: Path) -> None:
    files = {
        "train/Annotations/a.xml": voc("a").encode(),
        "train/JPEGImages/a.jpg": image("a"),
        "test/Annotations/b.xml": voc("b").encode(),
        "test/JPEGImages/b.jpg": encoded(pixels("a")[:, ::-1]),
    }
    (found,) = check(files, tmp_path, "SET006")
    assert (found.path, found.fix.safety) == ("train/JPEGImages/a.jpg", FixClass.MANUAL)


def test_copies_in_a_set_without_splits_are_worth_knowing_where_pixels_are_looked_at(tmp_path: Path) -> None:
    files = data(**{IMAGE_B: image("a")})
    assert check(files, tmp_path, "SET008", look=False) == []
    (found,) = check(files, tmp_path, "SET008")
    assert (found.severity, found.path) == (Severity.INFO, IMAGE_B)


# --- SET007, SET009 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("walk_frame_0001", "walk_frame_0002"),
        ("IMG_7_jpg.rf.0123456789abcdef", "IMG_7_jpg.rf.fedcba9876543210"),
        ("视频_0001", "视频_0002"),
        ("field_0_0", "field_512_0"),
    ],
)
def test_images_of_one_source_in_two_splits_are_found_by_their_names(
    one: str, other: str, tmp_path: Path
) -> None:
    files = MANY | photographs(one, other) | lists(train=f"{MANY_IDS} {one}", test=other)
    changed, left = mend(files, tmp_path)
    assert changed[TEST].decode().split() == [other, one]
    assert left == []


@pytest.mark.parametrize("stem", ["BloodImage_{:05}", "raccoon-{}", "IMG_{:04}", "calling_{}", "{:06}"])
def test_a_number_alone_is_no_evidence(stem: str, tmp_path: Path) -> None:
    stems = [stem.format(number) for number in range(8)]
    files = photographs(*stems) | lists(train=" ".join(stems[:6]), test=" ".join(stems[6:]))
    assert check(files, tmp_path, "SET006", "SET007") == []


def test_a_long_video_in_runs_is_left_in_peace_and_a_shuffled_one_is_left_to_a_person(tmp_path: Path) -> None:
    stems = [f"frame_{number:03}" for number in range(60)]
    files = {f"Annotations/{stem}.xml": voc(stem).encode() for stem in stems}
    files |= {f"JPEGImages/{stem}.jpg": image("a") + bytes([i]) for i, stem in enumerate(stems)}
    runs = files | lists(train=" ".join(stems[:48]), test=" ".join(stems[48:]))
    assert check(runs, tmp_path / "runs", "SET007", look=False) == []
    shuffled = files | lists(train=" ".join(stems[::2]), test=" ".join(stems[1::2]))
    (found,) = check(shuffled, tmp_path / "shuffled", "SET007", look=False)
    assert found.fix.safety is FixClass.MANUAL


def test_a_pasted_image_in_a_test_folder_is_left_to_a_person(tmp_path: Path) -> None:
    drawn = voc("b").replace("\t<size>", "\t<source><database>curate paste</database></source>\n\t<size>")
    files = {
        "train/a.xml": voc("a").encode(),
        "train/a.jpg": image("a"),
        "test/b.xml": drawn.encode(),
        "test/b.jpg": image("b"),
    }
    (found,) = check(files, tmp_path, "SET009", look=False)
    assert (found.path, found.severity, found.fix.safety) == ("test/b.xml", Severity.ERROR, FixClass.MANUAL)


def pasted(*stems: str) -> Files:
    """Images that `curate paste` made, beside the photographs a and b."""
    source = "\t<source><database>curate paste</database></source>\n\t<size>"
    files = data()
    for stem in stems:
        files[f"Annotations/{stem}.xml"] = voc(stem).replace("\t<size>", source).encode()
        files[f"JPEGImages/{stem}.jpg"] = image(stem)
    return files


def test_a_pasted_image_in_test_moves_to_the_training_lists_beside_it(tmp_path: Path) -> None:
    files = pasted("p") | lists(train="a", trainval="a", test="b p")
    (found,) = check(files, tmp_path / "1", "SET009", look=False)
    assert found.fix.description == "move it to the training list"
    changed, left = mend(files, tmp_path / "2")
    lines = {name: content for name, content in changed.items() if name.endswith(".txt")}
    assert lines == {TRAIN: b"a\np\n", TRAINVAL: b"a\np\n", TEST: b"b\n"}
    assert "SET009" not in left and "SET002" not in left


def test_a_pasted_image_that_is_trained_on_as_well_is_only_taken_out_of_test(tmp_path: Path) -> None:
    files = pasted("p") | lists(train="a p", test="b p")
    assert [f.code for f in check(files, tmp_path / "1", "SET003", "SET009", look=False)] == ["SET009"]
    changed, _ = mend(files, tmp_path / "2")
    assert (changed.get(TRAIN), changed[TEST]) == (None, b"b\n")


def test_without_a_training_list_a_pasted_image_is_taken_out(tmp_path: Path) -> None:
    files = pasted("p") | lists(test="a b p")
    (found,) = check(files, tmp_path, "SET009", look=False)
    assert found.fix.description == "take it out of test"


def test_hundreds_of_pasted_images_move_together_with_the_line_ends_of_the_list(tmp_path: Path) -> None:
    stems = [f"p{number:03d}" for number in range(200)]
    files = pasted(*stems) | lists(val=" ".join(["b", *stems])) | {TRAIN: b"a\r\n"}
    tree = Tree.open(write(files, tmp_path))
    done = plan(tree, read, [by_code("SET009")], unsafe=True)
    assert done.converged and done.remaining == ()
    (train,) = [change.new for change in done.changes if change.path == TRAIN]
    assert train is not None
    assert sorted(train.splitlines()) == sorted([b"a", *(stem.encode() for stem in stems)])
    assert train.count(b"\r\n") == 201
    assert [change.new for change in done.changes if change.path != TRAIN] == [b"b\n"]


# --- IMG006 to IMG009 ---------------------------------------------------------------------------------------


def test_a_converted_picture_comes_back_by_undo_and_looks_the_same(tmp_path: Path) -> None:
    before = palette_png("a")
    changed, left = mend(png_set(before), tmp_path)
    after = cv2.imdecode(np.frombuffer(changed["JPEGImages/a.png"], np.uint8), cv2.IMREAD_UNCHANGED)
    assert after.shape == (48, 64, 3)
    assert (after == cv2.imdecode(np.frombuffer(before, np.uint8), cv2.IMREAD_COLOR)).all()
    assert left == []


def test_sixteen_bits_are_unusual_and_grey_is_not(tmp_path: Path) -> None:
    deep = cv2.imencode(".png", pixels("a").astype(np.uint16) * 257)[1].tobytes()
    (found,) = check(png_set(deep), tmp_path / "deep", "IMG006", look=False)
    assert (found.severity, found.fix.safety) == (Severity.WARNING, FixClass.UNSAFE)
    grey = cv2.imencode(".png", pixels("a")[:, :, 0])[1].tobytes()
    assert check(png_set(grey, 1), tmp_path / "grey", "IMG006", look=False) == []


@pytest.mark.parametrize("cut", [8, 20, 26, 30, 60])
def test_a_broken_header_has_no_mode(cut: int, tmp_path: Path) -> None:
    assert check(png_set(palette_png("a")[:cut]), tmp_path, "IMG006", look=False) == []


def test_an_animation_is_left_to_a_person(tmp_path: Path) -> None:
    frame = b"\0\x21\xf9\x04\x00\x0a\x00\x00\x00\x00\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01"
    gif = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff" + frame + frame + b"\0;"
    files = CLEAN | {"JPEGImages/c.gif": gif}
    (found,) = check(files, tmp_path, "IMG006", look=False)
    assert (found.path, found.fix.safety) == ("JPEGImages/c.gif", FixClass.MANUAL)
    assert "animated" in found.message


def test_the_image_that_filename_names_owns_the_shared_stem(tmp_path: Path) -> None:
    files = data(voc("a", filename="a.png"), **{"JPEGImages/a.png": image("another", suffix=".png")})
    (found,) = check(files, tmp_path, "IMG007", "IMG002", look=False)
    assert (found.code, found.path) == ("IMG007", IMAGE_A)


def test_an_image_without_rival_is_unlabelled_and_shares_nothing(tmp_path: Path) -> None:
    files = CLEAN | {"JPEGImages/c.jpg": image("c"), "other/a.jpg": image("other")}
    assert [(f.code, f.path) for f in check(files, tmp_path, "IMG007", "IMG002", look=False)] == [
        ("IMG002", "JPEGImages/c.jpg"),
        ("IMG002", "other/a.jpg"),
    ]


def test_a_renamed_image_keeps_its_place_in_the_lists(tmp_path: Path) -> None:
    files = photographs("Hand", "hand") | lists(train="Hand hand")
    changed, left = mend(files, tmp_path)
    assert changed[TRAIN] == b"Hand\nhand_2\n"
    assert changed["Annotations/hand_2.xml"] == voc("hand_2").encode()
    assert changed["JPEGImages/hand_2.jpg"] == image("hand")
    assert left == []


def test_composed_and_decomposed_accents_clash(tmp_path: Path) -> None:
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    found = check(photographs(composed, decomposed), tmp_path, "IMG008", look=False)
    assert len(found) == 1


QUALITY = {
    "black": np.full((240, 320, 3), 3, np.uint8),
    "white": np.full((240, 320, 3), 252, np.uint8),
    "one colour": np.full((240, 320, 3), 120, np.uint8),
    "blurred": cv2.resize(
        np.arange(12, dtype=np.uint8).reshape(3, 4) * 20, (320, 240), interpolation=cv2.INTER_CUBIC
    ),
}


@pytest.mark.parametrize("how", QUALITY)
def test_poor_pictures_are_worth_knowing_where_pixels_are_looked_at(how: str, tmp_path: Path) -> None:
    files = data(**{IMAGE_A: encoded(QUALITY[how])})
    (found,) = check(files, tmp_path, "IMG009")
    assert (found.severity, found.path) == (Severity.INFO, IMAGE_A)
    assert how in found.message
    assert check(files, tmp_path, "IMG009", look=False) == []


def test_pictures_that_cannot_be_decoded_have_no_quality(tmp_path: Path) -> None:
    assert check(data(**{IMAGE_A: b"", IMAGE_B: b"<html>"}), tmp_path, "IMG009", "SET006") == []


# --- the command line and real data -------------------------------------------------------------------------


def test_rules_that_were_not_asked_are_named_once_on_stderr(tmp_path: Path) -> None:
    root = str(write(CLEAN, tmp_path))
    result = CliRunner().invoke(app, ["validate", root])
    assert result.stderr.strip() == "not asked without --pixels: IMG009, SET006"
    assert "--pixels" not in result.stdout
    assert CliRunner().invoke(app, ["validate", root, "--pixels"]).stderr == ""
    assert CliRunner().invoke(app, ["validate", root, "--select", "BOX"]).stderr == ""


def test_pixels_are_repaired_by_the_command_too(tmp_path: Path) -> None:
    files = data(**{IMAGE_B: encoded(pixels("a")[:, ::-1])}) | PAIR
    root = write(files, tmp_path)
    report = validate.run(root, pixels=True, fix=True, unsafe_fixes=True, workers=1)
    assert [finding.code for finding in report.fixed] == ["SET006"]
    assert (root / TEST).read_bytes() == b"b\na\n"


def verdict(folder: Path) -> Counter[tuple[str, str]]:
    """Errors and warnings by code, pixels looked at."""
    found = validate.run(folder, pixels=True).findings
    return Counter((f.code, f.severity.value) for f in found if f.code[:3] in ("IMG", "SET"))


def test_no_false_alarm_in_real_photographs(shared_data: Path) -> None:
    assert {code for code, severity in verdict(shared_data / "bccd_voc") if severity != "info"} == set()
    assert {code for code, severity in verdict(shared_data / "raccoon_voc") if severity != "info"} == set()
    assert {
        code for code, severity in verdict(shared_data / "hands_phone_voc") if severity != "info"
    } == set()

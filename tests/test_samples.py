"""The sample set: what it promises holds for the committed files, and its generator draws them again."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from samples import defects, generate, plan, scene
from samples.drawing import grips
from samples.drawing.light import Frame
from samples.drawing.skeleton import build
from samples.drawing.solid import Bundle, Camera, Capsule, Flesh, smooth_minimum, trace
from samples.drawing.vectors import vec
from samples.scene import Labelled
from samples.voc import Annotation

Holding = Callable[[np.random.Generator, float, float, float, float], grips.Grip]
ROW = re.compile(r"^\| `data/(?P<path>[^`]+)` \| (?P<line>\d*) \| (?P<code>[A-Z]{3}\d{3}) \|", re.MULTILINE)


@pytest.fixture(scope="module")
def planted(samples: Path) -> set[tuple[str, int | None, str]]:
    """Rows of DEFECTS.md as (path under data/, line, code)."""
    text = (samples / "DEFECTS.md").read_text(encoding="utf-8")
    return {(m["path"], int(m["line"]) if m["line"] else None, m["code"]) for m in ROW.finditer(text)}


def stems(samples: Path, split: str) -> list[str]:
    return (samples / f"data/ImageSets/Main/{split}.txt").read_text().split()


def decode(data: bytes, turned: bool = False) -> NDArray[np.uint8]:
    """Pixels as stored, or turned as EXIF asks."""
    flags = cv2.IMREAD_COLOR if turned else cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    assert pixels is not None
    return pixels.astype(np.uint8)


def test_the_set_with_its_generator_stays_below_four_megabytes(samples: Path) -> None:
    files = [path for path in samples.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert sum(path.stat().st_size for path in files) <= 4_000_000


def test_each_picture_has_one_annotation_and_is_in_one_list(samples: Path) -> None:
    pictures = sorted(path.stem for path in (samples / "data/JPEGImages").iterdir())
    annotations = sorted(path.stem for path in (samples / "data/Annotations").iterdir())
    lists = {split: stems(samples, split) for split in ("train", "val", "test", "trainval")}
    assert pictures == annotations
    assert sorted(lists["train"] + lists["val"] + lists["test"]) == pictures
    assert sorted(lists["train"] + lists["val"]) == sorted(lists["trainval"])
    assert len(lists["train"]) / len(pictures) == pytest.approx(0.65, abs=0.02)
    assert len(lists["test"]) / len(pictures) == pytest.approx(0.20, abs=0.02)


def test_about_sixty_percent_of_the_pictures_show_a_cigarette(samples: Path) -> None:
    files = list((samples / "data/Annotations").iterdir())
    smoking = sum(b"<name>cigarette</name>" in path.read_bytes() for path in files)
    assert 0.55 <= smoking / len(files) <= 0.65


def test_validate_finds_every_planted_defect_in_its_line_and_nothing_else(
    samples: Path, planted: set[tuple[str, int | None, str]]
) -> None:
    command = [sys.executable, "-m", "curate", "validate", str(samples / "data"), "--output-format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 1, done.stderr
    findings = [f for f in json.loads(done.stdout)["findings"] if f["severity"] != "info"]
    assert {(f["path"], f["line"], f["code"]) for f in findings} == planted
    assert (
        len(findings) == len(planted) == len(plan.PLANTED) + 1
    )  # the copy across the splits is not in PLANTED


def test_the_generator_draws_the_committed_pictures_again(samples: Path) -> None:
    """Not byte for byte: processors differ in the last bit of a power, which can move a grey value by one."""
    wanted = [item for item in plan.items(0) if item.plant is None and item.copy_of is None][:3]
    for item in wanted:
        made = generate.entry(item, seed=0)
        assert made.xml == (samples / made.xml_path).read_bytes()
        ours, theirs = decode(made.image), decode((samples / made.image_path).read_bytes())
        assert ours.shape == theirs.shape
        assert np.abs(ours.astype(int) - theirs).mean() < 0.5


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    item = plan.Item(scene.Spec(1, "empty", "wall", (160, 120)), "train")
    first = generate.entry(item, seed=3)
    assert first == generate.entry(item, seed=3)
    assert first.image != generate.entry(item, seed=4).image


def test_generate_refuses_a_folder_with_files_of_another_set(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    mine = tmp_path / "data" / "mine.xml"
    mine.write_text("<annotation/>")
    assert generate.strangers(tmp_path, ["data/classes.txt"]) == [mine]
    assert generate.strangers(tmp_path, ["data/mine.xml"]) == []
    assert generate.strangers(tmp_path / "absent", []) == []


def test_annotations_are_one_based_and_inclusive_as_labelimg_writes_them() -> None:
    text = Annotation("a.jpg", (64, 48), (Labelled("pen", (9, 19, 30, 40), False),)).text()
    assert text == (
        "<annotation>\n\t<folder>JPEGImages</folder>\n\t<filename>a.jpg</filename>\n"
        "\t<path>D:\\smoke\\JPEGImages\\a.jpg</path>\n\t<source>\n\t\t<database>Unknown</database>\n\t</source>\n"
        "\t<size>\n\t\t<width>64</width>\n\t\t<height>48</height>\n\t\t<depth>3</depth>\n\t</size>\n"
        "\t<segmented>0</segmented>\n\t<object>\n\t\t<name>pen</name>\n\t\t<pose>Unspecified</pose>\n"
        "\t\t<truncated>0</truncated>\n\t\t<difficult>0</difficult>\n\t\t<bndbox>\n\t\t\t<xmin>10</xmin>\n"
        "\t\t\t<ymin>20</ymin>\n\t\t\t<xmax>30</xmax>\n\t\t\t<ymax>40</ymax>\n\t\t</bndbox>\n\t</object>\n</annotation>\n"
    )


def test_boxes_hold_exactly_the_pixels_that_are_half_covered() -> None:
    """The mask is twice as fine as the picture: columns 3..5 are full, 6 is half, 7 a quarter in one row."""
    frame = Frame(Camera(40, 30, 1.0, 0, 0))
    frame.label[10:20, 6:13] = 1
    frame.label[10, 14] = 1
    assert scene._boxes(frame, {1: "pen"}, (20, 15)) == [Labelled("pen", (3, 5, 7, 10), False)]
    frame.label[10:20, 0:13] = 1
    assert scene._boxes(frame, {1: "pen"}, (20, 15)) == [Labelled("pen", (0, 5, 7, 10), True)]
    assert scene._boxes(frame, {2: "pen"}, (20, 15)) is None


def test_exif_orientation_6_makes_readers_turn_the_picture_clockwise() -> None:
    """Stored 24x16 with a white left half, which is the upper half of what is shown, 16x24."""
    stored = np.zeros((16, 24, 3), np.uint8)
    stored[:, :12] = 255
    tagged = defects.with_orientation(cv2.imencode(".jpg", stored)[1].tobytes(), 6)
    shown = decode(tagged, turned=True)
    assert shown.shape[:2] == (24, 16)
    assert shown[:10].min() > 250
    assert shown[14:].max() < 5
    with pytest.raises(ValueError, match="not a JPEG"):
        defects.with_orientation(b"GIF89a", 6)


def test_a_defect_that_finds_nothing_to_spoil_says_so() -> None:
    annotation = Annotation("a.jpg", (64, 48), (Labelled("hand", (1, 1, 30, 30), False),))
    with pytest.raises(ValueError, match="holds no '<name>cigarette</name>'"):
        defects.unknown_class(defects.Entry(annotation, annotation.text().encode(), b""))


def test_distances_to_a_capsule_a_stick_and_a_taper() -> None:
    """Axis from (0, 0, 0) to (10, 0, 0); measured above the middle, beyond the end, and inside."""
    a, b = vec(0, 0, 0), vec(10, 0, 0)
    bundle = Bundle(range(3), [Capsule(a, b, 2, 2), Capsule(a, b, 2, 2, flat=True), Capsule(a, b, 2, 4)])
    x, y, z = (np.array(p, np.float32) for p in ([5, 13, 5], [0, 0, 0], [5, 0, 0]))
    assert bundle.distances(x, y, z) == pytest.approx(
        np.array([[3, 1, -2], [3, 3, -2], [2, -1, -3]]), abs=1e-5
    )


def test_the_smooth_minimum_rounds_only_where_the_two_are_close() -> None:
    a, b = np.array([1.0, 1.0], np.float32), np.array([1.0, 9.0], np.float32)
    assert smooth_minimum(a, b, 4.0) == pytest.approx([0.0, 1.0])  # equal: a quarter of the width deeper


def test_a_traced_ball_is_a_disc_that_faces_the_viewer() -> None:
    camera = Camera(60, 60, 2.0, 30, 30)  # a ball of 10 mm radius is a disc of 20 px radius
    surface = trace(camera, [Capsule(vec(0, 0, -5), vec(0.001, 0, -5), 10, 10)], Flesh((0,), ()))
    assert surface.pixels.size == pytest.approx(np.pi * 20**2, rel=0.04)
    top = int(np.argmax(surface.points[:, 2]))
    assert surface.points[top, 2] == pytest.approx(5, abs=0.1)
    assert surface.normals[top] == pytest.approx([0, 0, 1], abs=0.05)
    nothing = trace(camera, [Capsule(vec(900, 0, 0), vec(910, 0, 0), 5, 5)], Flesh((0,), ()))
    assert nothing.pixels.size == 0
    assert nothing.points.shape == (0, 3)


def test_the_thumb_reaches_its_target_unless_it_is_too_far() -> None:
    rng = np.random.default_rng(0)
    pose = grips.fist(rng, 1.0).hand.pose
    assert build(pose).thumb[2].b == pytest.approx(pose.thumb_to, abs=1e-6)
    straight = build(type(pose)(pose.bends, vec(-900, 17, -7), vec(0, 0, 1))).thumb
    assert straight[2].b == pytest.approx([-19 - 101, 17, -7], abs=1e-6)  # 45 + 33 + 23 mm to the left


@pytest.mark.parametrize("grip", [grips.scissor, grips.pinch])
@pytest.mark.parametrize("seed", range(8))
def test_a_held_cigarette_touches_the_fingers_and_pierces_none(grip: Holding, seed: int) -> None:
    held = grip(np.random.default_rng(seed), 1.0, 80.0, 4.3, 30.0)
    (stick,) = held.sticks
    where = stick.near + (stick.far - stick.near) * 30 / 80
    x, y, z = (np.array([value], np.float32) for value in where)
    bones = [bone for name in ("index", "middle") for bone in held.hand.fingers[name]]
    fingers = Bundle(range(6), [Capsule(b.a, b.b, b.ra, b.rb, b.waist) for b in bones])
    assert -3.0 < fingers.distances(x, y, z).min() - stick.radius < 1.5

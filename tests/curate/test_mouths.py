"""Faces by OpenCV's cascades, and the mouth in them; hands by the colour and shape of skin."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from curate.commands.paste import run
from curate.commands.paste_report import describe as in_words
from curate.formats.voc import VocObject
from curate.paste.hosts import faces as faces_module
from curate.paste.hosts.faces import faces
from curate.paste.hosts.find import Finder
from curate.paste.hosts.model import HAND, MOUTH, Found
from curate.paste.hosts.mouths import describe
from curate.paste.hosts.names import wanted
from curate.paste.hosts.skin_search import hands_by_skin
from curate.paste.provenance import read
from curate.paste.targets import Label, Target
from tests.curate.drawn_faces import MOUTH as AT
from tests.curate.drawn_faces import drawn_face
from tests.curate.drawn_hands import BOX, drawn_hand
from tests.curate.test_cutouts import stick
from tests.curate.test_paste import labelled


def test_a_face_is_found_and_looks_at_us() -> None:
    (face,) = faces(drawn_face())
    x0, y0, x1, y1 = face.box
    assert x0 < 150 < 250 < x1
    assert y0 < 180 < 262 < y1
    assert face.turn == 0.0
    assert face.belief >= 0.8


def test_no_face_is_found_where_there_is_none() -> None:
    assert faces(drawn_hand(400, 400)) == []
    assert faces(np.full((20, 20, 3), 90, np.uint8)) == []


def test_a_face_without_skin_and_eyes_is_not_believed() -> None:
    # one cascade alone is not enough: the eyes are painted over and the colour is that of leaves
    masked = drawn_face()
    masked[150:205, 130:270] = (60, 140, 60)
    assert faces(masked) == []


def test_without_cascades_there_are_no_faces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faces_module, "_cascade", lambda kind: None)
    assert not faces_module.available()
    assert faces(drawn_face()) == []


@pytest.mark.parametrize("tilt", [0.0, 8.0, -8.0])
def test_the_mouth_is_the_dark_line_between_the_lips(tilt: float) -> None:
    image = drawn_face(tilt)
    (face,) = faces(image)
    mouth = describe(image, Found(MOUTH, MOUTH, 0, face.box, "face", face.belief), face.turn)
    assert mouth.kind == MOUTH
    assert math.dist(mouth.centre, AT) < 0.15 * mouth.size
    assert mouth.tilt == pytest.approx(math.radians(tilt), abs=0.06)
    assert 55 < mouth.size < 85, "its lips are 68 wide"


def test_a_labelled_mouth_is_the_middle_of_its_box() -> None:
    mouth = describe(drawn_face(), Found(MOUTH, "嘴", 2, (160.0, 250.0, 240.0, 274.0), "label"))
    assert (mouth.centre, mouth.size, mouth.how) == ((200.0, 262.0), 80.0, "lips")


def test_a_mouth_is_sought_in_a_labelled_face() -> None:
    image = drawn_face()
    target = Target("a.png", "a", "a.xml", 400, 400, (Label(1, "脸", (110, 105, 290, 310), False, False),))
    ((found, _),) = Finder(wanted(["脸"], ["mouths"], None)).find(image, target)
    assert (found.how, found.object) == ("face", 1)
    assert math.dist(describe(image, found).centre, AT) < 12


def test_a_cigarette_goes_into_an_unlabelled_mouth_and_the_result_says_how_it_was_found(
    tmp_path: Path,
) -> None:
    labelled(tmp_path / "faces", "a", drawn_face(), [VocObject("hat", (300, 10, 390, 60))])
    image, box = stick(0.2)
    labelled(tmp_path / "smokes", "b", image, [VocObject("smoke", box)])
    out = tmp_path / "out"
    result = run(
        tmp_path / "faces", onto=["mouths"], name="smoke", source=tmp_path / "smokes", count=2, out=out
    )
    assert result.made == 2
    assert "mouths by faces that OpenCV's cascades see" in in_words(result)
    for row in read(out).iter_rows(named=True):
        assert (row["grip"], row["host_object"], row["host_found"]) == ("lips", 0, "face")
        x0, y0, x1, y1 = row["box"]
        left, top, _, _ = row["frame"] or (0, 0, 400, 400)  # the part of the photograph that was taken
        assert left + x0 - 12 <= AT[0] <= left + x1 + 12
        assert top + y0 - 12 <= AT[1] <= top + y1 + 12


# --- hands by skin, the last resort -----------------------------------------------------------------------


def test_a_notched_piece_of_skin_may_be_a_hand() -> None:
    (found,) = hands_by_skin(drawn_hand(300, 240))
    assert (found.kind, found.how, found.object) == (HAND, "skin", 0)
    x0, y0, x1, y1 = found.box
    assert x0 == pytest.approx(BOX[0], abs=8)
    assert x1 == pytest.approx(BOX[2], abs=8)
    assert y0 == pytest.approx(BOX[1], abs=10)
    assert 120 < y1 < 200, "the arm is cut off somewhere below the palm"


def test_a_ball_of_skin_and_a_grey_hand_are_none() -> None:
    ball = np.full((240, 300, 3), (70, 90, 120), np.uint8)
    cv2.circle(ball, (150, 120), 50, (205, 150, 125), -1)
    assert hands_by_skin(ball) == []
    grey = np.repeat(drawn_hand().mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
    assert hands_by_skin(grey) == []


def test_a_face_is_no_hand() -> None:
    assert hands_by_skin(drawn_face()) == []


def test_the_last_resort_is_declared(tmp_path: Path) -> None:
    labelled(tmp_path / "hands", "a", drawn_hand(300, 240), [VocObject("hat", (250, 10, 290, 40))])
    image, box = stick(0.2)
    labelled(tmp_path / "smokes", "b", image, [VocObject("smoke", box)])
    out = tmp_path / "out"
    result = run(
        tmp_path / "hands", onto=["hands"], name="smoke", source=tmp_path / "smokes", count=1, out=out
    )
    assert result.hosts == ("hands, unlabelled",)
    assert "by the colour and shape of skin alone" in in_words(result)
    assert read(out)["host_found"].to_list() == ["skin"]

"""The page of an evaluation, read as a file: complete, bounded, harmless, the same for the same input."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.trainer.judged import (
    CLASSES,
    FALSE,
    HOSTILE,
    LABEL,
    MISSED,
    compared_of,
    detections,
    ground_of,
    judged_of,
)
from tests.trainer.test_metrics import found
from trainer.data.folder import Split
from trainer.data.labels import FolderReport
from trainer.ground import Ground
from trainer.report import comparison, judgement, lines, pictures, rows, sections
from trainer.report.page import signed, text


def data_of(page: bytes) -> dict[str, Any]:
    """What the page's script works on."""
    embedded = re.search(rb'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert embedded is not None
    content: dict[str, Any] = json.loads(embedded[1])
    return content


def one(folder: Path, worst: int = 60) -> bytes:
    ground = ground_of(folder)
    judged, found = judged_of(ground, detections())
    return judgement.page(judged, ground, found.matching, worst)


def test_every_section_has_its_figures(tmp_path: Path) -> None:
    page = one(tmp_path).decode("ascii")
    for name in (
        "images",
        "mistakes",
        "classes",
        "curves",
        "confusion",
        "sizes",
        "confidence",
        "slices",
        "method",
    ):
        assert f'<section id="{name}">' in page
    assert page.count("<svg") >= 8
    for word in ("香烟", "光", "夜"):
        assert word.encode("ascii", "xmlcharrefreplace").decode() in page
    assert "From confidence 0.40 it finds 3 of 6 objects (50%)" in page
    assert "note &amp; more" in page


def test_the_worst_images_come_first_with_their_mistakes(tmp_path: Path) -> None:
    data = data_of(one(tmp_path))
    assert [image["name"] for image in data["images"]] == [f"照片 {i}.png" for i in (0, 1, 2, 3, 4)]
    kinds = data["kinds"]
    mistakes = {image["name"]: [(kinds[m[1]], m[2]) for m in image["mistakes"]] for image in data["images"]}
    assert mistakes == {
        "照片 0.png": [("missed", 1)],
        "照片 1.png": [("badly placed", 0.8)],
        "照片 2.png": [("wrong class", 0.7)],
        "照片 3.png": [("nothing there", 0.6)],
        "照片 4.png": [("found twice", 0.5)],
    }
    worst = data["images"][0]
    assert worst["labels"] == [[40, 40, 120, 120, 0]]
    assert worst["panes"] == [[]]
    assert worst["picture"].startswith("data:image/jpeg;base64,")
    assert data["images"][FALSE]["panes"] == [[[40, 40, 120, 120, 0, 0.9], [200, 150, 260, 200, 1, 0.6]]]


def test_no_more_images_than_asked_for(tmp_path: Path) -> None:
    assert [image["name"] for image in data_of(one(tmp_path, 2))["images"]] == ["照片 0.png", "照片 1.png"]
    assert data_of(one(tmp_path, 0))["images"] == []


def test_names_from_the_data_stay_names(tmp_path: Path) -> None:
    page = one(tmp_path)
    assert HOSTILE.encode() not in page
    assert page.count(b"</script>") == 2
    assert data_of(page)["classes"] == list(CLASSES)
    assert text(HOSTILE).encode() in page


def test_the_same_judgement_gives_the_same_bytes(tmp_path: Path) -> None:
    assert one(tmp_path) == one(tmp_path)


def test_a_page_of_thousands_of_images_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MOST_BYTES", 20_000)
    ground = ground_of(tmp_path)
    many = Split(
        "test",
        ground.split.images * 500,
        ground.split.labels * 500,
        np.tile([320, 240], (3000, 1)),
        FolderReport(),
    )
    ground = Ground(ground.data, CLASSES, many, ("test",) * 3000)
    judged, found = judged_of(ground, detections(500))
    page = judgement.page(judged, ground, found.matching, 60)
    shown = data_of(page)["images"]
    assert 0 < len(shown) < 60
    assert f"{60 - len(shown)} more would make this page too large".encode() in page
    assert len(page) < 200_000


def test_an_image_with_thousands_of_boxes_shows_the_best_and_those_that_are_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "MOST_BOXES", 1)
    data = data_of(one(tmp_path))
    assert [len(image["panes"][0]) for image in data["images"]] == [0, 1, 1, 1, 1]
    assert data["images"][FALSE]["mistakes"] == []  # the false detection is the second best, and not drawn


def test_an_image_that_vanished_leaves_its_boxes_on_an_empty_ground(tmp_path: Path) -> None:
    ground = ground_of(tmp_path)
    judged, found = judged_of(ground, detections())
    ground.split.images[MISSED].unlink()
    images = data_of(judgement.page(judged, ground, found.matching, 60))["images"]
    assert (images[0]["picture"], images[0]["labels"]) == ("", [[40, 40, 120, 120, 0]])


def test_nothing_to_judge_has_a_page_too(tmp_path: Path) -> None:
    split = Split("test", [], [], np.zeros((0, 2), np.int64), FolderReport())
    ground = Ground(tmp_path / "data.yaml", CLASSES, split, ())
    judged, found = judged_of(ground, [])
    page = judgement.page(judged, ground, found.matching, 60)
    assert b"Nothing is labelled here" in page
    assert b"nan" not in page


def test_the_page_of_two_shows_where_they_differ_and_what_that_is_worth(tmp_path: Path) -> None:
    ground = ground_of(tmp_path, 2)
    compared = compared_of(ground, detections(2), detections(2, perfect=True))
    page = comparison.page(compared, ground, 60)
    data = data_of(page)
    assert (data["panes"], data["ordered"]) == (["A", "B"], True)
    assert {image["name"] for image in data["images"]} == {f"照片 {i}.png" for i in range(12) if i % 6 < 5}
    assert data["images"][0]["says"] == "mistakes cost 1.00 with A and 0.00 with B: better by 1.00"
    assert b'<span class="better">better</span>' in page
    back = comparison.page(compared_of(ground, detections(2, perfect=True), detections(2)), ground, 60)
    assert b'<span class="worse">worse</span>' in back
    same = comparison.page(compared_of(ground, detections(2), detections(2)), ground, 60)
    assert b"It cannot be told which is better" in same
    assert data_of(same)["images"] == []


def test_confidences_are_judged_in_words(tmp_path: Path) -> None:
    def said(confidences: Sequence[float], right: Sequence[bool]) -> str:
        ground = ground_of(tmp_path, 5)
        rows = [
            found((0, score, *LABEL) if hit else (0, score, 200, 150, 260, 200))
            for score, hit in zip(confidences, right, strict=True)
        ]
        judged, _ = judged_of(ground, rows)
        return sections.confidence(judged.analysis, CLASSES)

    third = [i % 3 > 0 for i in range(30)]
    assert "taken at their word" in said([0.66] * 30, third)
    assert "too sure of itself" in said([0.95] * 30, third)
    assert "more often right than it says" in said([0.35] * 30, third)
    mixed = said([0.95] * 15 + [0.45] * 15, [True] * 10 + [False] * 5 + [True] * 11 + [False] * 4)
    assert "some confidences are too high and others too low" in mixed


def test_differences_have_a_sign_of_their_own_length() -> None:
    assert [signed(v) for v in (0.0314, -0.2, float("nan"))] == ["+0.031", "−0.200", "–"]


def test_lines_of_many_points_are_thinned_and_keep_their_ends() -> None:
    x = np.linspace(0, 1, 50_000)
    chart = lines.lines([lines.Line("a", x, x**2, "s0")], x="x", y="y")
    points = re.search(r'points="([^"]*)"', chart)
    assert points is not None
    drawn = points[1].split()
    assert len(drawn) < 300
    assert (drawn[0], drawn[-1]) == ("46.0,286.0", "392.0,12.0")
    assert lines.lines([lines.Line("a", x[:0], x[:0], "s0")], x="x", y="y").count("polyline") == 0


def test_names_at_the_ends_of_lines_never_lie_over_one_another() -> None:
    flat = np.array([0.0, 1.0])
    chart = lines.lines(
        [lines.Line(f"name {i}", flat, np.array([0.5, 0.02]), f"s{i % 6}") for i in range(12)], x="x", y="y"
    )
    heights = sorted(float(y) for y in re.findall(r'<text class="s\d" x="[\d.]+" y="([\d.]+)"', chart))
    assert len(heights) == 12
    assert min(np.diff(heights)) >= 14


@pytest.mark.parametrize("reach", [0.0004, 0.013, 0.4, 0.99])
def test_the_scale_of_differences_is_round_and_has_nought_in_its_middle(reach: float) -> None:
    chart = rows.changes([("a", reach, reach / 2, reach * 1.5)], x="x")
    ticks = re.findall(r'text-anchor="middle">([^<]+)</text>', chart)[:-1]
    assert 5 <= len(ticks) <= 11
    assert ticks[len(ticks) // 2] == "0"
    assert all(len(tick.lstrip("+−0.").replace(".", "")) <= 2 for tick in ticks)


def test_charts_without_rows_are_charts() -> None:
    assert rows.bars([], x="x").startswith("<svg")
    assert rows.changes([("a", float("nan"), float("nan"), float("nan"))], x="x").startswith("<svg")
    assert rows.shares([("a", float("nan"), float("nan"), float("nan"), "")], x="x").startswith("<svg")

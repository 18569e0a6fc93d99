"""Pictures: that boxes lie where they should, that names can be read, that nothing half-written stays."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.bench.coco_ap import scene as crowd
from trainer import draw as draw_module
from trainer.decode import Detections
from trainer.draw import colour_of, draw_boxes, drawable
from trainer.errors import TrainerError
from trainer.metrics import Matching, Truth, judge, match, score
from trainer.metrics.calibration import calibration
from trainer.metrics.confusion import confusion
from trainer.metrics.mistakes import mistakes
from trainer.plots import (
    draw_batch,
    draw_predictions,
    plot_calibration,
    plot_confusion,
    plot_curves,
    plot_f1,
    plot_mistakes,
    plot_pr,
    write_picture,
)
from trainer.plots.style import Mark, figure, label_ends, line_style

GREY = 100


def grey(width: int, height: int) -> NDArray[np.uint8]:
    return np.full((height, width, 3), GREY, np.uint8)


def read(path: Path) -> NDArray[np.uint8]:
    bgr = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    assert bgr is not None
    return bgr[..., ::-1]


def boxes(*rows: tuple[float, float, float, float]) -> NDArray[np.float32]:
    return np.array(rows, np.float32).reshape(-1, 4)


def test_a_box_outlines_exactly_its_own_pixels() -> None:
    drawn = draw_boxes(grey(800, 600), boxes((200, 300, 260, 340)), np.array([0]), ["a"])
    assert drawn.shape == (600, 800, 3)
    below_the_name = (drawn == colour_of(0)).all(axis=2)[320]
    assert np.flatnonzero(below_the_name)[[0, -1]].tolist() == [200, 259]  # 260 is the first pixel outside
    assert (drawn[310:335, 210:250] == GREY).all()  # the object itself stays visible
    assert (drawn[345:] == GREY).all()


def test_a_small_picture_is_enlarged_and_its_boxes_with_it() -> None:
    drawn = draw_boxes(grey(64, 32), boxes((16, 8, 32, 24)), np.array([1]), ["a", "b"])
    assert drawn.shape == (320, 640, 3)
    row = np.flatnonzero((drawn == colour_of(1)).all(axis=2)[200])
    assert row[[0, -1]].tolist() == [160, 319]


def test_the_callers_picture_is_not_drawn_on() -> None:
    image = grey(700, 700)
    draw_boxes(image, boxes((1, 1, 99, 99)), np.array([0]), ["a"])
    assert (image == GREY).all()


def test_boxes_at_and_past_the_edge_and_no_boxes_can_be_drawn() -> None:
    outside = boxes((-50, -50, 900, 900), (700, 700, 800, 800), (5, 5, 5, 5), (0, 0, 1, 1))
    assert draw_boxes(grey(640, 480), outside, np.zeros(4, int), ["a"]).shape == (480, 640, 3)
    assert (draw_boxes(grey(640, 480), boxes(), np.zeros(0, int), []) == GREY).all()


def test_a_class_has_one_colour_everywhere_and_neighbours_differ() -> None:
    colours = [colour_of(i) for i in range(12)]
    assert len(set(colours)) == 12
    assert colour_of(12) == colour_of(0)


def test_a_name_no_font_can_draw_becomes_its_number_and_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draw_module, "_cjk_font", lambda: None)
    draw_module.font_file.cache_clear()
    shown, note = drawable(["hand", "香烟", "Zigarette für dich"])
    draw_module.font_file.cache_clear()
    assert shown == ("hand", "class 1", "Zigarette für dich")
    assert note is not None
    assert "class 1 is 香烟" in note
    assert "install a font" in note
    assert drawable(["hand"]) == (("hand",), None)


def test_a_batch_becomes_a_grid_of_at_most_sixteen(tmp_path: Path) -> None:
    images = np.full((20, 96, 96, 3), GREY, np.uint8)
    out = tmp_path / "批 次 🙂" / "batch.png"
    draw_batch(images, [boxes((10, 10, 40, 40))] * 20, [np.array([0])] * 20, ["香烟"], out)
    side = read(out).shape
    assert side[0] == side[1]  # four rows, four columns
    assert side[1] <= 1920
    assert sorted(p.name for p in out.parent.iterdir()) == ["batch.png"]  # no temporary file stays


def test_an_empty_batch_still_gives_a_picture(tmp_path: Path) -> None:
    draw_batch(np.zeros((0, 8, 8, 3), np.uint8), [], [], [], tmp_path / "b.png")
    assert (read(tmp_path / "b.png") == 255).all()


def test_labels_stand_left_and_confident_predictions_right(tmp_path: Path) -> None:
    truth = Truth(np.array([[100.0, 100, 300, 300]]), np.array([0]), (640, 480))
    found = Detections(
        boxes((100, 100, 300, 300), (400, 100, 500, 300)),
        np.array([0.9, 0.1], np.float32),
        np.array([1, 1]),
    )
    draw_predictions([grey(640, 480)], [truth], [found], ["a", "b"], tmp_path / "p.png")
    picture = read(tmp_path / "p.png")
    middle = picture.shape[1] // 2
    has = [
        [(half == colour_of(c)).all(axis=2).any() for c in (0, 1)]
        for half in (picture[:, :middle], picture[:, middle:])
    ]
    assert has == [[True, False], [False, True]]
    # The prediction of confidence 0.1 is not drawn: nothing coloured right of x = 400 of 640.
    right = picture[60:, middle + int(0.62 * middle) :]
    assert not (right == colour_of(1)).all(axis=2).any()


def test_a_picture_of_unknown_suffix_is_refused_with_its_cure(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match=r"\.png"):
        write_picture(tmp_path / "a.txt", grey(4, 4))
    assert list(tmp_path.iterdir()) == []


def write_results(path: Path, rows: int) -> None:
    lines = ["step,epoch,lr,loss,loss_box,ap,ap50"]
    lines += [
        f"{i * 10},{i},0.001,{2 / (i + 1)},{1 / (i + 1)},{'' if i % 2 else i / 100},nan" for i in range(rows)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.mark.parametrize("rows", [0, 1, 50])
def test_curves_are_drawn_from_any_number_of_rows(tmp_path: Path, rows: int) -> None:
    write_results(tmp_path / "results.csv", rows)
    plot_curves(tmp_path / "results.csv", tmp_path / "curves.png")
    assert read(tmp_path / "curves.png").shape[1] > 1000


def test_a_torn_last_line_does_not_stop_the_curves(tmp_path: Path) -> None:
    write_results(tmp_path / "results.csv", 5)
    with (tmp_path / "results.csv").open("a") as file:
        file.write("60,6,0.0")
    plot_curves(tmp_path / "results.csv", tmp_path / "curves.png")
    assert (tmp_path / "curves.png").is_file()


def test_curves_of_no_file_and_of_a_foreign_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()
    with pytest.raises(TrainerError, match="no column 'step'"):
        plot_curves(tmp_path / "empty.csv", tmp_path / "curves.png")
    with pytest.raises(TrainerError, match="no results"):
        plot_curves(tmp_path / "results.csv", tmp_path / "curves.png")


def test_the_same_figures_give_the_same_bytes(tmp_path: Path) -> None:
    write_results(tmp_path / "results.csv", 9)
    for name in ("a.png", "b.png"):
        plot_curves(tmp_path / "results.csv", tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_precision_and_recall_are_drawn_with_and_without_detections(tmp_path: Path) -> None:
    truth = Truth(np.array([[0.0, 0, 50, 50]]), np.array([0]), (99, 99))
    found = Detections(boxes((0, 0, 50, 50)), np.array([0.9], np.float32), np.array([0]))
    for i, detections in enumerate((found, Detections.none())):
        metrics = score([detections], [truth], ["香烟", "no labels"])
        plot_pr(metrics, tmp_path / f"{i}.png")
        assert read(tmp_path / f"{i}.png").shape[0] > 300
    assert math.isnan(metrics.per_class["no labels"].ap)


def judged(classes: int, images: int = 12) -> tuple[Matching, list[str]]:
    """A crowd of `classes` classes with Chinese names."""
    return match(*crowd(images, classes, 6, 40), classes), [f"第 {i} 类" for i in range(classes)]


@pytest.mark.parametrize("classes", [1, 3, 40])
def test_every_plot_of_a_judgement_is_drawn_for_few_and_for_many_classes(
    tmp_path: Path, classes: int
) -> None:
    matching, names = judged(classes)
    metrics = judge(matching, names)
    plot_pr(metrics, tmp_path / "pr.png")
    plot_f1(metrics, tmp_path / "f1.png")
    plot_confusion(confusion(matching, 0.4), names, tmp_path / "confusion.png")
    plot_mistakes(mistakes(matching, 0.4), tmp_path / "mistakes.png")
    plot_calibration(calibration(matching, [(640, 640)] * matching.images), tmp_path / "calibration.png")
    for path in tmp_path.iterdir():
        assert min(read(path).shape[:2]) > 300


def test_plots_of_nothing_are_drawn(tmp_path: Path) -> None:
    matching = match([], [], 2)
    metrics = judge(matching, ["a", "b"])
    plot_f1(metrics, tmp_path / "f1.png")
    plot_confusion(confusion(matching, 0.5), ["a", "b"], tmp_path / "confusion.png")
    plot_mistakes(mistakes(matching, 0.5), tmp_path / "mistakes.png")
    plot_calibration(calibration(matching, []), tmp_path / "calibration.png")
    assert len(list(tmp_path.iterdir())) == 4


def test_lines_differ_in_colour_or_dashes_and_the_first_ones_in_brightness_too() -> None:
    # ITU-R BT.601 brightness, for a print without colours
    styles = [line_style(i) for i in range(12)]
    assert len(set(styles)) == 12
    grey = [0.299 * int(c[1:3], 16) + 0.587 * int(c[3:5], 16) + 0.114 * int(c[5:], 16) for c, _ in styles[:4]]
    assert all(abs(a - b) > 10 for a, b in pairwise(grey))


def test_words_at_the_ends_of_lines_keep_apart() -> None:
    axes = figure(6, 4).subplots()
    axes.set_ylim(0, 1)
    label_ends(axes, [Mark(0.5, 0.5, f"name {i}", "#000000") for i in range(8)])
    heights = sorted(float(word.xy[1]) for word in axes.texts)
    assert min(np.diff(heights)) > 0.03
    assert max(heights) <= 1


def test_drawing_leaves_the_callers_plots_alone(tmp_path: Path) -> None:
    import matplotlib.pyplot as plt

    write_results(tmp_path / "results.csv", 3)
    plot_curves(tmp_path / "results.csv", tmp_path / "curves.png")
    assert plt.get_fignums() == []

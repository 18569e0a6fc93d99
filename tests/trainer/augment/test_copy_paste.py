"""Cut-outs: read from the folder that curate writes, turned, pasted with the box around what is opaque."""

from __future__ import annotations

import json
import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.trainer.augment.pictures import context, sample
from trainer.data.augment import Policy, copy_paste
from trainer.data.augment.model import Sample
from trainer.data.cutouts import Cutout, Cutouts, read_cutouts
from trainer.data.folder import Split
from trainer.data.labels import FolderReport
from trainer.errors import TrainerError

PASTE = Policy(copy_paste=1)


def bar(width: int = 40, height: int = 10, label: int = 1, angle: float = 0.0) -> Cutout:
    """A white bar with a transparent border of 3 pixels, whose colour there is red."""
    rgba = np.zeros((height + 6, width + 6, 4), np.uint8)
    rgba[3:-3, 3:-3] = 255
    return Cutout.of(rgba, label, angle)


def cutouts(*many: Cutout, side: float = 0.25) -> Cutouts:
    return Cutouts(many or (bar(),), {1: np.array([side])})


def write(folder: Path, rows: list[dict[str, object]], *, schema: int = 1) -> Path:
    (folder / "cutouts").mkdir(parents=True)
    (folder / "cutouts.json").write_text(
        json.dumps({"schema": schema, "cutouts": rows}, ensure_ascii=False), encoding="utf-8"
    )
    for row in rows:
        rgba = np.full((12, 30, 4), 255, np.uint8)
        rgba[:, :5, 3] = 100  # half transparent: not opaque
        done, data = cv2.imencode(".png", rgba)
        assert done
        (folder / "cutouts" / str(row["file"])).write_bytes(data.tobytes())
    return folder


def split(*rows: tuple[float, ...]) -> Split:
    labels = [np.array(rows, np.float32).reshape(-1, 5)]
    return Split("train", [Path("a.png")], labels, np.array([[200, 100]]), FolderReport())


def row(file: str, name: str, angle: float = 0.0) -> dict[str, object]:
    return {"file": file, "name": name, "angle": angle, "quality": 0.9}


def test_cutouts_are_read_with_class_numbers_and_strange_ones_are_told(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "剪切 out", [row("烟 1.png", "香烟"), row("b.png", "Pen"), row("c.png", "spoon")]
    )
    found, line = read_cutouts(folder, ("pen", "香烟"), split((0, 0.5, 0.5, 0.1, 0.4)), 100)
    assert sorted(found.by_class) == [0, 1] and len(found) == 2
    assert line == "cut-outs: 1 Pen, 1 香烟; not of these classes, left out: 1 spoon"
    # an object of 20 x 40 pixels in 200 x 100: 40 / 200 of the longer side; a class without takes all sizes
    assert found.sides[0].tolist() == pytest.approx([0.2]) == found.sides[1].tolist()


def test_cutouts_are_kept_as_large_as_they_can_be_pasted(tmp_path: Path) -> None:
    folder = write(tmp_path / "out", [row("a.png", "pen")])
    # 30 x 12; the largest object is 0.1 of the longer side: 1.3 * 0.1 * 100 = 13 pixels
    found, _ = read_cutouts(folder, ("pen",), split((0, 0.5, 0.5, 0.1, 0.1)), 100)
    assert found.by_class[0][0].premultiplied.shape == (5, 13, 4)


def test_a_deleted_png_is_not_wanted(tmp_path: Path) -> None:
    folder = write(tmp_path / "out", [row("a.png", "pen"), row("b.png", "pen")])
    (folder / "cutouts" / "a.png").unlink()
    assert len(read_cutouts(folder, ("pen",), split(), 100)[0]) == 1


def test_a_folder_that_is_none_of_curates_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match=r"cutouts\.json cannot be read") as caught:
        read_cutouts(tmp_path, ("pen",), split(), 100)
    assert "curate cutouts" in caught.value.cure
    for number, content in enumerate(("[]", "no json", '{"schema": 1}', '{"schema": 9, "cutouts": []}')):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "cutouts.json").write_text(content)
        with pytest.raises(TrainerError, match="is not of the kind"):
            read_cutouts(folder, ("pen",), split(), 100)


def test_names_that_lead_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "out", [])
    for name in ("../a.png", "..\\a.png", "/etc/a.png"):
        (folder / "cutouts.json").write_text(json.dumps({"schema": 1, "cutouts": [row(name, "pen")]}))
        with pytest.raises(TrainerError, match="no file of its folder"):
            read_cutouts(folder, ("pen",), split(), 100)


def test_classes_that_nobody_asked_for_and_damaged_files_are_errors(tmp_path: Path) -> None:
    folder = write(tmp_path / "out", [row("a.png", "pen")])
    with pytest.raises(TrainerError, match="holds no cut-out of cup") as caught:
        read_cutouts(folder, ("cup",), split(), 100)
    assert "pen" in caught.value.cure
    for content in (b"", b"\x89PNG", cv2.imencode(".png", np.zeros((4, 4, 3), np.uint8))[1].tobytes()):
        (folder / "cutouts" / "a.png").write_bytes(content)
        with pytest.raises(TrainerError, match="is no PNG with alpha"):
            read_cutouts(folder, ("pen",), split(), 100)
    clear = cv2.imencode(".png", np.zeros((4, 4, 4), np.uint8))[1].tobytes()
    (folder / "cutouts" / "a.png").write_bytes(clear)
    with pytest.raises(TrainerError, match="shows nothing"):
        read_cutouts(folder, ("pen",), split(), 100)


def test_a_turned_bar_has_the_extent_that_geometry_says() -> None:
    # 40 x 10 level at a longer side of 20: 20 x 5; upright 5 x 20
    assert copy_paste.turned(bar(), 20, 0.0, mirrored=False).shape[:2] == pytest.approx((5, 20), abs=1)
    assert copy_paste.turned(bar(), 20, math.pi / 2, mirrored=False).shape[:2] == pytest.approx(
        (20, 5), abs=1
    )
    # at 45 degrees both are (40 + 10) / sqrt(2), so both become 60
    assert copy_paste.turned(bar(), 60, math.pi / 4, mirrored=False).shape[:2] == pytest.approx(
        (60, 60), abs=2
    )


def test_a_mirrored_cutout_is_the_mirror_image_of_the_turned_one() -> None:
    arrow = bar()
    arrow.premultiplied[3:-3, 3:13] = (0, 0, 255, 255)  # the end at the left is blue
    for angle in (0.0, 0.4, 2.5):
        one = copy_paste.turned(arrow, 50, angle, mirrored=False).astype(int)
        other = copy_paste.turned(arrow, 50, angle, mirrored=True)[:, ::-1].astype(int)
        assert abs(one.shape[0] - other.shape[0]) <= 1 and abs(one.shape[1] - other.shape[1]) <= 1
        height, width = min(one.shape[0], other.shape[0]), min(one.shape[1], other.shape[1])
        assert np.abs(one[:height, :width] - other[:height, :width]).mean() < 20


def test_a_shrunk_cutout_is_averaged() -> None:
    striped = bar(400, 100)
    striped.premultiplied[3:-3, 3:-3:2] = (0, 0, 0, 255)
    small = copy_paste.turned(striped, 20, 0.0, mirrored=False)
    assert np.abs(small[1:-1, 1:-1, :3].astype(int) - 128).max() < 40


def test_the_box_is_that_of_the_pixels_that_came() -> None:
    for seed in range(30):
        now = context(PASTE, seed, size=(128, 128), cutouts=cutouts())
        done = copy_paste.edit(sample([], size=(128, 128)), now)
        assert 1 <= len(done.boxes) <= 3 and set(done.labels.tolist()) == {1}
        painted = (done.image >= 128).all(axis=2)
        inside = np.zeros_like(painted)
        for x1, y1, x2, y2 in done.boxes.astype(int):
            inside[y1:y2, x1:x2] = True
            if len(done.boxes) == 1:
                rows, columns = np.nonzero(painted)
                assert [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1] == pytest.approx(
                    [x1, y1, x2, y2], abs=1
                )
            assert 0.25 * 128 / 1.3 - 2 <= max(x2 - x1, y2 - y1) <= 0.25 * 128 * 1.3 + 2
        assert not (painted & ~inside).any()


def test_pasted_things_leave_the_others_to_be_seen() -> None:
    boxes = [[x, y, x + 20, y + 20] for x in range(4, 100, 30) for y in range(4, 100, 30)]
    for seed in range(20):
        now = context(PASTE, seed, size=(128, 128), cutouts=cutouts())
        done = copy_paste.edit(sample(boxes, size=(128, 128)), now)
        old = done.boxes[done.labels == 0].astype(int)
        assert len(old) == len(boxes)
        shares = [(done.image[y1:y2, x1:x2] < 128).all(axis=2).mean() for x1, y1, x2, y2 in old]
        assert min(shares) >= 1 - 3 * copy_paste.HIDES


def test_where_there_is_no_room_nothing_is_pasted() -> None:
    whole = sample([[0, 0, 64, 64]])
    large = copy_paste.edit(whole, context(PASTE, cutouts=cutouts(side=2.0)))
    assert large.boxes.tolist() == whole.boxes.tolist() and (large.image == 0).all()
    tiny = copy_paste.edit(whole, context(PASTE, cutouts=cutouts(side=0.01)))
    assert tiny.boxes.tolist() == whole.boxes.tolist()


def test_transparent_borders_leave_no_fringe() -> None:
    image = np.zeros((40, 80, 3), np.uint8)
    rgba = np.zeros((20, 40, 4), np.uint8)
    rgba[..., 0] = 255  # red where nothing is to be seen
    rgba[5:15, 5:35] = (0, 255, 0, 255)
    alpha = rgba[..., 3:].astype(np.uint16)
    rgba[..., :3] = rgba[..., :3] * alpha // 255
    copy_paste.paint(image, copy_paste.turned(Cutout.of(rgba, 0, 0.0), 30, 0.2, mirrored=False), (5, 5))
    assert image[..., 0].max() == 0 and image[..., 1].max() == 255


def test_without_cutouts_nothing_happens() -> None:
    one = sample([[1, 1, 9, 9]])
    assert copy_paste.edit(one, context(PASTE)) is one


def test_classes_are_drawn_alike_however_many_cutouts_they_have() -> None:
    many = Cutouts([*(bar(label=0) for _ in range(9)), bar(label=1)], {})
    rng = np.random.default_rng(0)
    labels = [many.drawn(rng).label for _ in range(400)]
    assert labels.count(1) == pytest.approx(200, abs=40)


def test_the_sample_that_came_in_is_left_alone() -> None:
    one: Sample = sample([], size=(128, 128))
    copy_paste.edit(one, context(PASTE, size=(128, 128), cutouts=cutouts()))
    assert (one.image == 0).all()

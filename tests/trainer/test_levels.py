"""Which levels a head needs for its boxes: the rule by hand, and `fit --strides auto` obeying it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from trainer.config import FitConfig, from_toml, to_toml, wish_of
from trainer.errors import TrainerError
from trainer.knobs import from_text
from trainer.levels import advise, said, stride_of


def squares(*sides: float, times: int = 1) -> NDArray[np.float64]:
    return np.repeat(np.array([(side, side) for side in sides], dtype=np.float64), times, axis=0)


def test_a_box_belongs_to_the_coarsest_level_with_two_cells_along_its_side() -> None:
    # two cells of 4, 8, 16, 32, 64 are 8, 16, 32, 64, 128 px; what is smaller stays with the finest
    sides = np.array([1.0, 8, 15.9, 16, 31, 32, 63, 64, 127, 128, 5000])
    assert stride_of(sides).tolist() == [4, 4, 4, 8, 8, 16, 16, 32, 32, 64, 64]


def test_the_side_is_the_root_of_the_area_so_that_a_thin_box_counts_like_a_square() -> None:
    assert advise(np.array([[64.0, 16.0]])).levels[2].boxes == 1.0  # sqrt(64 x 16) = 32: level 16


def test_boxes_of_all_sizes_keep_the_usual_levels() -> None:
    advice = advise(squares(20, 40, 80, 160, 320, times=30))
    assert advice.strides == advice.usual == (8, 16, 32)
    assert advice.added == advice.idle == ()
    assert "all of them have work" in said(advice)


def test_one_small_box_in_ten_is_worth_a_finer_level_and_one_in_twenty_is_not() -> None:
    large, small = squares(40, 100, 200, times=30), squares(12)
    assert advise(np.concatenate([large, small.repeat(10, axis=0)])).strides == (4, 8, 16, 32)
    assert advise(np.concatenate([large, small.repeat(5, axis=0)])).strides == (8, 16, 32)


def test_a_rare_class_of_small_objects_counts_like_a_common_one_of_large_ones() -> None:
    # 20 of 1,020 boxes are small: 2 % of all, but the whole of class 1
    sizes = np.concatenate([squares(100, times=1000), squares(12, times=20)])
    classes = np.array([0] * 1000 + [1] * 20)
    assert 4 not in advise(sizes).strides
    advice = advise(sizes, classes)
    assert 4 in advice.added
    assert advice.small == 1.0
    assert "100% of a class are under 16 px" in said(advice)
    # 19 boxes are too few to say what their class is like
    assert 4 not in advise(sizes[:-1], classes[:-1]).strides


def test_large_boxes_leave_the_fine_level_idle_but_two_levels_stay() -> None:
    # half of 300 px is 150 px: level 64 and so 32; nothing for 8, nothing for 16, which stays as the second
    advice = advise(squares(300, times=50))
    assert (advice.strides, advice.idle) == ((16, 32), (8,))
    assert "8 is left out" in said(advice)


def test_a_level_is_not_idle_while_zooming_brings_boxes_to_it() -> None:
    # 60 px belongs to 16; zoomed out by half it is 30 px, which belongs to 8; zoomed in 90 px, 32
    assert advise(squares(60, times=50)).strides == (8, 16, 32)
    # 40 px: zoomed in it is 60 px, still 16
    assert advise(squares(40, times=50)).strides == (8, 16)


def test_objects_beyond_the_reach_of_the_coarsest_level_ask_for_a_coarser_one() -> None:
    # 20 cells of 32 are 640 px: no object in an image of 640 px is larger
    assert advise(squares(20, 100, 640, times=30)).strides == (8, 16, 32)
    sizes = squares(20, 100, 700, times=30)
    assert advise(sizes).strides == (8, 16, 32, 64)
    assert advise(sizes, coarsest=32).strides == (8, 16, 32)


def test_a_network_that_reaches_no_finer_level_is_not_asked_for_one() -> None:
    assert advise(squares(10, 100, 200, times=30), finest=8).strides == (8, 16, 32)


def test_no_boxes_and_one_box_change_nothing_that_they_cannot_tell() -> None:
    none = advise(np.zeros((0, 2)))
    assert none.strides == (8, 16, 32)
    assert "no box" in said(none)
    assert advise(squares(50)).strides == (8, 16, 32)


def test_the_usual_levels_may_be_others() -> None:
    assert advise(squares(300, times=30), usual=(32, 16)).strides == (16, 32)
    assert advise(squares(12, 300, times=30), usual=(16, 32)).added == (8,)


def test_where_every_class_is_large_a_head_without_anchors_learns_sooner() -> None:
    # 3 cells of 32 are 96 px
    assert advise(squares(96, 300, times=30)).without_anchors
    assert not advise(squares(95, times=30)).without_anchors
    assert not advise(np.zeros((0, 2))).without_anchors
    sizes = squares(*[300] * 9, 40, times=30)  # nine of ten are large ...
    assert advise(sizes).without_anchors
    classes = (sizes[:, 0] < 100).astype(np.int64)  # ... but none of one class, which counts as much
    assert not advise(sizes, classes).without_anchors
    # the sides are those at the training size, the levels the network's own
    assert not advise(squares(120, times=30), usual=(16, 32, 64)).without_anchors


def test_auto_is_a_word_that_may_stand_for_strides() -> None:
    config = FitConfig(Path("data.yaml"), Path("run"), steps=1, strides="auto")
    assert from_toml(to_toml(config)) == config
    assert from_text(FitConfig, "strides", "Auto") == "auto"
    assert from_text(FitConfig, "strides", "4,8") == (4, 8)
    with pytest.raises(TrainerError, match="wrong type"):
        from_text(FitConfig, "strides", "automatic")


def test_without_data_there_is_nothing_to_choose_strides_by() -> None:
    with pytest.raises(TrainerError, match="needs the boxes"):
        wish_of({"strides": "auto"})


def folder(root: Path, sides: Sequence[float], name: str = "手") -> Path:
    """A hand-over folder of 64 x 64 pictures with one square box each, sides as shares of the picture."""
    import cv2

    for split in ("train", "val"):
        for number, side in enumerate(sides):
            image = root / "images" / split / f"图{number}.png"
            label = root / "labels" / split / f"图{number}.txt"
            for path in (image, label):
                path.parent.mkdir(parents=True, exist_ok=True)
            grey = np.full((64, 64, 3), len(split), np.uint8)  # another in each split
            image.write_bytes(cv2.imencode(".png", grey)[1].tobytes())
            label.write_text(f"0 0.5 0.5 {side} {side}\n", encoding="utf-8")
    (root / "data.yaml").write_text(f"train: images/train\nval: images/val\nnames: [{name}]\n", "utf-8")
    return root / "data.yaml"


def choose(config: FitConfig) -> tuple[Any, list[str]]:
    """The network that a run takes, and what it says of that."""
    from trainer.console import Talk
    from trainer.data.folder import read_folder
    from trainer.prepare import choose_model

    said: list[str] = []

    class Heard(Talk):
        def say(self, line: str) -> None:
            said.append(line)

    return choose_model(config, read_folder(config.data), Heard()), said


@pytest.mark.parametrize(
    ("sides", "asked", "head", "heard"),
    [
        (
            [0.6, 0.7],
            {},
            "free",
            "head: free of anchors, which learns large objects sooner: all boxes have a side over 96 px",
        ),
        ([0.6, 0.7], {"model": "light"}, "anchor", "head: light's own, with anchors; but"),
        ([0.6, 0.7], {"head": "anchor"}, "anchor", ""),
        ([0.6, 0.7], {"anchors": "default"}, "anchor", ""),
        ([0.6, 0.7], {"anchor_t": 4.0}, "anchor", ""),
        ([0.6, 0.7], {"assigner": "iou"}, "anchor", ""),
        ([0.1, 0.7], {}, "anchor", ""),
    ],
)
def test_fit_takes_the_head_that_the_boxes_need_unless_anything_was_said_of_it(
    tmp_path: Path, sides: list[float], asked: dict[str, Any], head: str, heard: str
) -> None:
    pytest.importorskip("torch")
    config = FitConfig(folder(tmp_path / "数据", sides), tmp_path / "run", steps=1, imgsz=320, **asked)
    chosen, said = choose(config)
    assert chosen.head.kind == head
    told = [line for line in said if line.startswith("head:")]
    assert told == [] if not heard else told[0].startswith(heard)


@pytest.mark.parametrize(
    ("sides", "imgsz", "model", "expected"),
    [
        ([0.9] * 20, 320, "light", (16, 32)),  # 288 px
        ([0.1, 0.5, 0.9] * 10, 320, "light", (8, 16, 32)),  # 32, 160 and 288 px: as usual
        ([0.04] * 20, 320, "light", (4, 8)),  # 13 px, zoomed in 19 px: 4 is new, 16 and 32 are idle
        ([0.9] * 20, 1280, "light", (32, 64)),  # 1152 px: more than 20 cells of 32; 8, 16 are idle
        ([0.9] * 20, 1312, "light", (16, 32)),  # 64 does not divide 1312
    ],
)
def test_fit_takes_the_levels_of_the_advice(
    tmp_path: Path, sides: list[float], imgsz: int, model: str, expected: tuple[int, ...]
) -> None:
    pytest.importorskip("torch")
    data = folder(tmp_path / "数据", sides)
    config = FitConfig(data, tmp_path / "run", steps=1, model=model, imgsz=imgsz, strides="auto")
    chosen, said = choose(config)
    assert chosen.strides == expected
    assert any(line.startswith("strides: " + ",".join(map(str, expected))) for line in said)

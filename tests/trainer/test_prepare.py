"""Before the first step: which anchors a run takes, and what it says of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from tests.trainer.test_fit import config
from trainer import prepare
from trainer.anchors import default_anchors
from trainer.console import Talk
from trainer.data.folder import read_folder
from trainer.errors import TrainerError
from trainer.loss import criterion
from trainer.loss.anchor import AnchorLoss
from trainer.model.heads.anchor import AnchorHead
from trainer.prepare import choose_model


def folder(root: Path, boxes: list[tuple[float, float]], images: int = 40, classes: int = 1) -> Path:
    """Images of 64 x 64 with boxes of these widths and heights in pixels, all in the middle; data.yaml.

    One image after the other is of the first class, of the second ...
    """
    for name in ("images", "labels"):
        (root / name / "train").mkdir(parents=True)
    pixels = cv2.imencode(".png", np.zeros((64, 64, 3), np.uint8))[1].tobytes()
    for i in range(images):
        rows = "".join(f"{i % classes} 0.5 0.5 {w / 64} {h / 64}\n" for w, h in boxes)
        (root / "images" / "train" / f"图{i:02}.png").write_bytes(pixels)
        (root / "labels" / "train" / f"图{i:02}.txt").write_text(rows, encoding="utf-8")
    names = ", ".join(["线", "点"][:classes])
    (root / "data.yaml").write_text(f"train: images/train\nnames: [{names}]\n", encoding="utf-8")
    return root / "data.yaml"


def anchors(data: Path, imgsz: int = 64, **more: object) -> tuple[tuple[float, float], ...]:
    """Those that a run on `data` takes, one after the other."""
    asked = config(data, data.parent / "run", steps=1, imgsz=imgsz, head="anchor", **more)
    head = choose_model(asked, read_folder(data), Talk()).head
    assert isinstance(head, AnchorHead)
    return tuple(anchor for level in head.anchors for anchor in level)


def test_a_multi_scale_without_a_size_for_the_networks_coarsest_level_is_refused(tmp_path: Path) -> None:
    data = read_folder(folder(tmp_path / "数据", [(20, 20)]))
    asked = config(data.yaml, tmp_path / "run", steps=1, imgsz=320, model="yolov5n6", multi_scale=(352, 352))
    with pytest.raises(TrainerError, match="holds no size to train at: these are 64 px apart") as refused:
        choose_model(asked, data, Talk())
    assert refused.value.cure == "the nearest are 320 and 384"


def test_a_cpu_trains_the_light_network_unless_another_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = read_folder(folder(tmp_path / "数据", [(20, 20)]))

    def network(device: str, **more: object) -> str:
        asked = config(data.yaml, tmp_path / "run", steps=1, **{"device": device, **more})
        return choose_model(asked, data, Talk()).name

    assert network("cpu") == "light"
    assert network("cpu", model="yolov5n") == "yolov5n"
    monkeypatch.setattr(prepare, "pick_device", torch.device)  # as on a machine that has it
    assert network("cuda") == network("mps") == "yolov5n"
    assert network("cuda", model="light") == "light"


def published(imgsz: int) -> tuple[tuple[float, float], ...]:
    return tuple(anchor for level in default_anchors(imgsz) for anchor in level)


def test_anchors_are_fitted_where_the_published_ones_answer_for_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    # stripes of 50 x 2.4 px; the widest published anchor is 37.3 x 32.6 at 64 px
    assert anchors(folder(tmp_path, [(50.0, 2.4)]))[0] == (50.0, 2.4)
    assert "anchors: fitted (fitness +1.000 on other images): 50x2 " in capfd.readouterr().err


def test_the_published_anchors_stay_where_they_serve_as_well(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    # boxes that are the published anchors of 64 px; the first is too narrow to take part
    data = folder(tmp_path, [anchor for anchor in published(64) if min(anchor) >= 2])
    assert anchors(data) == published(64)
    assert "anchors: the published ones, which serve these boxes as well" in capfd.readouterr().err


def test_clusters_of_large_boxes_do_not_take_the_fine_levels(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    # 40 to 60 px at 64 px, which are 400 to 600 px at 640: nothing for strides 8 and 16
    data = folder(tmp_path, [(40.0, 55.0), (55.0, 40.0), (60.0, 60.0)])
    assert anchors(data, 640) == published(640)
    assert "on levels that do not suit their size" in capfd.readouterr().err


def test_the_threshold_follows_the_anchors_unless_it_is_given(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    data, single = (folder(tmp_path / str(n), [(50.0, 2.4)], classes=n) for n in (2, 1))

    def threshold(data: Path = data, **more: object) -> float:
        asked = config(data, tmp_path / "run", steps=1, imgsz=64, **more)
        model = choose_model(asked, read_folder(data), Talk())
        assert isinstance(model.head, AnchorHead)
        answer = criterion(model, asked)
        assert isinstance(answer, AnchorLoss)
        return answer.anchor_t

    assert threshold() == threshold(anchors="fitted") == 2
    assert "reach 100.0% of the boxes within a factor of 2" in capfd.readouterr().err
    assert threshold(single) == threshold(single, anchors="fitted") == 4
    assert threshold(anchors="default") == 4
    assert threshold(anchor_t=3.5) == threshold(anchor_t=3.5, anchors="default") == 3.5


def test_anchors_of_dataset_json_bring_the_threshold_that_suits_them(tmp_path: Path) -> None:
    def taken(box: tuple[float, float], anchors: Sequence[tuple[float, float]], *strides: int) -> AnchorHead:
        data = folder(tmp_path / str(box), [box], classes=2)
        content = {"schema": 1, "anchors": anchors, "anchors_imgsz": 64}
        (data.parent / "dataset.json").write_text(json.dumps(content), encoding="utf-8")
        asked = config(data, tmp_path / "run", steps=1, imgsz=64, strides=strides)
        head = choose_model(asked, read_folder(data), Talk()).head
        assert isinstance(head, AnchorHead)
        return head

    fitted = taken((20.0, 10.0), [(15.0 + i, 8.0 + i) for i in range(9)], 8, 16, 32)
    assert (fitted.anchors[0][0], fitted.anchor_t) == ((15, 8), 2)
    # with a stride 4 the published anchors of two levels overlap: each stays on its own
    usual = default_anchors(64, (4, 8))
    kept = taken((3.0, 2.5), [anchor for level in usual for anchor in level], 4, 8)
    assert (kept.anchors, kept.anchor_t) == (usual, 4)


def test_published_anchors_win_boxes_by_a_higher_threshold_wherever_they_come_from(tmp_path: Path) -> None:
    # 64 x 8 is 4.08 times lower than the published 37.3 x 32.6, and 4.1 times wider than 15.6 x 19.8
    data = folder(tmp_path, [(64.0, 8.0)])
    content = {"schema": 1, "anchors": published(64), "anchors_imgsz": 64}
    (tmp_path / "dataset.json").write_text(json.dumps(content), encoding="utf-8")
    asked = config(data, tmp_path / "run", steps=1, imgsz=64)
    head = choose_model(asked, read_folder(data), Talk()).head
    assert isinstance(head, AnchorHead)
    assert (head.anchors, head.anchor_t) == (default_anchors(64), 5)


def test_fitted_and_default_are_obeyed_whatever_the_judgement(tmp_path: Path) -> None:
    data = folder(tmp_path, [(40.0, 55.0), (55.0, 40.0), (60.0, 60.0)])
    fitted = anchors(data, 640, anchors="fitted")
    assert {(400.0, 550.0), (550.0, 400.0), (600.0, 600.0)} <= set(fitted)
    assert anchors(data, 640, anchors="default") == published(640)
    (data.parent / "dataset.json").write_text(
        f'{{"schema": 1, "anchors": {[[9.0, 9.0]] * 9}, "anchors_imgsz": 640}}', encoding="utf-8"
    )
    assert anchors(data, 640) == ((9.0, 9.0),) * 9
    assert anchors(data, 640, anchors="fitted") == fitted


def test_boxes_too_small_to_learn_leave_the_published_anchors(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    data = folder(tmp_path, [(1.0, 50.0), (50.0, 1.9)])
    for asked in ("auto", "fitted"):
        assert anchors(data, anchors=asked) == published(64)
    assert "no box has 2 x 2 pixels" in capfd.readouterr().err

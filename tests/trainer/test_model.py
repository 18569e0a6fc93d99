"""The YOLOv5 v6 family: its published sizes, its outputs, what it starts from."""

from __future__ import annotations

import dataclasses
import json
import math

import pytest
import torch

from trainer.anchors import default_anchors
from trainer.errors import TrainerError
from trainer.model.config import ModelConfig
from trainer.model.heads.anchor import AnchorHead
from trainer.model.necks.pan import PAN
from trainer.model.network import build, parameters
from trainer.model.zoo import Wish, configure


@pytest.mark.parametrize(
    ("size", "classes", "published"),
    [
        ("n", 80, 1_872_157),
        ("n", 1, 1_765_270),
        ("s", 80, 7_235_389),
        ("s", 1, 7_022_326),
        ("m", 80, 21_190_557),
        ("l", 80, 46_563_709),
        ("x", 80, 86_749_405),
    ],
)
def test_each_size_has_as_many_parameters_as_published(size: str, classes: int, published: int) -> None:
    with torch.device("meta"):  # counting needs no memory
        assert parameters(build(configure(size, classes))) == published


def test_one_map_a_level_in_training_and_in_evaluation() -> None:
    model = build(configure("n", 3))
    image = torch.zeros(2, 3, 64, 96)
    shapes = [(2, 3, 8, 12, 8), (2, 3, 4, 6, 8), (2, 3, 2, 3, 8)]
    assert [tuple(raw.shape) for raw in model(image)] == shapes
    assert [tuple(raw.shape) for raw in model.eval()(image)] == shapes


def test_an_output_speaks_for_its_own_anchor_and_channel() -> None:
    model = build(configure("n", 2)).eval()
    conv = model.head.convs[0]
    assert isinstance(conv, torch.nn.Conv2d) and conv.bias is not None
    torch.nn.init.zeros_(conv.weight)
    conv.bias.data = torch.arange(21.0)  # 3 anchors of x, y, w, h, objectness, 2 classes
    raw = model(torch.zeros(1, 3, 32, 32))[0]
    assert raw[0, 1, 2, 3].tolist() == [7, 8, 9, 10, 11, 12, 13]


def test_anchors_and_strides_travel_with_the_model() -> None:
    model = build(configure("n", 1, imgsz=320))
    assert model.strides == (8, 16, 32)
    # 10 x 13 pixels at 640 are 5 x 6.5 at 320
    assert model.head.anchors[0, 0].tolist() == [5.0, 6.5]
    assert not any("anchors" in name for name in model.state_dict()), "they are in the configuration"


def test_a_fresh_model_expects_eight_objects_an_image() -> None:
    model = build(configure("n", 3, imgsz=640)).eval()
    coarse = model.head.convs[2]
    assert isinstance(coarse, torch.nn.Conv2d) and coarse.bias is not None
    bias = coarse.bias.view(3, 8)
    # 640 / 32 = 20 cells a side: 8 objects in 400 cells; three classes share 0.6
    assert bias[0, 4].item() == pytest.approx(math.log(8 / 400))
    assert torch.sigmoid(bias[0, 5:]).tolist() == pytest.approx([0.2] * 3)


def test_other_levels_need_another_configuration_only() -> None:
    grid = (((4.0, 4.0),), ((8.0, 8.0),), ((16.0, 16.0),), ((32.0, 32.0),))
    config = dataclasses.replace(
        configure("n", 1), strides=(4, 8, 16, 32), neck=PAN(depths=(1, 1, 1)), head=AnchorHead(anchors=grid)
    )
    shapes = [tuple(raw.shape) for raw in build(config)(torch.zeros(1, 3, 64, 64))]
    assert shapes == [(1, 1, 16, 16, 6), (1, 1, 8, 8, 6), (1, 1, 4, 4, 6), (1, 1, 2, 2, 6)]


def test_a_model_configuration_survives_as_plain_types() -> None:
    config = configure("n", 2, imgsz=320)
    plain = json.loads(json.dumps(config.to_dict()))
    assert plain["backbone"]["kind"] == "csp-darknet"
    assert plain["head"]["anchors"][0][0] == [5.0, 6.5]
    assert ModelConfig.from_dict(plain) == config


def test_a_part_that_is_not_known_is_refused() -> None:
    plain = configure("n", 2).to_dict()
    plain["neck"]["kind"] = "giraffe"
    with pytest.raises(TrainerError, match="there is no neck 'giraffe'"):
        ModelConfig.from_dict(plain)
    plain["neck"] = {"kind": "pan", "dephts": [1, 1]}
    with pytest.raises(TrainerError, match="did you mean 'depths'"):
        ModelConfig.from_dict(plain)


def test_a_name_says_which_network() -> None:
    assert configure("n", 3, imgsz=64) == configure("yolov5n", 3, imgsz=64)
    with pytest.raises(TrainerError, match="there is no model 'yolov9q'"):
        configure("yolov9q", 3, imgsz=64)


def test_an_unknown_size_or_activation_names_the_known_ones() -> None:
    with pytest.raises(TrainerError, match="there is no model 'q'"):
        configure("q", 1)
    with pytest.raises(TrainerError, match="choose one of silu, relu, leaky"):
        configure("n", 1, wish=Wish(activation="tanh"))
    with pytest.raises(TrainerError, match="needs a class"):
        configure("n", 0)


def test_anchors_must_fill_every_level_alike() -> None:
    with pytest.raises(TrainerError, match="do not fit 3 levels"):
        build(configure("n", 1, anchors=[[(1, 1)], [(2, 2)]]))
    with pytest.raises(TrainerError, match="do not fit 3 levels"):
        build(configure("n", 1, anchors=[[(1, 1)], [(2, 2)], [(3, 3), (4, 4)]]))


def test_the_published_anchors_scale_with_the_image() -> None:
    assert default_anchors(320)[2][2] == (186.5, 163.0)

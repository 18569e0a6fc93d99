"""The networks: published sizes, every one learns, and what its switches change."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
import torch

from tests.trainer.test_cli import trainer
from trainer.catalogue import catalogue, cost
from trainer.checkpoint import load_model, save_checkpoint
from trainer.config import FitConfig
from trainer.decode import detections
from trainer.errors import TrainerError
from trainer.loss import Targets, criterion
from trainer.model.config import ModelConfig
from trainer.model.names import HEADS, MODELS, NECKS, YOLOV5_OLD
from trainer.model.network import build, parameters
from trainer.model.zoo import Wish, configure
from trainer.suppression import Suppression

#: For 80 classes, as the authors' own programs print them.
PUBLISHED = {
    "yolov5n": 1_872_157,
    "yolov5s": 7_235_389,
    "yolov5m": 21_190_557,
    "yolov5l": 46_563_709,
    "yolov5x": 86_749_405,
    "yolov3": 61_949_149,
    "yolov3-spp": 62_998_749,
    "yolov3-tiny": 8_852_366,
    "yolov5s-v5": 7_276_605,
    "yolov5m-v5": 21_375_645,
}
#: In millions, as tables of that time have them: YOLOv5 v1's, the P6 models', YOLOv4's.
ROUNDED = {
    "yolov5s-v1": 7.5,
    "yolov5m-v1": 21.8,
    "yolov5l-v1": 47.8,
    "yolov5x-v1": 89.0,
    "yolov5n6": 3.2,
    "yolov5s6": 12.6,
    "yolov5m6": 35.7,
    "yolov5l6": 76.8,
    "yolov5x6": 140.8,
    "yolov4": 64.4,
}
GFLOPS = {"yolov5n": 4.5, "yolov5s": 16.5, "yolov5m": 49.0, "yolov5l": 109.1, "yolov5x": 205.7}


pytestmark = pytest.mark.usefixtures("one_thread")


def count(name: str, classes: int = 80, **wishes: object) -> int:
    with torch.device("meta"):  # counting needs no memory
        return parameters(build(configure(name, classes, wish=Wish(**wishes))))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_are_those_published_to_the_last_one(name: str) -> None:
    assert count(name) == PUBLISHED[name]


@pytest.mark.parametrize("name", ROUNDED)
def test_parameters_are_those_published_in_millions(name: str) -> None:
    assert round(count(name) / 1e6, 1) == ROUNDED[name]


@pytest.mark.parametrize("name", GFLOPS)
def test_gflops_are_those_published_within_half_a_per_cent(name: str) -> None:
    # theirs count norms, too
    flops = cost(configure(name, 80), 640)[1]
    assert flops / 1e9 == pytest.approx(GFLOPS[name], rel=0.006, abs=0.06)


def test_a_flop_count_by_hand() -> None:
    # the stem of yolov5n alone: 16 filters of 6 x 6 x 3 at 32 x 32 places, two operations each
    with torch.device("meta"):
        stem = build(configure("yolov5n", 1)).backbone.stem
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        stem(torch.empty(1, 3, 64, 64, device="meta"))
    assert counter.get_total_flops() == 2 * 16 * 6 * 6 * 3 * 32 * 32


def test_ancestors_are_yolov5_with_switches() -> None:
    v1 = {"stem": "focus", "block": "bottleneck-csp", "pool": "spp", "activation": "leaky"}
    old, switched = configure("yolov5s-v1", 2), configure("yolov5s", 2, wish=Wish(**v1))
    # v6 also moved three blocks away from stride 8, which no switch brings back: 9 * 0.33 = 3, 6 * 0.33 = 2
    assert (old.backbone.depths, switched.backbone.depths) == ((1, 3, 3, 1), (1, 2, 3, 1))  # type: ignore[attr-defined]
    assert old.neck == switched.neck
    assert old.activation == switched.activation == "leaky"
    assert configure("yolov5s-v3.1", 2).activation == "hardswish"
    assert configure("yolov5s-v4", 2).activation == "silu"
    assert count("yolov5s-v2") == count("yolov5s-v3") == count("yolov5s-v1")


@pytest.mark.parametrize("act", ["silu", "relu", "leaky", "hardswish", "mish"])
def test_every_activation_changes_the_answer_and_no_weight(act: str) -> None:
    torch.manual_seed(0)
    model = build(configure("light", 1, wish=Wish(activation=act))).eval()
    names = {type(module).__name__.lower() for module in model.modules()}
    assert {"leaky": "leakyrelu"}.get(act, act) in names
    assert count("light", activation=act) == count("light")


# every network from images to boxes and back


@pytest.mark.parametrize(
    "name",
    [
        "light",
        "yolov5n",
        "yolov5n6",
        "yolov5s-v1",
        "yolov5s-v3.1",
        "yolov5s-v5",
        "yolov3",
        "yolov3-spp",
        "yolov3-tiny",
        "yolov4",
        "rfb",
    ],
)
def test_every_network_goes_forward_backward_and_gives_boxes(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    config = configure(name, 2, imgsz=64)
    model = build(config)
    loss = criterion(config, FitConfig(data=tmp_path, run=tmp_path, steps=1, imgsz=64))
    one = Targets(torch.tensor([[30.0, 30, 20, 24]]), torch.tensor([1]), torch.tensor([0]))
    maps = model(torch.rand(2, 3, 64, 64))
    loss(maps, one).total.backward()
    without = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.isfinite().all()]
    assert without == []
    with torch.no_grad():
        decoded = model.eval().decode(model(torch.rand(1, 3, 64, 128)))
    assert decoded.shape[2] == 4 + 1 + 2 and decoded.isfinite().all()
    assert ((decoded[..., 4:] >= 0) & (decoded[..., 4:] <= 1 + 1e-6)).all()
    assert (decoded[..., 2:4] >= decoded[..., :2]).all()
    assert len(detections(decoded, Suppression(0.0, 0.6))[0]) > 0


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("neck", NECKS)
def test_every_head_and_neck_fit_any_strides(head: str, neck: str) -> None:
    for strides in ((4,), (8, 32), (4, 8, 16, 32, 64)):
        config = configure("light", 3, imgsz=64, wish=Wish(head=head, neck=neck, strides=strides))
        assert ModelConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
        with torch.no_grad():
            maps = build(config).eval()(torch.zeros(1, 3, 64, 64))
        sides = [raw.shape[2] for raw in maps]
        assert sides == [64 // stride for stride in strides]


@pytest.mark.parametrize("wish", [Wish(head=h) for h in HEADS] + [Wish(neck="bifpn")])
def test_each_head_learns_one_image_by_heart(wish: Wish, tmp_path: Path) -> None:
    torch.manual_seed(0)
    config = configure("light", 2, imgsz=64, wish=wish)
    model = build(config)
    loss = criterion(config, FitConfig(data=tmp_path, run=tmp_path, steps=1, imgsz=64))
    image = torch.rand(1, 3, 64, 64) * 0.2
    image[..., 16:48, 8:32] = torch.tensor([0.9, 0.2, 0.1]).view(1, 3, 1, 1)
    box = Targets(torch.tensor([[20.0, 32, 24, 32]]), torch.tensor([1]), torch.tensor([0]))
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(80):
        optimizer.zero_grad()
        loss(model(image), box).total.backward()
        optimizer.step()
    with torch.no_grad():  # batch norms have seen one image only: judge as it was trained
        (found,) = detections(model.decode(model(image)), Suppression(0.2, 0.5))
    assert found.classes[0] == 1
    x1, y1, x2, y2 = found.xyxy[0].tolist()
    overlap = max(min(x2, 32) - max(x1, 8), 0) * max(min(y2, 48) - max(y1, 16), 0)
    assert overlap / ((x2 - x1) * (y2 - y1) + 24 * 32 - overlap) > 0.7


def test_a_saved_network_of_each_kind_comes_back_as_it_was(tmp_path: Path) -> None:
    for name, head, neck in itertools.chain(
        (("rfb", "auto", "auto"), ("yolov3-tiny", "auto", "auto")),
        (("light", head, neck) for head, neck in zip(HEADS, NECKS, strict=True)),
    ):
        torch.manual_seed(0)
        model = build(configure(name, 2, imgsz=64, wish=Wish(head=head, neck=neck))).eval()
        save_checkpoint(tmp_path / "a.pt", model.state_dict(), config=model.config, classes=["a", "烟"])
        again, _ = load_model(tmp_path / "a.pt")
        image = torch.rand(1, 3, 64, 64)
        for one, other in zip(model(image), again(image), strict=True):
            assert torch.equal(one, other)


# the switches


def test_coarse_levels_without_a_head_still_give_context() -> None:
    wide = configure("yolov5n", 1, wish=Wish(strides=(8, 16)))
    assert (wide.strides, wide.levels) == ((8, 16), (8, 16, 32))
    cut = configure("yolov5n", 1, wish=Wish(strides=(8, 16), context=16))
    assert cut.levels == (8, 16)
    assert cost(cut, 640)[0] < cost(wide, 640)[0]


@pytest.mark.parametrize(
    ("name", "wishes", "told"),
    [
        ("rfb", {"stem": "focus"}, "rfb has no choice of --stem"),
        ("yolov5n", {"strides": (8, 4)}, "write 4,8"),
        ("yolov5n", {"strides": (8, 12)}, "choose some of 4, 8, 16, 32, 64"),
        ("yolov5n", {"strides": (8, 32), "context": 16}, "ends before level 32"),
        ("yolov5n", {"backbone": "resnet18"}, "such as timm:resnet18"),
        ("yolov5n", {"head": "heads"}, "choose one of anchor, free"),
    ],
)
def test_what_cannot_be_is_refused_with_its_cure(name: str, wishes: dict, told: str) -> None:
    with pytest.raises(TrainerError, match=told):
        configure(name, 1, wish=Wish(**wishes))


# trainer models


def test_models_lists_every_network_once() -> None:
    assert len(set(MODELS)) == len(MODELS)
    with pytest.raises(TrainerError, match=r"did you mean yolov5s\?"):
        catalogue(["yolo5s"])
    some = list(catalogue(["n", "rfb"]))
    assert [(e.name, e.parameters) for e in some] == [("yolov5n", 1_872_157), ("rfb", count("rfb"))]
    assert some[0].gflops == pytest.approx(4.5, abs=0.06)


def test_models_prints_a_table_and_json() -> None:
    table = trainer("models", "yolov5n", "yolov3-tiny").stdout
    assert "1,872,157" in table and "8,852,366" in table and "MIT" in table
    words = ("--head", "free", "--neck", "bifpn", "--strides", "4,8,16", "--classes", 3, "--imgsz", 320)
    (entry,) = json.loads(trainer("models", "light", *words, "--output-format", "json").stdout)
    assert (entry["head"], entry["neck"], entry["strides"]) == ("free", "bifpn", [4, 8, 16])
    same = Wish(head="free", neck="bifpn", strides=(4, 8, 16))
    assert entry["parameters"] == cost(configure("light", 3, imgsz=320, wish=same), 320)[0]


def test_models_leaves_out_what_cannot_be_unless_it_is_named() -> None:
    listed = json.loads(trainer("models", "--stem", "focus", "--output-format", "json").stdout)
    names = [entry["name"] for entry in listed]
    assert "yolov5n" in names and "rfb" not in names and set(YOLOV5_OLD) <= set(names)
    refused = trainer("models", "rfb", "--stem", "focus")
    assert refused.exit_code == 2 and "has no choice of --stem" in refused.stderr

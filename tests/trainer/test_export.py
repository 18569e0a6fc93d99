"""Networks as files that other programs run: the same answers, and what the files say of themselves."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
import torch

from curate.paste.hosts.detector import open_detector
from curate.paste.onnx.header import read as read_header
from tests.trainer.test_cli import hand_over, trainer
from trainer.checkpoint import save_checkpoint
from trainer.detect import detect, fit_in, input_size, load_detector
from trainer.errors import TrainerError
from trainer.export import Form, export
from trainer.formats import open_exported
from trainer.formats.about import About
from trainer.formats.whole import COLUMNS, ROWS, decoded, layout_of
from trainer.model.network import build
from trainer.model.zoo import Wish, configure
from trainer.suppression import Suppression

pytestmark = pytest.mark.usefixtures("one_thread")
CLASSES = ("香烟", 'it\'s a "pen"')
SUFFIXES = (".onnx", ".torchscript")


def weights_of(folder: Path, name: str = "light", imgsz: int = 64, **wishes: object) -> Path:
    """Weights of a network that was never trained, as `trainer fit` writes them."""
    config = configure(name, len(CLASSES), imgsz=imgsz, wish=Wish(**wishes))  # type: ignore[arg-type]
    torch.manual_seed(1)
    path = folder / f"{name}.pt"
    save_checkpoint(
        path, build(config).state_dict(), config=config, classes=CLASSES, metrics={"confidence": 0.4}
    )
    return path


@pytest.fixture(scope="module")
def light(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return weights_of(tmp_path_factory.mktemp("权重 1"))


@pytest.fixture(scope="module")
def exported(light: Path) -> Path:
    """The same as an ONNX file."""
    return export(light, light.with_suffix(".onnx")).path


@pytest.mark.parametrize(
    ("suffix", "head", "dynamic"),
    [
        (".onnx", "anchor", False),
        (".onnx", "free", True),
        (".torchscript", "anchor", True),
        (".torchscript", "free", False),
    ],
)
def test_a_file_answers_what_the_network_answers(
    tmp_path: Path, suffix: str, head: str, dynamic: bool
) -> None:
    weights = weights_of(tmp_path, head=head)
    out = tmp_path / f"检测{suffix}"
    result = export(weights, out, Form(dynamic=dynamic))
    assert result.difference < 1e-5
    model, meta = load_detector(weights)
    exported, told = load_detector(out)
    assert (told.classes, told.imgsz, told.metrics) == (meta.classes, meta.imgsz, meta.metrics)
    images = torch.rand(3, 3, 64, 64)
    with torch.inference_mode():
        one, other = model.decode(model(images)), exported.decode(exported(images))
    torch.testing.assert_close(other, one, atol=1e-4, rtol=1e-5)


@pytest.mark.parametrize(
    "name",
    ["yolov5n6", "yolov3-tiny", "rfb", "yolov5s-v1", "yolov5s-v2", "yolov5s-v3"],
)
def test_every_family_exports(tmp_path: Path, name: str) -> None:
    assert export(weights_of(tmp_path, name), tmp_path / "a.onnx").difference < 1e-4


@pytest.mark.parametrize("act", ["leaky", "hardswish", "mish"])
def test_the_activations_export_to_an_old_opset(tmp_path: Path, act: str) -> None:
    """Of the first YOLOv5 only LeakyReLU did."""
    export(weights_of(tmp_path, activation=act), tmp_path / "a.onnx", Form(opset=11))
    model = onnx.load(tmp_path / "a.onnx")
    assert [entry.version for entry in model.opset_import if entry.domain == ""] == [11]


def test_what_a_network_was_built_of_does_not_matter(tmp_path: Path) -> None:
    weights = weights_of(tmp_path, "yolov5n", neck="bifpn", strides=(4, 8, 16))
    assert export(weights, tmp_path / "a.onnx", Form(dynamic=True)).difference < 1e-5


def test_the_layouts_are_those_of_yolov5_and_yolov8() -> None:
    # cx 30, cy 20, w 20, h 10; objectness .5, classes .2 and .8
    rows = torch.tensor([[[30.0, 20.0, 20.0, 10.0, 0.5, 0.2, 0.8]]])
    columns = torch.tensor([[[30.0], [20.0], [20.0], [10.0], [0.1], [0.4]]])
    assert decoded(rows, 2).tolist() == [[[20, 15, 40, 25, 0.5, pytest.approx(0.2), pytest.approx(0.8)]]]
    assert decoded(columns, 2).tolist() == [[[20, 15, 40, 25, 1, pytest.approx(0.1), pytest.approx(0.4)]]]
    with pytest.raises(TrainerError, match=r"shape \(1, 1, 7\) is none of a detector of 3 classes"):
        decoded(rows, 3)


def test_either_head_writes_either_layout(tmp_path: Path) -> None:
    cells = 8 * 8 + 4 * 4 + 2 * 2  # of strides 8, 16, 32 at 64 px
    for head, usual, other, shape in (
        ("anchor", ROWS, COLUMNS, (1, 6, 3 * cells)),
        ("free", COLUMNS, ROWS, (1, cells, 7)),
    ):
        assert layout_of(head) == usual
        out = tmp_path / f"{head}.onnx"
        result = export(weights_of(tmp_path, head=head), out, Form(layout=other))
        assert (result.output, result.layout) == (shape, other)
        (answer,) = open_exported(out)(torch.rand(1, 3, 64, 64))
        assert tuple(answer.shape) == shape


def test_the_file_tells_what_programs_for_yolo_files_look_for(tmp_path: Path, light: Path) -> None:
    export(light, tmp_path / "a.onnx", Form(batch=2, imgsz=96))
    model = onnx.load(tmp_path / "a.onnx")
    texts = {entry.key: entry.value for entry in model.metadata_props}
    assert texts["names"] == """{0: '香烟', 1: 'it\\'s a "pen"'}"""
    assert (texts["stride"], texts["imgsz"], texts["batch"], texts["task"]) == (
        "32",
        "[96, 96]",
        "2",
        "detect",
    )
    dims = model.graph.input[0].type.tensor_type.shape.dim
    assert [dim.dim_value for dim in dims] == [2, 3, 96, 96]
    header = read_header((tmp_path / "a.onnx").read_bytes())  # curate reads it without the onnx package
    assert (header.names, header.size) == (CLASSES, (96, 96))


def test_sizes_that_are_free_are_named(tmp_path: Path, light: Path) -> None:
    export(light, tmp_path / "a.onnx", Form(dynamic=True))
    graph = onnx.load(tmp_path / "a.onnx").graph
    named = [
        [d.dim_param or d.dim_value for d in end[0].type.tensor_type.shape.dim]
        for end in (graph.input, graph.output)
    ]
    assert named == [["batch", 3, "height", "width"], ["batch", "boxes", 7]]
    (answer,) = open_exported(tmp_path / "a.onnx")(torch.rand(3, 3, 32, 96))
    assert tuple(answer.shape) == (3, 3 * (4 * 12 + 2 * 6 + 1 * 3), 7)


def test_a_file_for_a_camera_sees_no_squares(tmp_path: Path, light: Path) -> None:
    done = trainer("export", light, "-o", tmp_path / "a.onnx", "--shape", "96x64")
    assert done.exit_code == 0, done.output
    assert "(1, 3, 64, 96)" in done.stdout
    network, told = load_detector(tmp_path / "a.onnx")
    assert (told.imgsz, input_size(network, told.imgsz)) == (96, (96, 64))
    # a tall photograph: as high as the file's images, with grey on both sides
    fitted = fit_in(np.zeros((128, 64, 3), np.uint8), input_size(network, told.imgsz), 32)
    assert (fitted.picture.shape, fitted.scale, fitted.pad) == ((64, 96, 3), 0.5, (32, 0))
    detect(network, [fitted], Suppression(0.25, 0.45))


def test_fewer_images_than_a_file_takes_are_filled_up(tmp_path: Path, light: Path) -> None:
    export(light, tmp_path / "a.onnx", Form(batch=2))
    exported, images = open_exported(tmp_path / "a.onnx"), torch.rand(3, 3, 64, 64)
    (together,), (alone,) = exported(images), exported(images[2:])
    assert together.shape[0] == 3
    torch.testing.assert_close(together[2:], alone)


def test_the_same_weights_give_the_same_bytes(tmp_path: Path, light: Path, exported: Path) -> None:
    export(light, tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == exported.read_bytes()


def test_opencv_and_curate_read_the_file(tmp_path: Path, light: Path) -> None:
    export(light, tmp_path / "hand.onnx", Form(opset=12))
    net = cv2.dnn.readNetFromONNX(str(tmp_path / "hand.onnx"))
    images = torch.rand(1, 3, 64, 64)
    net.setInput(images.numpy())
    (wanted,) = open_exported(tmp_path / "hand.onnx")(images)
    np.testing.assert_allclose(net.forward(), wanted.numpy(), atol=1e-3)
    assert open_detector(tmp_path / "hand.onnx", ["香烟"]).hands == (0,)


def test_predict_and_val_take_the_file_in_the_place_of_weights(tmp_path: Path, light: Path) -> None:
    data = hand_over(tmp_path / "data", names=json.dumps(CLASSES, ensure_ascii=False))
    done = trainer("export", light, "-o", tmp_path / "a.onnx", "--output-format", "json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["classes"] == list(CLASSES)
    figures = []
    for weights in (light, tmp_path / "a.onnx"):
        # of one shape for both: a file of one size sees squares
        judged = trainer("val", weights, data, "--output-format", "json", "--device", "cpu")
        assert judged.exit_code == 0, judged.output
        figures.append(json.loads(judged.stdout)["images"])
    assert figures == [3, 3]
    words = ("--weights", tmp_path / "a.onnx", "--device", "cpu", "-o", tmp_path / "found")
    found = trainer("predict", data.parent / "images" / "val", *words)
    assert found.exit_code == 0, found.output
    assert len(list((tmp_path / "found" / "Annotations").iterdir())) == 3
    other = trainer("predict", data.parent / "images" / "val", *words, "--imgsz", 96, "--overwrite")
    assert other.exit_code == 2
    assert "takes 64 x 64 px only; leave out --imgsz" in other.stderr.replace("\n  ", "; ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-o", "a.pt"), "a.pt names no format to export to; let the name end in .onnx or .torchscript"),
        (("-o", "a.torchscript", "--opset", 12), "a .torchscript file has no opset; leave out --opset"),
        (("-o", "a.onnx", "--opset", 9), "--opset 9 cannot be written; choose one from 11 to 20"),
        (("-o", "a.onnx", "--imgsz", 50), "--imgsz 50 is no multiple of 32; try --imgsz 64"),
        (
            ("-o", "a.onnx", "--shape", "64x"),
            "--shape 64x is no size; write width and height: --shape 640x384",
        ),
        (
            ("-o", "a.onnx", "--shape", "64x40"),
            "--shape 64x40: sides must be multiples of 32; try --shape 64x32",
        ),
        (
            ("-o", "a.onnx", "--shape", "64x32", "--dynamic"),
            "--shape fixes the size; leave out --dynamic or --shape",
        ),
        (
            ("-o", "a.onnx", "--dynamic", "--batch", 2),
            "with --dynamic any number of images may pass; leave out --batch",
        ),
        (("-o", "a.onnx", "--layout", "ssd"), "--layout ssd is unknown; choose one of auto, yolov5, yolov8"),
        (("-o", "there.onnx"), "there.onnx would be overwritten; add --overwrite"),
        (("-o", "there.onnx/a.onnx"), "is a file; name a folder with -o"),
    ],
)
def test_a_wrong_request_is_told_and_nothing_is_written(
    tmp_path: Path, light: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[object, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there.onnx").write_bytes(b"mine")
    result = trainer("export", light, *words)
    assert result.exit_code == 2
    assert said in result.stderr.replace("\n  ", "; ")
    assert [p.name for p in tmp_path.iterdir()] == ["there.onnx"]
    assert Path("there.onnx").read_bytes() == b"mine"


def test_a_network_that_the_file_would_not_answer_like_is_not_written(
    tmp_path: Path, light: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.export.AGREE", -1.0)
    with pytest.raises(TrainerError, match="does not answer as the network does"):
        export(light, tmp_path / "a.onnx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("missing", ["onnx", "onnxslim", "onnxruntime"])
def test_a_library_that_is_missing_is_named_with_the_command_that_installs_it(
    tmp_path: Path, light: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    result = trainer("export", light, "-o", tmp_path / "a.onnx")
    assert result.exit_code == 2
    assert "pip install 'curate-detect[onnx]'" in result.stderr


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x08", b"PK\x03\x04"])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_no_network_is_refused(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    with pytest.raises(TrainerError, match=r"a\.(onnx|torchscript): "):
        open_exported(path)
    with pytest.raises(TrainerError, match="no network at"):
        open_exported(tmp_path / f"absent{suffix}")


def test_a_file_of_another_program_is_understood_by_its_names_and_shapes() -> None:
    texts = {"names": "{0: 'hand', 10: 'c', 2: 'b'}", "stride": "32", "imgsz": "[640, 640]", "batch": "1"}
    texts["imgsz"] = "[384, 640]"  # height, width
    wanted = About(("hand", "b", "c"), 640, {}, 32, (640, 384), 1)
    assert About.read(texts) == wanted
    assert About.read({"names": '["a"]', "imgsz": "320", "dynamic": "True"}) == About(("a",), 320, {})
    plain = {"names": {"0": "a"}, "imgsz": [320, 320], "stride": 64, "metrics": {"map": "high"}}
    assert About.read(plain) == About(("a",), 320, {}, 64, (320, 320)), "as JSON of a TorchScript file has it"
    for bad in ("", "()", "[]", "open('x')", "{[]: 1}", '{"a": "b"}', "[" * 10_000):
        with pytest.raises(TrainerError, match="names no classes"):
            About.read({"names": bad, "imgsz": "320"})
    for bad in ("", "[0, -1]", "[320]", "[320.0, 320.0]", "'320'"):
        with pytest.raises(TrainerError, match="no size"):
            About.read({"names": '["a"]', "imgsz": bad})


def test_what_a_file_says_of_itself_comes_back() -> None:
    for shape in ((320, 192), None):
        about = About(CLASSES, 320, {"ap50": 0.5}, 64, shape, 2)
        assert About.read(about.texts()) == about
    undefined = About(CLASSES, 320, {"ap50": math.nan})
    assert About.read(undefined.texts()).metrics == {}

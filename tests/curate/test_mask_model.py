"""A mask model: small ONNX files, drawn here, that see what is bright."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from curate.errors import CurateError
from curate.paste.cutouts import Cutout, cut
from curate.paste.cutouts.mask_model import load
from curate.paste.onnx.header import read


def model_file(
    path: Path,
    *,
    shape: tuple[object, ...] = (1, 3, 48, 64),
    channels: int = 1,
    weights_as_inputs: bool = False,
) -> Path:
    """One convolution of one pixel: the mean of red, green and blue, `channels` times; then a sigmoid."""
    seen = shape[1] if isinstance(shape[1], int) else 3
    kernel = numpy_helper.from_array(np.full((channels, seen, 1, 1), 1 / seen, np.float32), "kernel")
    inputs = [helper.make_tensor_value_info("image", TensorProto.FLOAT, list(shape))]
    if weights_as_inputs:  # as exporters of old did, the weights first
        inputs.insert(0, helper.make_tensor_value_info("kernel", TensorProto.FLOAT, [channels, seen, 1, 1]))
    side = [None, channels, None, None]
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["image", "kernel"], ["sum"], kernel_shape=[1, 1]),
            helper.make_node("Sigmoid", ["sum"], ["mask"]),
        ],
        "brightness",
        inputs,
        [helper.make_tensor_value_info("mask", TensorProto.FLOAT, side)],
        [kernel],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path.write_bytes(made.SerializeToString())
    return path


def bright_disc() -> np.ndarray:
    image = np.full((120, 160, 3), (30, 35, 30), np.uint8)
    cv2.circle(image, (80, 60), 30, (230, 225, 220), -1, cv2.LINE_AA)
    return image


def test_the_mask_is_what_the_model_sees_at_the_size_of_the_crop(tmp_path: Path) -> None:
    model = load(str(model_file(tmp_path / "模型.onnx")))
    assert (model.width, model.height) == (64, 48)
    mask = model.mask(bright_disc())
    assert mask is not None
    assert mask.shape == (120, 160)
    assert mask.min() == pytest.approx(0, abs=0.01)
    assert mask.max() == pytest.approx(1, abs=0.01)
    # a disc of radius 30
    assert (mask > 0.5).sum() == pytest.approx(np.pi * 30**2, rel=0.06)


def test_without_onnx_runtime_opencv_sees_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = load(str(model_file(tmp_path / "a.onnx"))).mask(bright_disc())
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    other = load(str(model_file(tmp_path / "b.onnx"))).mask(bright_disc())
    assert one is not None and other is not None
    np.testing.assert_allclose(other, one, atol=1e-5)


def test_a_model_that_leaves_its_size_open_gets_the_usual_one(tmp_path: Path) -> None:
    model = load(str(model_file(tmp_path / "open.onnx", shape=("batch", 3, "height", "width"))))
    assert (model.width, model.height) == (320, 320)
    assert model.mask(bright_disc()) is not None


def test_weights_that_are_listed_as_inputs_are_no_image(tmp_path: Path) -> None:
    content = model_file(tmp_path / "old.onnx", weights_as_inputs=True).read_bytes()
    assert read(content).shape == (1, 3, 48, 64)


def test_shapes_are_those_that_onnx_itself_reads(tmp_path: Path) -> None:
    content = model_file(tmp_path / "m.onnx", shape=(1, 3, 17, "w")).read_bytes()
    dims = onnx.load_from_string(content).graph.input[0].type.tensor_type.shape.dim
    assert read(content).shape == tuple(d.dim_value or None for d in dims)


def test_a_picture_of_one_colour_shows_it_nothing(tmp_path: Path) -> None:
    model = load(str(model_file(tmp_path / "m.onnx")))
    assert model.mask(np.full((50, 50, 3), 90, np.uint8)) is None


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ((1, 1, 48, 64), "1 x 1 x 48 x 64"),
        ((1, 3, 48), "1 x 3 x 48"),
        ((8, 3, 48, 64), "8 x 3 x 48 x 64"),
        ((1, 3, 48, 100_000), "100000 x 48"),
    ],
)
def test_a_model_that_takes_something_else_is_refused(
    tmp_path: Path, shape: tuple[object, ...], said: str
) -> None:
    path = tmp_path / "m.onnx"
    graph = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, list(shape))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, list(shape))],
    )
    path.write_bytes(helper.make_model(graph).SerializeToString())
    with pytest.raises(CurateError, match=said) as error:
        load(str(path))
    assert "U2-Net" in error.value.cure


def test_a_model_that_gives_several_masks_is_refused_when_it_runs(tmp_path: Path) -> None:
    model = load(str(model_file(tmp_path / "two.onnx", channels=2)))
    with pytest.raises(CurateError, match="not one mask"):
        model.mask(bright_disc())


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"<html>", b"\x3a\xff\xff\xff\xff\x0f"])
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(content)
    with pytest.raises(CurateError, match=r"m\.onnx is no ONNX model"):
        load(str(path))


def test_a_model_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CurateError, match="cannot be read"):
        load(str(tmp_path / "gone.onnx"))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_shape_or_an_error_in_words(content: bytes) -> None:
    try:
        assert isinstance(read(content).shape, tuple)
    except ValueError as error:
        assert str(error)


def test_a_thing_is_cut_out_along_the_models_mask(tmp_path: Path) -> None:
    model = load(str(model_file(tmp_path / "m.onnx")))
    got = cut(bright_disc(), (50, 30, 110, 90), model=model)
    assert isinstance(got, Cutout)
    assert got.way == "model"
    assert (got.rgba[..., 3] > 128).sum() / got.zoom**2 == pytest.approx(np.pi * 30**2, rel=0.06)


def test_where_the_model_sees_nothing_the_box_alone_must_do(tmp_path: Path) -> None:
    model = load(str(model_file(tmp_path / "m.onnx")))
    dark = 255 - bright_disc()  # a dark disc: what is bright is the ground, whose middle is no thing
    got = cut(dark, (50, 30, 110, 90), model=model)
    assert isinstance(got, Cutout)
    assert got.way == "box"

"""Official yolov5 files become networks of ours, and no code of theirs is run."""

from __future__ import annotations

import copy
import os
import pickle
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.trainer import foreign
from tests.trainer.test_cli import hand_over, trainer
from trainer.checkpoint import load_model
from trainer.errors import TrainerError
from trainer.importing.pickles import Shell, read_objects
from trainer.importing.yolov5 import read_yolov5

NAMES = {0: "香烟", 1: "hand"}  # v7 keeps a dict, earlier ones a list


@pytest.fixture
def model() -> foreign.DetectionModel:
    torch.manual_seed(0)
    return foreign.network(NAMES)


@pytest.mark.parametrize(
    ("old", "act", "names", "zipped"),
    [
        ("", nn.SiLU, NAMES, True),  # v6, v7
        ("c3", nn.SiLU, ["香烟", "hand"], True),  # v4, v5
        ("c3", nn.SiLU, ["香烟", "hand"], False),  # the same, saved by a torch before 1.6
        ("csp", lambda: nn.LeakyReLU(0.1), ["香烟", "hand"], True),  # up to v3
    ],
)
def test_an_imported_network_answers_as_the_original(
    tmp_path: Path, old: str, act: Any, names: Any, zipped: bool
) -> None:
    torch.manual_seed(0)
    original = foreign.network(names, old=old, act=act)
    path = foreign.write(tmp_path / "权重" / "best.pt", original, zipped=zipped)
    ours, meta = load_model(path)
    image = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        theirs = original(image)  # cxcywh
        found = ours.decode(ours(image))  # xyxy
    half = theirs[..., 2:4] / 2
    boxes = torch.cat((theirs[..., :2] - half, theirs[..., :2] + half), dim=-1)
    assert (found[..., :4] - boxes).abs().max() < 1e-3  # pixels, of boxes up to hundreds wide
    torch.testing.assert_close(found[..., 4:], theirs[..., 4:], atol=1e-4, rtol=0)
    assert meta.classes == ("香烟", "hand")
    assert meta.config.head.anchors[0][0] == (10.0, 13.0)  # type: ignore[attr-defined]
    assert "models.common" not in sys.modules, "the classes are not needed to read"


def test_half_precision_and_the_averaged_network_are_taken(tmp_path: Path, model: nn.Module) -> None:
    average = copy.deepcopy(model).half()
    nn.init.constant_(average.model[-1].m[0].bias, 3.0)
    path = foreign.write(tmp_path / "last.pt", model, ema=average)
    found = read_yolov5(path)
    assert found.weights["head.convs.0.bias"].tolist() == [3.0] * 21
    assert found.weights["head.convs.0.bias"].dtype == torch.float32


def test_val_and_predict_take_an_official_file(tmp_path: Path) -> None:
    data = hand_over(tmp_path / "data", names="[green, red]")
    path = foreign.write(tmp_path / "v7.pt", foreign.network(["green", "red"]))
    result = trainer("val", path, data, "--imgsz", 64, "--device", "cpu")
    assert result.exit_code == 0, result.output
    photos = tmp_path / "data" / "images" / "val"
    result = trainer("predict", photos, "--weights", path, "-o", tmp_path / "found", "--device", "cpu")
    assert result.exit_code == 0, result.output


# what is refused


def pickled(path: Path, value: object) -> Path:
    """`value` as the description of an otherwise whole file of torch.save."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("best/data.pkl", pickle.dumps(value, protocol=2))
        archive.writestr("best/version", "3\n")
    return path


class Runs:
    """An object whose pickle calls a function when it is read, as hostile files do."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize(
    ("function", "named"),
    [
        (os.system, "posix.system|nt.system"),
        (eval, "builtins.eval|__builtin__.eval"),
        (getattr, "builtins.getattr|__builtin__.getattr"),
        (np.load, "numpy.*load"),
        (torch.load, "torch.serialization.load"),
        (pickle.loads, "_?pickle.loads"),
    ],
)
def test_a_hostile_file_is_refused_by_name_and_nothing_is_run(
    tmp_path: Path, function: Any, named: str
) -> None:
    path = pickled(tmp_path / "evil.pt", {"model": Runs(function, f"touch {tmp_path / 'ran'}")})
    with pytest.raises(TrainerError, match=rf"it wants to run ({named})"):
        read_objects(path)
    with pytest.raises(TrainerError, match="it wants to run"):
        load_model(path)
    assert not (tmp_path / "ran").exists()


def test_a_hostile_object_deep_inside_a_network_is_refused_too(tmp_path: Path, model: nn.Module) -> None:
    model.model[3].note = Runs(os.system, f"touch {tmp_path / 'ran'}")  # type: ignore[union-attr, assignment]
    path = foreign.write(tmp_path / "evil.pt", model)
    (tmp_path / "ran").unlink(missing_ok=True)
    with pytest.raises(TrainerError, match="it wants to run"):
        read_yolov5(path)
    assert not (tmp_path / "ran").exists()


def test_a_class_of_a_known_room_stays_a_shell_whatever_it_would_do(tmp_path: Path) -> None:
    # `models.experimental.attempt_load` is a function; read, it is an empty object
    evil = b"\x80\x02cmodels.experimental\nattempt_load\nX\x01\x00\x00\x00a\x85R."
    with zipfile.ZipFile(tmp_path / "a.pt", "w") as archive:
        archive.writestr("a/data.pkl", evil)
    found = read_objects(tmp_path / "a.pt")
    assert isinstance(found, Shell) and found.kind == "attempt_load"


def test_a_tensor_that_reaches_beyond_its_numbers_is_refused(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(4)}, tmp_path / "whole.pt")
    with zipfile.ZipFile(tmp_path / "whole.pt") as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    described = next(name for name in parts if name.endswith("data.pkl"))
    # the size (4,) of the tensor is the last 4 before its stride (1,)
    parts[described] = parts[described].replace(b"K\x04\x85", b"K\xff\x85")
    with zipfile.ZipFile(tmp_path / "wrong.pt", "w") as wrong:
        for name, content in parts.items():
            wrong.writestr(name, content)
    with pytest.raises(TrainerError, match=r"a tensor \(255,\) reaches beyond its 4 numbers"):
        read_objects(tmp_path / "wrong.pt")
    assert read_objects(tmp_path / "whole.pt")["a"].tolist() == [0, 0, 0, 0]


def test_a_compressed_file_is_refused_before_it_swells(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb/data.pkl", bytes(10**6))
    with pytest.raises(TrainerError, match=r"is compressed, which torch\.save never does"):
        read_objects(tmp_path / "bomb.pt")


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 half a zip", b"\x80\x02K\x01."])
def test_a_file_that_is_none_of_torch_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.pt").write_bytes(content)
    with pytest.raises(TrainerError, match="cannot be read as weights"):
        read_objects(tmp_path / "a.pt")
    with pytest.raises(TrainerError, match="no weights at"):
        read_objects(tmp_path / "b.pt")


def test_every_cut_file_is_refused(tmp_path: Path, model: nn.Module) -> None:
    for zipped in (True, False):
        whole = foreign.write(tmp_path / "whole.pt", model, zipped=zipped).read_bytes()
        for part in (0.01, 0.3, 0.7, 0.999):
            (tmp_path / "cut.pt").write_bytes(whole[: int(len(whole) * part)])
            with pytest.raises(TrainerError):
                read_yolov5(tmp_path / "cut.pt")


def test_a_network_that_is_no_yolov5_detector_is_refused_with_the_layer(tmp_path: Path) -> None:
    other = foreign.network(NAMES)
    other.model[10] = foreign.Concat()  # type: ignore[assignment]
    with pytest.raises(TrainerError, match=r"layer 10 is a Concat, not a Conv"):
        read_yolov5(foreign.write(tmp_path / "a.pt", other))
    crossed = foreign.network(NAMES)
    crossed.model[12].f = [-1, 4]  # type: ignore[union-attr, assignment]
    with pytest.raises(TrainerError, match=r"layer 12 reads \[-1, 4\], not \[-1, 6\]"):
        read_yolov5(foreign.write(tmp_path / "b.pt", crossed))
    sharp = foreign.network(NAMES, act=lambda: nn.LeakyReLU(0.3))
    with pytest.raises(TrainerError, match=r"LeakyReLU of 0.3"):
        read_yolov5(foreign.write(tmp_path / "c.pt", sharp))


def test_a_file_without_a_network_is_refused(tmp_path: Path) -> None:
    torch.save({"model": {"a": torch.zeros(1)}}, tmp_path / "a.pt")
    with pytest.raises(TrainerError, match="holds no yolov5 network"):
        read_yolov5(tmp_path / "a.pt")

"""Weights on disk: plain, whole, and refused with a reason where they are something else."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
import torch

from trainer.checkpoint import load_model, read_checkpoint, save_checkpoint
from trainer.errors import TrainerError
from trainer.files import write_atomically
from trainer.model.network import build
from trainer.model.zoo import configure


def test_a_saved_model_answers_as_before(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = build(configure("n", 2, imgsz=64)).to(memory_format=torch.channels_last).eval()
    path = tmp_path / "权重 🚬" / "best.pt"
    save_checkpoint(
        path, model.state_dict(), config=model.config, classes=["香烟", "hand"], metrics={"ap": 0.5}
    )
    again, meta = load_model(path)
    image = torch.rand(1, 3, 64, 64)
    assert not again.training
    for a, b in zip(model(image), again(image), strict=True):
        torch.testing.assert_close(a, b)
    assert meta.classes == ("香烟", "hand")
    assert (meta.imgsz, meta.metrics) == (64, {"ap": 0.5})
    assert meta.config == model.config


def test_nothing_but_plain_types_is_in_the_file(tmp_path: Path) -> None:
    model = build(configure("n", 1))
    save_checkpoint(tmp_path / "a.pt", model.state_dict(), config=model.config, classes=["a"])
    content = torch.load(tmp_path / "a.pt", weights_only=True)
    assert content.keys() == {"schema", "meta", "weights"}


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 half a zip"])
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.pt"
    path.write_bytes(content)
    with pytest.raises(TrainerError, match=r"cannot be read as weights.*trainer fit"):
        read_checkpoint(path)


def test_weights_with_a_wrong_byte_are_named_as_damaged(tmp_path: Path) -> None:
    model = build(configure("n", 1))
    weights = model.state_dict()
    first = next(iter(weights))
    weights[f"{first[:-1]}~"] = weights.pop(first)
    save_checkpoint(tmp_path / "a.pt", weights, config=model.config, classes=["a"])
    with pytest.raises(TrainerError, match=r"a\.pt is damaged.*take another copy"):
        load_model(tmp_path / "a.pt")


def test_a_file_that_would_run_code_is_refused(tmp_path: Path) -> None:
    class Nasty:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.system, (f"touch {tmp_path / 'ran'}",)

    torch.save({"schema": 1, "meta": Nasty(), "weights": {}}, tmp_path / "zip.pt")
    (tmp_path / "plain.pt").write_bytes(pickle.dumps(Nasty(), protocol=2))
    for name in ("zip.pt", "plain.pt"):
        with pytest.raises(TrainerError, match="cannot be read as weights"):
            read_checkpoint(tmp_path / name)
    assert not (tmp_path / "ran").exists()


def test_weights_of_others_and_of_the_future_are_told_apart(tmp_path: Path) -> None:
    torch.save({"model": 1}, tmp_path / "other.pt")
    with pytest.raises(TrainerError, match="holds no trainer model"):
        read_checkpoint(tmp_path / "other.pt")
    torch.save({"schema": 99, "meta": {}, "weights": {}}, tmp_path / "new.pt")
    with pytest.raises(TrainerError, match="schema 99, this trainer reads 2"):
        read_checkpoint(tmp_path / "new.pt")
    with pytest.raises(TrainerError, match="no weights at"):
        load_model(tmp_path / "absent.pt")


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.bin"
    write_atomically(path, b"old")

    def fail(handle: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]

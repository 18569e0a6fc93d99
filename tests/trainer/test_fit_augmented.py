"""Whole runs with what is off by default: they go their course, and a killed one resumes to the same."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import pytest

from tests.trainer.augment.test_copy_paste import row, write
from tests.trainer.test_fit import KilledError, config, data, equal, rows_of, weights_of
from tests.trainer.test_world import ended, losses, torchrun
from trainer.checkpoint import read_checkpoint
from trainer.data.augment import TECHNIQUES
from trainer.errors import TrainerError
from trainer.fit import fit

__all__ = ["data"]  # a fixture
EVERYTHING = {
    name: min(value, 0.3) if value <= 1 else value for t in TECHNIQUES for name, value in t.shown.items()
}


@pytest.fixture(scope="module")
def two_classes(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same squares, every third one of another class."""
    root = tmp_path_factory.mktemp("two") / "classes"
    shutil.copytree(data.parent, root)
    for number, path in enumerate(sorted((root / "labels").rglob("*.txt"))):
        if number % 3 == 0:
            path.write_text("1" + path.read_text()[1:])
    (root / "data.yaml").write_text("train: images/train\nval: images/val\nnames: [square, other]\n")
    return root / "data.yaml"


def test_a_run_with_everything_goes_its_course(data: Path, tmp_path: Path) -> None:
    cut = write(tmp_path / "cut", [row("a.png", "square")])
    settings = {**EVERYTHING, "cutouts": cut, "sat": 0.5, "cache": "disk", "steps": 6}
    result = fit(config(data, tmp_path / "run", **settings))
    assert result.steps == 6 and result.metrics is not None
    assert all(math.isfinite(float(line["loss"])) for line in rows_of(result.run))
    assert not (tmp_path / "run" / "cache").exists(), "the file of decoded images lasts as long as the run"


def test_a_killed_run_with_image_weights_resumes_to_the_same_weights(
    two_classes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("keeper", "data.loader"):
        monkeypatch.setattr(f"trainer.{module}.AHEAD", 3)  # so that evaluations soon count
    asked = config(two_classes, tmp_path / "whole", steps=14, sampling="image-weights", sat=0.4, rect=True)
    whole = fit(asked)
    state = read_checkpoint(whole.last)["state"]["counters"]
    assert [batch for batch, _ in state["class_ap"]] == [
        6,
        9,
        12,
        15,
        17,
    ]  # judged after 3, 6, 9, 12, 14 steps
    assert all(len(ap) == 2 for _, ap in state["class_ap"])

    def kill(step: int) -> None:
        if step == 11:
            raise KilledError

    killed = config(two_classes, tmp_path / "run", steps=14, sampling="image-weights", sat=0.4, rect=True)
    with pytest.raises(KilledError):
        fit(killed, on_step=kill)
    resumed = fit(killed, resume=True)
    assert equal(weights_of(whole.last), weights_of(resumed.last))


def test_cutouts_of_other_classes_stop_a_run_before_it_begins(data: Path, tmp_path: Path) -> None:
    cut = write(tmp_path / "cut", [row("a.png", "spoon")])
    with pytest.raises(TrainerError, match="holds no cut-out of square"):
        fit(config(data, tmp_path / "run", cutouts=cut))


def test_two_processes_take_what_one_takes(two_classes: Path, tmp_path: Path) -> None:
    """Order, shapes, attacks and the AP that weighs images are those of one process with the double batch."""
    settings = {"sampling": "image-weights", "sat": 0.4, "rect": True, "steps": 6, "lr": 1e-4}
    alone = fit(config(two_classes, tmp_path / "alone", batch=4, **settings))
    run = tmp_path / "both"
    process = torchrun(config(two_classes, run, batch=2, **settings))
    code, said = ended(process)
    assert code == 0, said
    assert losses(run) == pytest.approx(losses(alone.run), rel=1e-3)
    state = read_checkpoint(run / "weights" / "last.pt")["state"]["counters"]
    assert [batch for batch, _ in state["class_ap"]] == [35, 38]  # AHEAD = 32 after steps 3 and 6

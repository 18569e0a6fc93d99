"""trainer compare: networks trained, judged and timed alike, and going on where it stopped."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.trainer.test_cli import hand_over, trainer
from trainer import compare_models as module
from trainer import timing
from trainer.compare_models import compare_models
from trainer.config import FitConfig
from trainer.errors import TrainerError
from trainer.model.network import build
from trainer.model.zoo import configure
from trainer.suppression import Suppression
from trainer.timing import measure
from trainer.trials import Row, Trial

OPTIONS = ("--steps", 2, "--imgsz", 64, "--batch", 2, "--device", "cpu", "--threads", 1, "--log", "none")


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hand_over(tmp_path_factory.mktemp("比较") / "data", names="[green, 红色]")


@pytest.fixture(scope="module")
def compared(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """Two networks, two seeds, through the command."""
    out = tmp_path_factory.mktemp("runs") / "哪个好"
    words = ("--models", "light,rfb", "--seeds", 2, *OPTIONS, "-o", out, "--output-format", "json")
    result = trainer("compare", data, *words)
    assert result.exit_code == 0, result.output
    return out, json.loads(result.stdout)


def test_every_network_has_its_figures_costs_and_times(compared: tuple[Path, dict]) -> None:
    out, told = compared
    assert told == json.loads((out / "compare.json").read_text(encoding="utf-8"))
    assert told["split"] == "val" and told["images"] == 3
    light, rfb = told["models"]
    assert (light["model"], rfb["model"]) == ("light", "rfb")
    assert 0 < light["parameters"] < rfb["parameters"]
    assert 0 < light["gflops"] < rfb["gflops"]
    for row in (light, rfb):
        assert row["photographs"] == 3 and row["ms_network"] > 0 and 0 < row["ms"] <= row["ms_95"]
        assert [trial["seed"] for trial in row["trials"]] == [0, 1]
        ap50 = [trial["figures"]["ap50"] for trial in row["trials"]]
        assert row["ap50"] == pytest.approx(sum(ap50) / 2)
        assert row["ap50_sd"] == pytest.approx(abs(ap50[0] - ap50[1]) / math.sqrt(2))
        assert (out / row["trials"][1]["run"] / "weights" / "best.pt").is_file()


def test_it_draws_the_networks_against_the_time_of_a_photograph(compared: tuple[Path, dict]) -> None:
    picture = cv2.imdecode(np.fromfile(compared[0] / "compare.png", dtype=np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None and picture.shape[1] > 1000
    assert len({tuple(pixel) for pixel in picture[::7, ::7].reshape(-1, 3).tolist()}) > 10


def test_the_same_call_trains_nothing_again_and_more_seeds_only_those(
    data: Path, compared: tuple[Path, dict], monkeypatch: pytest.MonkeyPatch
) -> None:
    out, told = compared
    trained: list[str] = []
    real = module.fit

    def watched(config: FitConfig, **more: Any) -> Any:
        trained.append(f"{config.model} {config.seed}")
        return real(config, **more)

    monkeypatch.setattr(module, "fit", watched)
    words = ("--models", "light,rfb", *OPTIONS, "-o", out, "--output-format", "json")
    again = json.loads(trainer("compare", data, "--seeds", 2, *words).stdout)
    assert trained == []
    assert [row["trials"] for row in again["models"]] == [row["trials"] for row in told["models"]]
    trainer("compare", data, "--seeds", 3, *words)
    assert trained == ["light 2", "rfb 2"]


def test_what_was_judged_in_another_way_is_judged_again_and_not_trained(
    data: Path, compared: tuple[Path, dict], monkeypatch: pytest.MonkeyPatch
) -> None:
    out, told = compared
    record = out / "light" / "seed-1" / "trial.json"
    before = json.loads(record.read_text(encoding="utf-8"))
    other = before | {"judged": before["judged"] | {"vote": 1.0}, "figures": {"ap50": 0.123}}
    record.write_text(json.dumps(other), encoding="utf-8")
    steps: list[int] = []
    real = module.fit
    monkeypatch.setattr(
        module, "fit", lambda config, resume: real(config, resume=resume, on_step=steps.append)
    )
    words = ("--models", "light,rfb", "--seeds", 2, *OPTIONS, "-o", out, "--output-format", "json")
    again = json.loads(trainer("compare", data, *words).stdout)
    assert steps == []
    assert [row["ap50"] for row in again["models"]] == [row["ap50"] for row in told["models"]]
    assert json.loads(record.read_text(encoding="utf-8"))["judged"] == before["judged"]


def test_a_comparison_that_was_stopped_goes_on_where_it_stopped(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base: dict = {"imgsz": 64, "batch": 2, "device": "cpu", "threads": 1, "log": "none", "steps": 12}
    config = FitConfig(data=data, run=tmp_path, **base)
    real = module.fit

    class KilledError(Exception):
        """Stands for a SIGKILL: nothing of ours catches it."""

    def killed(config: FitConfig, *, resume: bool) -> Any:
        def kill(step: int) -> None:
            if step == 10:
                raise KilledError

        return real(config, resume=resume, on_step=kill)

    monkeypatch.setattr(module, "fit", killed)
    with pytest.raises(KilledError):
        compare_models(config, ["light"], 1, tmp_path / "out")
    assert not (tmp_path / "out" / "compare.json").exists()
    steps: list[int] = []
    monkeypatch.setattr(
        module, "fit", lambda config, resume: real(config, resume=resume, on_step=steps.append)
    )
    trials = compare_models(config, ["light"], 1, tmp_path / "out")
    assert steps[0] > 1 and steps[-1] == 12
    assert trials.rows[0].trials[0].steps == 12


def test_trials_with_other_settings_are_not_mixed(data: Path, compared: tuple[Path, dict]) -> None:
    words = ("--models", "light", *OPTIONS, "--lr", 0.01, "-o", compared[0])
    refused = trainer("compare", data, *words)
    assert refused.exit_code == 2
    assert "was trained with other settings" in refused.stderr and "another folder with -o" in refused.stderr


def test_a_network_that_cannot_be_trained_is_told_and_the_others_go_on(data: Path, tmp_path: Path) -> None:
    words = ("--models", "rfb,light", "--steps", 1, "--imgsz", 96, "--batch", 2, "--device", "cpu")
    result = trainer("compare", data, *words, "--threads", 1, "--log", "none", "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert "rfb, seed 0: rfb works down to stride 64" in result.stderr
    assert "light" in result.stdout and (tmp_path / "out" / "compare.png").is_file()


@pytest.mark.parametrize(
    ("models", "told"),
    [
        ("light,yolov5q", "there is no model 'yolov5q'"),
        ("n,yolov5n", "names no or equal models"),
        (",", "names no or equal models"),
    ],
)
def test_a_wrong_list_of_models_is_refused_before_anything_is_trained(
    data: Path, tmp_path: Path, models: str, told: str
) -> None:
    result = trainer("compare", data, "--models", models, *OPTIONS, "-o", tmp_path / "out")
    assert result.exit_code == 2 and told in result.stderr
    assert not (tmp_path / "out").exists()


def test_means_leave_out_what_came_to_nothing() -> None:
    def trial(seed: int, ap: float, problem: str = "") -> Trial:
        return Trial(
            "light", seed, Path("out/light"), {"ap": ap} if not problem else {}, 1, 1.0, 1.0, problem
        )

    row = Row("light", (trial(0, 0.2), trial(1, 0.4), trial(2, 0, "no memory")), 1, 1.0, None)
    assert row.of("ap") == (pytest.approx(0.3), pytest.approx(math.sqrt(0.02)))
    assert all(math.isnan(value) for value in row.of("ap50"))


def test_times_are_of_the_whole_way_and_of_the_network_alone(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(10_000))
    monkeypatch.setattr(timing.time, "perf_counter", lambda: next(clock))  # each look takes a second
    model = build(configure("light", 1, imgsz=64)).eval()
    photographs = sorted((data.parent / "images" / "val").iterdir())
    (tmp_path / "broken.jpg").write_bytes(b"no image")
    times = measure({"a": (model, 64)}, [*photographs, tmp_path / "broken.jpg"], Suppression(0.25, 0.45))["a"]
    assert (times.photographs, times.total, times.network, times.slow) == (3, 1000, 1000, 1000)
    with pytest.raises(TrainerError, match="no multiple of 32"):
        measure({"a": (model, 70)}, photographs, Suppression(0.25, 0.45))

"""Presets: settings that go together, which everything that is typed wins over."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.trainer.test_fit import data
from trainer.cli import app
from trainer.config import FitConfig, fields_of, from_toml, to_toml
from trainer.errors import TrainerError
from trainer.presets import NAMES, PRESETS, fitting, named

__all__ = ["data"]  # a fixture


def planned(*words: str, monkeypatch: pytest.MonkeyPatch) -> tuple[FitConfig, str]:
    """The configuration that `trainer fit WORDS` would train with, and what was said on stderr."""
    seen: list[FitConfig] = []

    def stop(config: FitConfig, *, resume: bool) -> None:
        seen.append(config)
        raise TrainerError("planned")

    monkeypatch.setattr("trainer.fit.fit", stop)
    result = CliRunner().invoke(app, ["fit", *words])
    assert seen, result.output
    return seen[0], result.stderr


def test_small_data_is_the_defaults() -> None:
    assert not named("small-data").settings
    assert PRESETS[0].name == "small-data"


@pytest.mark.parametrize("preset", PRESETS, ids=NAMES)
def test_every_preset_makes_a_configuration(preset: object) -> None:
    settings = preset.settings  # type: ignore[attr-defined]
    config = FitConfig(**{**settings, "data": Path("d"), "run": Path("r"), "steps": 1})
    for name, value in settings.items():
        assert getattr(config, name) == value != getattr(FitConfig, name), f"{name} changes nothing"


def test_the_number_of_images_chooses() -> None:
    assert fitting(4999).name == "small-data" and fitting(5000).name == "scratch"
    assert fitting(0).name == "small-data"


def test_a_small_set_is_trained_as_ever_and_it_is_said(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config, said = planned(str(data), "--steps", "5", "-o", "r", monkeypatch=monkeypatch)
    assert config == FitConfig(data=data, run=Path("r"), steps=5)
    assert "preset small-data, for 10 training images" in said


def test_options_win_over_the_file_and_the_file_over_the_preset(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "hyp.toml"
    file.write_text("mixup = 0.3\nscale = 0.4\n")
    words = (str(data), "--preset", "coco", "--hyp", str(file), "--scale", "0.2", "--steps", "5", "-o", "r")
    config, said = planned(*words, monkeypatch=monkeypatch)
    assert (config.batch, config.mixup, config.scale, config.mosaic) == (64, 0.3, 0.2, 1.0)
    assert "preset" not in said, "what was typed need not be said again"


def test_a_preset_that_is_none_and_one_for_a_resumed_run_are_refused(data: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["fit", str(data), "--steps", "1", "--preset", "big"])
    assert (
        result.exit_code == 2 and "choose one of auto, small-data, scratch, finetune, coco" in result.stderr
    )
    result = CliRunner().invoke(app, ["fit", "--resume", "-o", str(tmp_path), "--preset", "coco"])
    assert result.exit_code == 2 and "leave out --preset" in result.stderr


def test_a_run_keeps_the_values_not_the_name(data: Path, tmp_path: Path) -> None:
    config = FitConfig(**{**named("finetune").settings, "data": data, "run": tmp_path, "steps": 1})
    assert from_toml(to_toml(config)) == config


def test_hyp_shows_a_preset_as_a_file_to_change() -> None:
    result = CliRunner().invoke(app, ["hyp", "--preset", "coco", "--output-format", "toml"])
    assert fields_of(result.stdout, "coco")["batch"] == 64


def test_compare_trains_with_a_preset_too(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[FitConfig] = []

    def stop(config: FitConfig, *_: object, **__: object) -> None:
        seen.append(config)
        raise TrainerError("planned")

    monkeypatch.setattr("trainer.compare_models.compare_models", stop)
    words = [
        "compare",
        str(data),
        "--models",
        "yolov5n",
        "--steps",
        "1",
        "--preset",
        "coco",
        "--mosaic",
        "0.3",
    ]
    CliRunner().invoke(app, words)
    assert [(config.batch, config.mosaic, config.data) for config in seen] == [(64, 0.3, data)]

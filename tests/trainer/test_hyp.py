"""The settings explain themselves: on the command line and on a page that is never out of step."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from trainer.cli import app
from trainer.config import FitConfig, fields_of
from trainer.hyp import GROUPS, PAGE, defaults, explain, page
from trainer.knobs import knobs


def hyp(*words: str) -> str:
    result = CliRunner().invoke(app, ["hyp", *words])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_page_is_in_step_with_the_knobs() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m trainer.hyp"


@pytest.mark.parametrize("name", knobs(FitConfig))
def test_every_knob_says_what_it_is_and_its_default_is_allowed(name: str) -> None:
    facts = knobs(FitConfig)[name]
    assert facts.what and not facts.what.endswith("."), name
    assert facts.group in GROUPS
    default = getattr(FitConfig, name)
    if facts.evolve is not None:
        low, high = facts.evolve
        assert facts.low <= low < high <= facts.high, "evolve may only go where fit may"
        if default is not None:  # else the run chooses where the search begins
            assert low <= default <= high, "the search begins inside its range"
        assert low > 0 or not facts.log
    assert name in explain(name).replace("-", "_")


def test_one_setting_is_explained_at_length() -> None:
    text = hyp("--explain", "lr")
    assert "--lr: highest learning rate" in text
    assert "default   0.002" in text
    assert "evolve    0.0002 to 0.01, log" in text
    assert hyp("--explain", "--close-mosaic").startswith("--close-mosaic: ")


def test_a_setting_that_is_none_names_the_nearest() -> None:
    result = CliRunner().invoke(app, ["hyp", "--explain", "mozaic"])
    assert result.exit_code == 2
    assert "did you mean 'mosaic'?" in result.stderr


def test_the_list_tells_default_bounds_unit_and_what_evolve_turns() -> None:
    rows = {line.split()[0]: line for line in hyp().splitlines()}
    assert rows["imgsz"].split("  ")[-1] == "long side of the training images"
    assert "a number from 32 to 8192 (px)" in rows["imgsz"] and " - " in rows["imgsz"]
    assert "0.0002 to 0.01, log" in rows["lr"] and "0.002" in rows["lr"]
    assert rows["setting"].split() == ["setting", "default", "allowed", "evolve", "what"]


def test_one_setting_is_explained_with_the_value_of_a_preset_and_in_every_format() -> None:
    assert "default   0.9\n" in hyp("--explain", "scale", "--preset", "coco")
    assert hyp("--explain", "--scale", "--preset", "coco", "--output-format", "toml") == "scale = 0.9\n"
    (one,) = json.loads(hyp("--explain", "scale", "--output-format", "json"))["settings"]
    assert (one["name"], one["default"]) == ("scale", 0.5)


def test_the_preset_that_the_data_choose_is_none_to_show() -> None:
    result = CliRunner().invoke(app, ["hyp", "--preset", "auto"])
    assert result.exit_code == 2
    assert "name one of small-data, scratch, finetune, coco" in result.stderr


def test_the_defaults_as_toml_are_what_hyp_takes(tmp_path: Path) -> None:
    values = fields_of(hyp("--output-format", "toml"), "defaults")
    assert values == defaults()
    config = FitConfig(data=Path("d"), run=Path("r"), steps=1)
    assert all(getattr(config, name) == value for name, value in values.items())


def test_programs_get_every_knob_as_json() -> None:
    content = json.loads(hyp("--output-format", "json"))
    assert [one["name"] for one in content["settings"]] == list(knobs(FitConfig))

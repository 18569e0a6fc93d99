"""A run's configuration: one budget, known keys, TOML there and back."""

from __future__ import annotations

import dataclasses
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from trainer.cli import app
from trainer.config import FitConfig, from_toml, span_of, to_toml
from trainer.errors import TrainerError
from trainer.knobs import Knob, dashed, kinds, knobs, told

PATHS: dict[str, Any] = {"data": Path("data.yaml"), "run": Path("runs/a")}


def test_a_run_has_exactly_one_budget() -> None:
    FitConfig(**PATHS, epochs=3)
    with pytest.raises(TrainerError, match="exactly one budget, got none"):
        FitConfig(**PATHS)
    with pytest.raises(TrainerError, match="got --epochs and --minutes"):
        FitConfig(**PATHS, epochs=3, minutes=1)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"steps": 0}, "--steps 0 is too small"),
        ({"steps": 1, "imgsz": 330}, "try --imgsz 320"),
        ({"steps": 1, "imgsz": 0}, "--imgsz 0 is too small; give a number from 32 to 8192"),
        ({"steps": 1, "model": "yolov5q"}, "did you mean yolov5"),
        ({"steps": 1, "strides": (8, 4)}, "write 4,8"),
        ({"steps": 1, "strides": (4, 128)}, "--strides 128 is too large"),
        ({"steps": 1, "backbone": "resnet18"}, "such as timm:resnet18"),
        ({"steps": 1, "backbone_weights": "cache"}, "add --backbone timm:NAME"),
        ({"steps": 1, "device": "tpu"}, "choose one of auto, cpu, cuda, mps"),
        ({"steps": 1, "mosaic": 1.5}, "--mosaic 1.5 is no share; give a number from 0 to 1"),
        ({"steps": 1, "scale": 1.0}, "--scale 1 is too large; give at least 0 and less than 1"),
        ({"steps": 1, "anchor_t": 1.0}, "--anchor-t 1 is too small; give more than 1"),
        ({"steps": 1, "lr": float("nan")}, "--lr nan"),
        ({"steps": 1, "box_loss": "l2"}, "choose one of auto, ciou"),
        ({"steps": 1, "head": "free", "assigner": "ratio"}, "choose tal or simota, or --head anchor"),
        ({"steps": 1, "head": "yolov3", "assigner": "ratio"}, "choose iou, or --head anchor"),
        ({"steps": 1, "head": "ssd", "cls_loss": "focal"}, "choose cross-entropy, or --head anchor or free"),
        ({"steps": 1, "head": "anchor", "box_loss": "smooth-l1"}, "or --head ssd"),
        ({"steps": 1, "head": "free", "loss_scaling": "yolov5"}, "choose positives, or --head anchor"),
        ({"steps": 1, "fl_gamma": 1.5}, "add --cls-loss focal"),
        ({"steps": 1, "cls_loss": "varifocal", "label_smoothing": 0.1}, "how well boxes lie"),
        ({"steps": 1, "class_weights": "1,many"}, "is no list of weights"),
        ({"steps": 1, "class_weights": "1,-1"}, "is no list of weights"),
        ({"steps": 1, "class_weights": "0,0"}, "is no list of weights"),
        ({"steps": 1, "multi_scale": (1.5, 0.5)}, "no range of sizes"),
        ({"steps": 1, "multi_scale": (0.5, 5.0)}, "0.5-5 is no range of sizes; give parts of imgsz"),
        ({"steps": 1, "multi_scale": (0.5, 640.0)}, "0.5-640 is no range of sizes"),
        ({"steps": 1, "multi_scale": (330, 340)}, "330-340 holds no size .* nearest are 320 and 352"),
        ({"steps": 1, "multi_scale_step": 40}, "multi-scale-step 40 is no multiple of 32; try 32"),
    ],
)
def test_a_value_that_cannot_work_is_refused_with_its_cure(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(TrainerError, match=told):
        FitConfig(**PATHS, **wrong)


def outside(facts: Knob, kind: str) -> list[str]:
    """Texts behind an option that lie just beyond its bounds, or are of no use to it."""
    if facts.choices and "int" not in kind:
        return ["nonsense", ""]
    if "int" not in kind and "float" not in kind:
        return []  # any text may be a name: who looks it up says so
    step = 1.0 if "int" in kind else 1e-6
    texts = ["nan", "inf", "-inf", "many", "1,x"]
    if math.isfinite(facts.low):
        texts.append(told(facts.low if facts.open_low else facts.low - step))
    if math.isfinite(facts.high):
        texts.append(told(facts.high if facts.open_high else facts.high + max(step, 1e-9 * facts.high)))
    return [f"{text},{text}" for text in texts] if "tuple[float" in kind else texts


@pytest.mark.parametrize("name", knobs(FitConfig))
def test_every_option_refuses_what_lies_outside_its_bounds(name: str) -> None:
    needs = {"fl_gamma": ["--cls-loss=focal"], "fl_alpha": ["--cls-loss=focal"]}.get(name, [])
    budget = [] if name in ("epochs", "minutes", "steps") else ["--steps=1"]
    for text in outside(knobs(FitConfig)[name], str(kinds(FitConfig)[name])):
        line = ["fit", "data.yaml", *budget, *needs, f"--{dashed(name)}={text}"]
        result = CliRunner().invoke(app, line)
        assert (type(result.exception), result.exit_code) == (SystemExit, 2), line
        error, cure = result.stderr.strip().splitlines()
        assert dashed(name) in error or name in error, line
        assert cure.strip(), line


@pytest.mark.parametrize("name", knobs(FitConfig))
def test_every_number_has_a_least_value(name: str) -> None:
    kind = str(kinds(FitConfig)[name])
    if "int" in kind or "float" in kind:
        assert math.isfinite(knobs(FitConfig)[name].low)


def test_toml_holds_the_whole_configuration() -> None:
    config = FitConfig(
        data=Path('数据 "a"/data.yaml'), run=Path("runs/🚬"), minutes=2.5, imgsz=320, multi_scale=(0.5, 1.5)
    )
    assert from_toml(to_toml(config)) == config


def test_toml_has_a_line_for_each_field_that_is_set() -> None:
    config = FitConfig(**PATHS, steps=5)
    unset = {"epochs", "minutes", "multi_scale", "cutouts", "strides", "pretrained", "fl_gamma", "fl_alpha"}
    unset |= {"anchor_t"}  # follows the anchors
    names = {field.name for field in dataclasses.fields(FitConfig)} - unset
    assert {line.split(" = ")[0] for line in to_toml(config).splitlines()} == names


def test_an_unknown_key_names_the_nearest_known_one() -> None:
    with pytest.raises(TrainerError, match="knows no 'mozaic'; did you mean 'mosaic'"):
        from_toml('data = "d"\nrun = "r"\nsteps = 1\nmozaic = 0.5\n')


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('imgsz = "big"', "imgsz = 'big' has the wrong type; write a whole number"),
        ("steps = 1.5", "steps = 1.5 has the wrong type"),
        ("lr = true", "lr = True has the wrong type"),
        ("multi_scale = [0.5]", "wrong type"),
        ("steps = ", "is not TOML"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused(line: str, told: str) -> None:
    with pytest.raises(TrainerError, match=told):
        from_toml(f'data = "d"\nrun = "r"\n{line}\n')


def test_the_configuration_is_read_without_loading_torch() -> None:
    code = "import sys, trainer.config; sys.exit('torch' in sys.modules or 'cv2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("given", "parts"), [((0.5, 1.5), (0.5, 1.5)), ((320, 512), (0.5, 0.8)), (None, (1.0, 1.0))]
)
def test_a_range_of_sizes_is_in_parts_of_imgsz_or_in_pixels(
    given: tuple[float, float] | None, parts: tuple[float, float]
) -> None:
    assert span_of(FitConfig(**PATHS, steps=1, imgsz=640, multi_scale=given)) == parts

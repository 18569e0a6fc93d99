"""`trainer augment` draws what the model will see."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.trainer.augment.test_copy_paste import row, write
from tests.trainer.test_fit import config, data
from trainer.augment_sheet import GAP, ROWS, TILE, draw_sheet
from trainer.cli import app
from trainer.data.augment import TECHNIQUES
from trainer.data.images import read_image
from trainer.errors import TrainerError

__all__ = ["data"]  # a fixture
HEAD = 26  # pixels of a title


def augment(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["augment", *words])
    return result.exit_code, result.output


def test_a_row_a_technique_then_the_run_and_its_last_part(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "纸 sheet.png"
    code, said = augment(str(data), "-o", str(out), "--imgsz", "64", "--columns", "3")
    assert code == 0 and str(out) in said and "copy_paste is left out: give --cutouts DIR" in said
    rows = 1 + len(TECHNIQUES) - 1 + ROWS + 1
    assert read_image(out).shape == (rows * (TILE + HEAD), 3 * TILE + 2 * GAP, 3)


def test_the_first_row_shows_boxes_around_the_squares(data: Path, tmp_path: Path) -> None:
    sheet = draw_sheet(config(data, tmp_path), techniques=["flip"], given={"flip_lr": 1.0, "flip_ud": 0.0})
    assert sheet.rows == ("unchanged", "flip: flip_lr 1, flip_ud 0")
    first, mirrored = (sheet.image[y : y + TILE, :TILE] for y in (HEAD, TILE + 2 * HEAD))
    square = np.abs(first[:, ::-1].astype(int) - (230, 200, 40)).max(axis=2) < 30
    again = np.abs(mirrored.astype(int) - (230, 200, 40)).max(axis=2) < 30
    # but for the name over the box, the mirror image of the square is where the row shows it
    assert (square & again).sum() > 0.8 * square.sum() > 0


def test_the_same_seed_draws_the_same_bytes_and_another_does_not(data: Path, tmp_path: Path) -> None:
    sheets = [
        draw_sheet(config(data, tmp_path, seed=seed), techniques=["affine"], columns=2) for seed in (0, 0, 1)
    ]
    assert (sheets[0].image == sheets[1].image).all()
    assert (sheets[0].image != sheets[2].image).any()


def test_a_preset_fills_the_sheet_alone(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "sheet.png"
    code, said = augment(str(data), "-o", str(out), "--preset", "coco", "--imgsz", "64", "--columns", "2")
    assert code == 0, said
    assert read_image(out).shape[0] == (ROWS + 1) * (TILE + HEAD)


def test_cutouts_are_shown_where_there_are_some(data: Path, tmp_path: Path) -> None:
    cut = write(tmp_path / "cut", [row("a.png", "square")])
    asked = config(data, tmp_path, cutouts=cut)
    sheet = draw_sheet(asked, techniques=["copy-paste"])
    assert sheet.rows == ("unchanged", "copy_paste 1") and sheet.notes[0] == "cut-outs: 1 square"


def test_a_picture_is_not_overwritten_unasked(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "sheet.png"
    out.write_bytes(b"mine")
    words = (str(data), "-o", str(out), "--technique", "hsv", "--imgsz", "64")
    code, said = augment(*words)
    assert code == 2 and "is there already" in said and out.read_bytes() == b"mine"
    assert augment(*words, "--overwrite")[0] == 0 and out.read_bytes() != b"mine"


@pytest.mark.parametrize(
    "words",
    [
        ("--technique", "sepia"),
        ("--technique", "hsv", "--preset", "coco"),
        ("--technique", "copy_paste"),  # without --cutouts there is none
        ("--technique", ","),
    ],
)
def test_wrong_requests_are_answered(data: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    code, said = augment(str(data), "-o", str(tmp_path / "sheet.png"), *words)
    assert code == 2 and "error: " in said


@pytest.mark.parametrize("option", ["--real-share", "--multi-scale-step"])
def test_what_changes_no_sample_is_no_option(data: Path, tmp_path: Path, option: str) -> None:
    code, said = augment(str(data), "-o", str(tmp_path / "sheet.png"), option, "0.5")
    assert code == 2 and "No such option" in said


def test_an_unknown_technique_names_those_there_are(data: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match="there is no technique 'sepia'; choose of expand, iou_crop"):
        draw_sheet(config(data, tmp_path), techniques=["sepia"])

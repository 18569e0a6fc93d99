"""Which images images.csv calls synthetic."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainer.data.origin import synthetic_among
from trainer.errors import TrainerError


def images(folder: Path) -> list[Path]:
    return [folder / "images" / "train" / name for name in ("照片.jpg", "paste_1.jpg", "new.jpg")]


def test_an_image_is_pasted_where_the_table_says_so_and_real_where_it_is_silent(tmp_path: Path) -> None:
    rows = "image,split,source,synthetic\nimages/train/照片.jpg,train,a,false\n"
    rows += "images/train/paste_1.jpg,train,b,true\n"
    (tmp_path / "images.csv").write_text(rows, encoding="utf-8")
    assert synthetic_among(images(tmp_path), tmp_path).tolist() == [False, True, False]


def test_without_a_table_or_its_column_all_are_real(tmp_path: Path) -> None:
    assert not synthetic_among(images(tmp_path), tmp_path).any()
    (tmp_path / "images.csv").write_text("image,split\nimages/train/paste_1.jpg,train\n", encoding="utf-8")
    assert not synthetic_among(images(tmp_path), tmp_path).any()
    assert synthetic_among([], tmp_path).shape == (0,)


def test_a_table_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "images.csv").write_bytes(b"image,synthetic\n\xff\xfe\x00")
    with pytest.raises(TrainerError, match=r"images\.csv cannot be read"):
        synthetic_among(images(tmp_path), tmp_path)

"""Records as JSON files: whole, readable, and what is no text comes back as it was."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from curate.fixes.durable import write_json


def test_a_record_is_utf8_and_a_name_that_is_no_text_comes_back(tmp_path: Path) -> None:
    name = os.fsdecode("香烟".encode("gbk"))
    write_json(tmp_path / "record.json", {"图片": "香烟", "folder": name})
    assert "香烟".encode() in (tmp_path / "record.json").read_bytes()
    assert json.loads((tmp_path / "record.json").read_text(encoding="utf-8")) == {
        "图片": "香烟",
        "folder": name,
    }
    assert [path.name for path in tmp_path.iterdir()] == ["record.json"]


def test_a_number_that_json_has_not_leaves_the_old_record(tmp_path: Path) -> None:
    write_json(tmp_path / "record.json", {"ap": 0.5}, allow_nan=False)
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "record.json", {"ap": float("nan")}, allow_nan=False)
    assert json.loads((tmp_path / "record.json").read_text(encoding="utf-8")) == {"ap": 0.5}


def test_where_nothing_can_be_written_the_old_record_stays(tmp_path: Path) -> None:
    (tmp_path / "record.json").mkdir()
    with pytest.raises(OSError):
        write_json(tmp_path / "record.json", {})
    assert [path.name for path in tmp_path.iterdir()] == ["record.json"]

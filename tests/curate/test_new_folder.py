"""Where a new folder may be written: told before any work is done, not after it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from curate.commands import cutouts, export, negatives, paste, run
from curate.commands.ablate import TRIAL, prepare, refuse
from curate.commands.new_folder import refuse_new_folder
from curate.errors import CurateError, OutputExists


def test_a_folder_that_is_not_there_yet_or_empty_is_one_to_write_to(tmp_path: Path) -> None:
    refuse_new_folder(tmp_path / "a" / "b", [tmp_path / "data"])
    refuse_new_folder(tmp_path, [tmp_path / "data"])
    assert not list(tmp_path.iterdir())


def test_what_holds_something_or_lies_in_the_data_is_none(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(OutputExists, match="not empty"):
        refuse_new_folder(tmp_path, [])
    with pytest.raises(CurateError, match=r"lies inside .*data, which is only read"):
        refuse_new_folder(tmp_path / "data" / "new", [tmp_path / "other", tmp_path / "data"])


@pytest.mark.parametrize("command", ["paste", "cutouts", "negatives", "ablate", "export"])
def test_a_folder_below_one_that_cannot_be_written_is_refused_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    # os.access is replaced because root may write into a read-only folder
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "locked" and allowed(path, mode))
    (tmp_path / "locked").mkdir()
    with pytest.raises(CurateError, match="locked cannot be written") as caught:
        asked_for(command, tmp_path / "locked" / "a" / "out")
    assert "another folder with -o" in caught.value.cure
    assert not list((tmp_path / "locked").iterdir())


@pytest.mark.parametrize("command", ["paste", "cutouts", "negatives", "ablate", "export"])
def test_a_folder_below_a_file_is_refused_by_the_name_of_the_file(tmp_path: Path, command: str) -> None:
    (tmp_path / "note.txt").write_text("x")
    with pytest.raises(CurateError, match=r"note\.txt is a file"):
        asked_for(command, tmp_path / "note.txt" / "out")


def test_a_run_says_where_another_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("x")
    (tmp_path / "data").mkdir()
    asked = tmp_path / "curate.toml"
    asked.write_text('[data]\npath = "data"\nout = "note.txt/out"\n[validate]\n')
    with pytest.raises(OutputExists, match=r"note\.txt is a file") as caught:
        run.run(asked)
    assert caught.value.cure == "Name another folder in [data] out."


def asked_for(command: str, out: Path) -> None:
    """What there is to read need not exist: where to write is looked at first."""
    data = out.parent / "data"
    if command == "paste":
        paste.run(data, onto=["hands"], name="smoke", count=1, out=out)
    elif command == "cutouts":
        cutouts.run(data, out=out)
    elif command == "negatives":
        negatives.run(data, source=data, out=out)
    elif command == "export":
        export.run([data], out=out)
    else:
        refuse(out)


def test_pasted_images_do_not_go_into_the_set_that_the_things_are_cut_from(tmp_path: Path) -> None:
    hands, things = tmp_path / "hands", tmp_path / "things"
    asked: dict[str, Any] = {"onto": ["hands"], "name": "smoke", "count": 1, "out": things / "pasted"}
    for option in ("source", "cutouts"):
        with pytest.raises(CurateError, match=r"lies inside .*things, which is only read"):
            paste.run(hands, **{**asked, option: things})


@pytest.mark.skipif(os.name == "nt", reason="names on Windows are always text")
def test_a_name_that_is_no_unicode_is_told_byte_by_byte(tmp_path: Path) -> None:
    place = tmp_path / os.fsdecode("烟".encode("gbk"))
    place.mkdir()
    (place / "mine.txt").write_text("x")
    with pytest.raises(OutputExists, match=r"\\xd1\\xcc is there already"):
        refuse_new_folder(place, [])


def test_what_a_killed_dry_run_left_does_not_stop_an_ablation(tmp_path: Path) -> None:
    (tmp_path / f"{TRIAL}x1y2").mkdir()
    prepare(tmp_path)
    assert (tmp_path / ".curate-ablation").is_file()

"""`curate paste --remove`: every pasted image out again, nothing else, and back with `curate undo`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from curate.cli import app
from curate.commands import paste_removal, undo
from curate.commands.paste import run
from curate.formats.voc import SYNTHETIC_SOURCE, VocAnnotation, VocObject, write
from tests.curate.sets import files_below
from tests.curate.test_cutouts import stick
from tests.curate.test_paste import hand_box, hand_picture, labelled


@pytest.fixture
def hands(tmp_path: Path) -> Path:
    root = tmp_path / "手"
    for i in range(2):
        labelled(root, f"手{i}", hand_picture(10 * i), [VocObject("hand", hand_box(10 * i))])
    return root


@pytest.fixture
def pasted(hands: Path, tmp_path: Path) -> Path:
    image, box = stick(0.3)
    labelled(tmp_path / "smokes", "s", image, [VocObject("smoke", box)])
    out = tmp_path / "pasted"
    run(hands, onto=["hands"], name="smoke", source=tmp_path / "smokes", count=3, out=out)
    return out


def merge(pasted: Path, hands: Path) -> None:
    """Somebody copies the new images into their data set and lists them."""
    for folder in ("JPEGImages", "Annotations"):
        for file in (pasted / folder).iterdir():
            shutil.copy(file, hands / folder)
    lists = hands / "ImageSets" / "Main"
    lists.mkdir(parents=True)
    new = [file.stem for file in sorted((pasted / "Annotations").iterdir())]
    (lists / "train.txt").write_bytes("\r\n".join(["手0", *new, "手1"]).encode() + b"\r\n")


def test_what_was_merged_into_a_data_set_comes_out_again(hands: Path, pasted: Path) -> None:
    before = files_below(hands)
    merge(pasted, hands)
    merged = files_below(hands)
    result = paste_removal.run(hands)
    assert len(result.images) == 3
    assert result.lists == ("ImageSets/Main/train.txt",)
    left = {name: content for name, content in files_below(hands).items() if ".curate" not in name}
    assert left == {**before, "ImageSets/Main/train.txt": "手0\r\n手1\r\n".encode()}
    undo.run(hands)
    assert files_below(hands) == merged, "every byte is back"


def test_the_folder_of_a_paste_is_emptied(pasted: Path) -> None:
    before = files_below(pasted)
    paste_removal.run(pasted)
    assert {name for name in files_below(pasted) if ".curate" not in name} == set()
    undo.run(pasted)
    assert files_below(pasted) == before


def test_an_image_that_was_changed_since_stays_and_is_told(hands: Path, pasted: Path) -> None:
    merge(pasted, hands)
    changed = sorted((pasted / "JPEGImages").iterdir())[0].name
    place = hands / "JPEGImages" / changed
    place.write_bytes(place.read_bytes() + b"\0")
    result = paste_removal.run(hands)
    assert result.kept == {f"JPEGImages/{changed}": "its image was changed since"}
    assert place.exists()
    assert len(result.images) == 2
    text = paste_removal.describe(result)
    assert f"kept: JPEGImages/{changed}: its image was changed since" in text
    assert "curate undo" in text


def test_who_only_says_that_curate_pasted_it_is_not_believed(hands: Path) -> None:
    labelled(hands, "drawn", hand_picture(3), [])
    fake = VocAnnotation("JPEGImages", "drawn.png", 240, 220, source={"database": SYNTHETIC_SOURCE})
    (hands / "Annotations" / "drawn.xml").write_bytes(write(fake))
    before = files_below(hands)
    result = paste_removal.run(hands)
    assert result.kept == {"JPEGImages/drawn.png": "its <source> holds no SHA-256 of the image"}
    assert (result.images, result.run) == ((), None)
    assert files_below(hands) == before


def test_a_set_without_pasted_images_is_left_alone(hands: Path) -> None:
    before = files_below(hands)
    result = paste_removal.run(hands)
    assert "no image in" in paste_removal.describe(result)
    assert files_below(hands) == before


def test_the_command_line_takes_them_out(pasted: Path) -> None:
    answer = CliRunner().invoke(app, ["paste", str(pasted), "--remove", "--output-format", "json"])
    assert answer.exit_code == 0, answer.output
    assert '"removed"' in answer.stdout
    again = CliRunner().invoke(app, ["undo", str(pasted)])
    assert again.exit_code == 0, again.output


def test_an_option_that_would_do_nothing_beside_remove_is_refused(pasted: Path) -> None:
    before = files_below(pasted)
    answer = CliRunner().invoke(app, ["paste", str(pasted), "--remove", "--count", "40", "--seed", "0"])
    assert answer.exit_code == 2
    assert "--count and --seed would do nothing beside --remove" in answer.stderr
    assert files_below(pasted) == before

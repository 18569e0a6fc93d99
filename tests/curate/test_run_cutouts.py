"""`curate run` and `curate ablate` with cut-outs that `curate cutouts` made before: the key `cutouts`."""

from __future__ import annotations

from pathlib import Path

import pytest

from curate.commands.ablate.plan import plan
from curate.commands.cutouts import run as cut_out
from curate.commands.run import Result, run
from curate.errors import CurateError
from curate.formats.voc import VocObject
from curate.paste.provenance import read
from tests.curate.drawn_hands import BOX, drawn_hand
from tests.curate.laboratory import ABLATE, TABLES, config_file, put_data
from tests.curate.test_cutouts import stick
from tests.curate.test_paste import labelled

PASTE = '[[paste]]\npath = "手"\nobject = "烟"\ncutouts = "剪好"\ncount = 2\nsheet = 0\n'


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """`数据`, of whose three pictures the last is for a test; its cut-outs in `剪好`, and a hand in `手`."""
    for i, angle in enumerate((0.0, 0.5, -0.8)):
        image, box = stick(angle)
        labelled(tmp_path / "数据", f"{i}", image, [VocObject("烟", box)])
    cut_out(tmp_path / "数据", out=tmp_path / "剪好")
    lists = tmp_path / "数据" / "ImageSets" / "Main"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("0\n1\n")
    (lists / "test.txt").write_text("2\n")
    labelled(tmp_path / "手", "h", drawn_hand(), [VocObject("hand", BOX)])
    return tmp_path


def go(place: Path, tables: str = PASTE) -> Result:
    config = place / "curate.toml"
    config.write_text('[data]\npath = "数据"\nout = "out"\n' + tables, "utf-8")
    return run(config)


def used(place: Path) -> set[str]:
    """The pictures that what was pasted comes from."""
    return set(read(place / "out" / "paste-1")["cutout_image"])


def test_cutouts_of_training_pictures_are_pasted_and_others_are_not(place: Path) -> None:
    (place / "剪好" / "cutouts" / "JPEGImages_0_1.png").unlink()
    (step,) = go(place).steps
    assert not step.skipped
    assert used(place) == {"JPEGImages/1.png"}  # 0 was deleted by hand, 2 is kept for a test
    assert (place / "out" / "paste-1" / "JPEGImages").is_dir()


def test_what_the_folder_holds_decides_whether_the_step_is_done_again(place: Path) -> None:
    go(place)
    assert go(place).steps[0].skipped
    (place / "剪好" / "cutouts" / "JPEGImages_1_1.png").unlink()
    assert not go(place).steps[0].skipped
    assert used(place) == {"JPEGImages/0.png"}


def test_a_folder_that_is_not_there_is_told_before_anything_is_done(place: Path) -> None:
    with pytest.raises(CurateError, match="is no folder"):
        go(place, PASTE.replace("剪好", "没有"))
    assert not (place / "out").exists()


def test_an_ablation_counts_cutouts_among_what_a_step_depends_on_and_not_among_data_sets(
    tmp_path: Path,
) -> None:
    put_data(tmp_path)
    folder = tmp_path / "剪好"
    (folder / "cutouts").mkdir(parents=True)
    (folder / "cutouts.json").write_text("{}")
    config = config_file(tmp_path, TABLES.replace('onto = "hand"', 'onto = "hand"\ncutouts = "剪好"'), ABLATE)
    before = plan(config)
    assert folder.resolve() not in [path.resolve() for path in before.foreign_paths]
    key = before.made_key("paste:手", 0, 0, fixed=False)
    (folder / "cutouts.json").write_text("{ }")
    assert plan(config).made_key("paste:手", 0, 0, fixed=False) != key

"""curate.toml: what it may say, and what it is told when it says something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from curate.config import Config, load
from curate.errors import ConfigError

DATA = '[data]\npath = "照片"\nout = "out"\n'


PASTE = DATA + "[[paste]]\nobject = 'x'\ncount = 3\n"


def read(tmp_path: Path, text: str) -> Config:
    file = tmp_path / "curate.toml"
    file.write_text(text, encoding="utf-8")
    return load(file)


def test_a_table_asks_for_a_step_and_paths_start_at_the_file(tmp_path: Path) -> None:
    config = read(tmp_path, DATA + "[validate]\n")
    assert config.data.path == tmp_path.resolve() / "照片"
    assert config.validate is not None
    assert (config.fix, config.negatives, config.paste, config.fit) == (None, None, (), None)


def test_the_words_of_python_are_plain_keys(tmp_path: Path) -> None:
    text = '[[paste]]\nobject = "smoke"\nfrom = "cigs"\nas = "cigarette"\ncount = 3\nonto = "hands"\n' * 2
    first, second = read(tmp_path, DATA + text).paste
    assert first == second
    assert (first.from_, first.as_, first.onto) == (tmp_path.resolve() / "cigs", "cigarette", ("hands",))


def test_a_paste_may_name_its_own_targets_and_all_that_the_command_can(tmp_path: Path) -> None:
    text = PASTE + 'path = "hands"\nobjects-per-image = 2\nsize = [0.3, 0.5]\nas-distractor = "pen"\n'
    (table,) = read(tmp_path, text + 'cutouts = "剪好"\n').paste
    assert table.path == tmp_path.resolve() / "hands"
    assert table.cutouts == tmp_path.resolve() / "剪好"
    assert (table.objects_per_image, table.size, table.as_distractor) == ((2,), (0.3, 0.5), "pen")


def test_classes_are_kept_and_mapped(tmp_path: Path) -> None:
    config = read(tmp_path, DATA + '[classes]\nkeep = ["hand"]\n[classes.map]\n"no-phone" = "hand"\n')
    assert (config.classes.keep, dict(config.classes.map)) == (("hand",), {"no-phone": "hand"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[dta]\npath = "x"\n', "the file knows no 'dta'. Did you mean 'data'?"),
        (DATA + "[fix]\nunsafe_fix = true\n", "[fix] knows no 'unsafe_fix'. Did you mean 'unsafe_fixes'?"),
        (DATA + "[classes]\nmapp = {}\n", "[classes] knows no 'mapp'. Did you mean 'map'?"),
        ('[data]\npath = "x"\n', "[data] lacks 'out'."),
        ("", "the file lacks 'data'."),
        (DATA + '[fix]\nunsafe_fixes = "yes"\n', "fix.unsafe_fixes = 'yes' is not true or false."),
        (DATA + "[split]\nseed = true\n", "split.seed = True is not a whole number."),
        (DATA + "[split]\nseed = -1\n", "[split] seed = -1 cannot be used."),
        (DATA + "[export]\n[fit]\nimgsz = 320\n[anchors]\nseed = -1\n", "seed = -1 cannot be used."),
        (DATA + '[[paste]]\nobject = "a"\ncount = 1\nseed = -1\n', "seed = -1 cannot be used."),
        (DATA + "[split]\nratios = [1]\n", "[split] ratios = [1.0] cannot be used."),
        (DATA + "[split]\npixels = 1\n", "split.pixels = 1 is not true or false."),
        (DATA + "[classes.map]\na = 3\n", "classes.map.a = 3 is not text in quotes."),
        (DATA + "validate = 3\n", "[data] knows no 'validate'."),
        (DATA + '[negatives]\nfrom = "x"\n', "[negatives] needs either ratio or count."),
        (DATA + "[negatives]\ncount = 3\n", "[negatives] does not say where they come from."),
        (DATA + "[fit]\nminutes = 1\n", "[fit] needs what [export] makes."),
        (DATA + "[export]\n[val]\n", "[val] needs what [fit] makes."),
        (DATA + "[export]\n[anchors]\n", "[anchors] needs the size that [fit] trains at."),
        (DATA + "[export]\n[fit]\n[val]\nsplit = 'train'\n", '[val] split = "train" is unknown.'),
        (DATA + "[[paste]]\nobject = 'x'\ncount = 0\n", "[[paste]] count = 0 makes no image."),
        (PASTE + "place = 'there'\n", '[[paste]] place = "there" is unknown.'),
        (PASTE + "cut = 'box'\ncutouts = 'c'\n", '[[paste]] cut = "box" pastes rectangles, and no cut-outs.'),
        (PASTE + "relation = 'on'\n", '[[paste]] relation = "on" is unknown.'),
        (PASTE + "grey = 2.0\n", "[[paste]] grey = 2.0 is no share."),
        (PASTE + "objects-per-image = [1, 2, 3]\n", "[[paste]] objects_per_image = [1, 2, 3] is no range."),
        (
            PASTE + "as = 'a'\nas_distractor = 'b'\n",
            "[[paste]] as and as_distractor both name the new class.",
        ),
        (PASTE + "onton = 'hands'\n", "[paste] knows no 'onton'. Did you mean 'onto'?"),
        ("path = [", "is not TOML"),
    ],
)
def test_a_mistake_is_told_in_one_line_with_its_cure(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    assert said in str(caught.value)
    assert "\n" not in caught.value.message
    assert caught.value.cure


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "curate.toml"
    with pytest.raises(ConfigError, match="cannot be read"):
        load(file)
    file.write_bytes("名".encode("gb18030"))
    with pytest.raises(ConfigError, match="not UTF-8"):
        load(file)


def test_the_sample_configuration_is_valid(samples: Path) -> None:
    config = load(samples / "curate.toml")
    assert config.data.path == samples / "data"
    assert config.fit is not None and config.val is not None

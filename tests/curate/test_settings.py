"""What `curate validate` reads of a configuration: which file, what it may say, what it is told."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from curate.commands import validate
from curate.commands.run import run
from curate.config import Settings, Suppress, load, settings_for
from curate.errors import ConfigError
from curate.findings import Finding
from tests.curate.sets import put, put_voc
from tests.curate.test_cli import curate_cli

WIDE = ("hand", (0.0, 0.0, 64.0, 48.0))  # BOX009: it covers its image
SMALL = ("hand", (4.0, 4.0, 6.0, 40.0))  # 2 px of 64 are 20 px of 640: no BOX008, but see `tiny`


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data set in a folder of its own; the current folder is an empty one beside it."""
    monkeypatch.chdir(put(tmp_path / "here" / "keep", "").parent)
    return put_voc(tmp_path / "数据", {"a": [WIDE], "b": [SMALL]})


def asked(path: Path, settings: Settings) -> set[str]:
    """The codes of what is found and is no info."""
    return {f.code for f in grave(path, settings)}


def grave(path: Path, settings: Settings) -> list[Finding]:
    return [f for f in validate.run(path, settings=settings).findings if f.severity.value != "info"]


# --- which file ---------------------------------------------------------------------------------------


def test_without_a_file_nothing_is_set(data: Path) -> None:
    assert settings_for(data) == Settings()


def test_one_file_is_obeyed_the_one_nearest_to_the_data(data: Path) -> None:
    order = [
        (Path("pyproject.toml"), '[tool.curate.validate]\nignore = ["BOX001"]\n', "BOX001"),
        (Path("curate.toml"), '[validate]\nignore = ["BOX002"]\n', "BOX002"),
        (data / "pyproject.toml", '[tool.curate.validate]\nignore = ["BOX003"]\n', "BOX003"),
        (data / "curate.toml", '[validate]\nignore = ["BOX004"]\n', "BOX004"),
    ]
    for file, text, code in order:  # each goes before those that were there
        put(file, text)
        assert settings_for(data).validate.ignore == (code,)
    named = put(Path("other.toml"), '[validate]\nignore = ["BOX005"]\n')
    assert settings_for(data, config=named).validate.ignore == ("BOX005",)
    assert settings_for(data, isolated=True) == Settings()


def test_a_pyproject_of_something_else_says_nothing(data: Path) -> None:
    put(data / "pyproject.toml", '[project]\nname = "x"\n[tool.ruff]\nline-length = 80\n')
    put(Path("curate.toml"), '[validate]\nignore = ["BOX"]\n')
    assert settings_for(data).validate.ignore == ("BOX",)
    with pytest.raises(ConfigError, match=r"no \[tool.curate\]"):
        settings_for(data, config=data / "pyproject.toml")


def test_a_file_about_another_data_set_is_left_aside_unless_it_is_named(data: Path) -> None:
    file = put(Path("curate.toml"), '[data]\npath = "other"\nout = "out"\n[validate]\nignore = ["BOX"]\n')
    assert settings_for(data) == Settings()
    assert settings_for(data, config=file).validate.ignore == ("BOX",)
    put(file, f'[data]\npath = "other"\nalso = ["../{data.name}"]\nout = "o"\n[validate]\nignore = ["BOX"]\n')
    assert settings_for(data).validate.ignore == ("BOX",)


def test_run_and_validate_read_the_same_file(data: Path) -> None:
    text = f"""
[data]
path = "../{data.name}"
out = "out"
[classes]
names = ["hand", "香烟"]
[validate]
select = "BOX"
extend-select = ["ENC"]
per-file-ignores = {{ "old/**" = ["BOX008"] }}
imgsz = 320
[[suppress]]
code = "BOX009"
path = "a.xml"
reason = "一只手"
until = 2027-01-31
[fit]
minutes = 1
[export]
"""
    file = put(Path("curate.toml"), text)
    read = settings_for(data)
    assert load(file).settings == read
    assert (read.validate.select, read.validate.extend_select) == (("BOX",), ("ENC",))
    assert dict(read.validate.per_file_ignores) == {"old/**": ("BOX008",)}
    assert (read.validate.imgsz, read.classes.names) == (320, ("hand", "香烟"))
    assert read.suppress == (Suppress("BOX009", "a.xml", "一只手", date(2027, 1, 31)),)


def test_config_and_isolated_exclude_each_other(data: Path) -> None:
    answer = curate_cli("validate", data, "--config", "x.toml", "--isolated")
    assert answer.returncode == 2 and "Ask for one" in answer.stderr


# --- what it does -------------------------------------------------------------------------------------


def test_the_command_obeys_the_file_and_options_go_before_it(data: Path) -> None:
    put(data / "curate.toml", '[validate]\nselect = ["BOX"]\nignore = ["BOX009"]\ntiny = 21\n')

    def codes(*options: str) -> str:
        return " ".join(
            sorted(set(curate_cli("validate", data, *options).stdout.split()) & {"BOX008", "BOX009"})
        )

    assert codes() == "BOX008"
    assert codes("--select", "BOX009") == "BOX009"
    assert codes("--extend-select", "BOX009") == "BOX008 BOX009"
    assert codes("--ignore", "BOX") == ""
    assert codes("--isolated") == "BOX009"  # 20 px are not fewer than 8


def test_limits_of_rules_are_set(data: Path) -> None:
    def found(text: str) -> set[str]:
        return asked(data, settings_for(data, config=put(Path("c.toml"), f"[validate]\n{text}\n")))

    assert found("") == {"BOX009"}
    assert found("imgsz = 192") == {"BOX008", "BOX009"}  # 2 px of 64 are 6 px of 192
    assert found("tiny = 20.5") == {"BOX008", "BOX009"}
    assert found("whole-image = 1.0") == {"BOX009"}  # the box covers all of it
    put_voc(data, {"a": [("hand", (0.0, 0.0, 64.0, 47.0))]})  # 97.9 %
    assert found("") == set()
    assert found("whole_image = 0.9") == {"BOX009"}


def test_the_classes_of_the_file_are_the_class_list(data: Path) -> None:
    file = put(Path("c.toml"), '[classes]\nnames = ["cigarette"]\n')
    assert "CLS001" in asked(data, settings_for(data, config=file))
    (finding, *_) = [f for f in grave(data, settings_for(data, config=file)) if f.code == "CLS001"]
    assert "is not in the configuration" in finding.message
    report = validate.run(data, settings=settings_for(data, config=file), classes=["hand"])
    assert "CLS001" not in {f.code for f in report.findings}


def test_rules_are_ignored_in_some_files(data: Path) -> None:
    file = put(Path("c.toml"), '[validate.per-file-ignores]\n"a.xml" = ["BOX"]\n')
    assert asked(data, settings_for(data, config=file)) == set()
    assert (
        curate_cli("validate", data, "--per-file-ignores", "Annotations/a.xml:BOX008,BOX009").returncode == 0
    )
    assert curate_cli("validate", data, "--per-file-ignores", "b.xml:BOX").returncode == 1
    for wrong in ("a.xml", ":BOX", "a.xml:", "a.xml:BXO"):
        assert curate_cli("validate", data, "--per-file-ignores", wrong).returncode == 2


def test_where_counting_begins_can_be_pinned(data: Path) -> None:
    put_voc(data, {"a": [("hand", (-1.0, 4.0, 30.0, 40.0))]})  # written 0,5,30,40: one side at 0 tells little

    def codes(text: str) -> set[str]:
        settings = settings_for(data, config=put(Path("c.toml"), f"[validate]\n{text}\n"))
        return {f.code for f in validate.run(data, settings=settings).findings}

    assert "BOX002" in codes("") and "BOX002" in codes("coordinate-base = 1")
    assert "BOX002" not in codes("coordinate-base = 0")


def test_a_run_obeys_the_same_settings_and_asks_again_when_they_change(data: Path) -> None:
    start = f'[data]\npath = "../{data.name}"\nout = "out"\n'
    (step,) = run(put(Path("run.toml"), f"{start}[validate]\n")).steps
    assert "1 warning" in step.done.outcome.summary
    file = put(
        Path("run.toml"), f'{start}[validate]\nbaseline = "known.json"\n[[suppress]]\ncode = "BOX009"\n'
    )
    validate.run(data, select=["CLS"], write_baseline=Path("known.json"))
    (step,) = run(file).steps
    assert "0 warnings" in step.done.outcome.summary and "1 finding suppressed" in step.done.outcome.text
    assert run(file).steps[0].skipped
    put(Path("known.json"), '{"curate-baseline": 1, "findings": []}')
    assert not run(file).steps[0].skipped


# --- what it is told ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said", "cure"),
    [
        ("\n[validat]\n", "2: the file knows no 'validat'.", "Did you mean 'validate'?"),
        ("[validate]\n\nselct = []\n", "3: [validate] knows no 'selct'.", "Did you mean 'select'?"),
        (
            "[validate]\nextend-selct = []\n",
            "2: [validate] knows no 'extend-selct'.",
            "Did you mean 'extend-select'?",
        ),
        ('select = ["BOX"]\n', "1: the file knows no 'select'.", "Write it below a line [validate]."),
        ('[validate]\nignore = [\n  "BOX",\n  "BXO002",\n]\n', "2: No rule begins with 'BXO002'.", "BOX002"),
        ("[validate]\nignore = [3]\n", "2: validate.ignore = 3 is not text in quotes.", "Correct"),
        ("[validate]\nimgsz = 16\n", "2: [validate] imgsz = 16 is out of range.", "at least 32"),
        ("[validate]\ncoordinate-base = 2\n", "2: [validate] coordinate_base = 2 is out", "0 or 1"),
        ("[validate]\nwhole_image = 98\n", "2: [validate] whole_image = 98.0 is out", "share"),
        ("[validate]\ntiny = 1\nimgsz = true\n", "3: validate.imgsz = True is not a whole number.", ""),
        (
            "[validate]\nextend-select = []\nextend_select = []\n",
            "[validate] says 'extend_select' twice.",
            "",
        ),
        (
            '[[suppress]]\ncode = "BOX"\n[[suppress]]\ncod = "BOX"\n',
            "4: [suppress] knows no 'cod'.",
            "'code'",
        ),
        ('[[suppress]]\npath = "a.xml"\n', "1: [suppress] lacks 'code'.", "Add code = "),
        ('[[suppress]]\ncode = "BXO"\n', "2: No rule begins with 'BXO'.", ""),
        (
            '[[suppress]]\ncode = "BOX"\nuntil = "2027-01-01"\n',
            "3: suppress.until = '2027-01-01' is not a date",
            "",
        ),
        ('[[suppress]]\ncode = "BOX"\nuntil = 2027-01-01T10:00:00\n', "3: suppress.until = ", ""),
        ('[validate.per-file-ignores]\n"*.xml" = ["BXO"]\n', "2: No rule begins with 'BXO'.", ""),
        ("validate = 3\n", "1: [validate] is no table.", "[validate]"),
        ("[validate\n", "is not TOML", "Correct"),
    ],
)
def test_a_mistake_is_told_with_its_file_and_line(data: Path, text: str, said: str, cure: str) -> None:
    put(data / "curate.toml", text)
    with pytest.raises(ConfigError) as caught:
        settings_for(data)
    assert "curate.toml" in caught.value.message
    assert said in caught.value.message
    assert cure in caught.value.cure


def test_in_a_pyproject_the_place_is_told_from_its_top(data: Path) -> None:
    put(data / "pyproject.toml", '[project]\nname = "x"\n\n[tool.curate.validate]\nselct = []\n')
    with pytest.raises(ConfigError, match=r"pyproject.toml:5: \[tool.curate.validate\] knows no 'selct'"):
        settings_for(data)
    put(data / "pyproject.toml", "[tool]\ncurate = 3\n")
    with pytest.raises(ConfigError, match=r"\[tool.curate\] is no table"):
        settings_for(data)


def test_a_mistake_exits_2_with_one_line_and_its_cure(data: Path) -> None:
    file = put(data / "curate.toml", "[validate]\nselct = []\n")
    answer = curate_cli("validate", data)
    assert answer.returncode == 2
    assert answer.stderr == f"error: {file}:2: [validate] knows no 'selct'.\n  Did you mean 'select'?\n"
    assert curate_cli("validate", data, "--isolated").returncode == 1


# --- configurations of strangers ----------------------------------------------------------------------


def test_a_file_that_came_with_the_data_names_no_file_elsewhere(data: Path) -> None:
    put(data.parent / "known.json", "{}")
    file = put(data / "curate.toml", '[validate]\nbaseline = "../known.json"\n')
    with pytest.raises(ConfigError, match=r"2: the baseline .* lies outside"):
        settings_for(data)
    assert settings_for(data, config=file).validate.baseline == data.parent / "known.json"
    put(file, '[validate]\nbaseline = "known.json"\n')
    assert settings_for(data).validate.baseline == data / "known.json"
    (data / "known.json").symlink_to(data.parent / "known.json")
    with pytest.raises(ConfigError, match="lies outside"):
        settings_for(data)


def test_a_link_that_leaves_the_folder_is_not_followed(data: Path) -> None:
    secret = put(data.parent / "secret", "password = 'x'\n")
    (data / "curate.toml").symlink_to(secret)
    with pytest.raises(ConfigError, match="link that leaves") as caught:
        settings_for(data)
    assert "password" not in str(caught.value)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_is_no_configuration(data: Path) -> None:
    os.mkfifo(data / "curate.toml")
    assert settings_for(data) == Settings()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("名".encode("gb18030"), "not UTF-8"),
        (b"a = " + b"[" * 100_000, "is not TOML"),
        (b"#" * (1 << 20) + b"\n", "too large"),
        (b"\n".join(b"# selct =" for _ in range(20_000)) + b"\n[validate]\nselct = 1", "knows no 'selct'"),
    ],
)
def test_a_hostile_file_is_one_line_and_quick(data: Path, content: bytes, said: str) -> None:
    (data / "curate.toml").write_bytes(content)
    with pytest.raises(ConfigError, match=said):
        settings_for(data)


def test_a_pyproject_may_ask_for_a_run_too(data: Path) -> None:
    file = put(Path("pyproject.toml"), f'[tool.curate.data]\npath = "../{data.name}"\nout = "out"\n')
    assert load(file).data.path.resolve() == data.resolve()
    put(file, "[tool.curate.export]\n[tool.curate.val]\n")
    with pytest.raises(ConfigError, match=r"pyproject.toml:\d: \[tool.curate\] lacks 'data'"):
        load(file)

"""Decisions about a user's own images: recorded, shown, forgotten, and taken back byte for byte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from curate.commands import decisions, validate
from curate.commands.decisions import decide, describe, listed
from curate.commands.undo import list_runs
from curate.commands.undo import run as undo
from curate.errors import CurateError, JournalError
from curate.negatives.ledger import BY_MODEL, LEDGER, NEVER, OWN, VERIFIED
from curate.tree import Tree
from tests.curate.negatives.scenes import SeesRed, encoded, put_scenes, scene
from tests.curate.sets import files_below, picture, put
from tests.curate.test_cli import curate_cli

EMPTY = ["JPEGImages/bare.jpg", "JPEGImages/空1.png", "JPEGImages/空2.png"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A labelled image, two whose annotations name no object, and one without annotation."""
    root = put_scenes(tmp_path / "数据", {"a": [(10, 20, 70, 90)], "空1": [], "空2": []})
    put(root / "JPEGImages" / "bare.jpg", encoded(scene(40), ".jpg"))
    return root


def ledger(data: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (data / OWN).read_text("utf-8").splitlines()]


def states(data: Path) -> dict[str, str]:
    return {one.image: one.standing.state for one in listed(data)[0]}


def test_a_decision_says_who_when_why_and_of_which_bytes(data: Path) -> None:
    done = decide(data, verify=["JPEGImages/空1.png"], who="李伟", when="2027-01-31", why="empty kitchen")
    (row,) = ledger(data)
    content = (data / "JPEGImages" / "空1.png").read_bytes()
    assert row == {
        "image": "JPEGImages/空1.png",
        "decision": VERIFIED,
        "who": "李伟",
        "sha256": Tree.open(data).sha256("JPEGImages/空1.png").hex(),
        "bytes": len(content),
        "when": "2027-01-31",
        "why": "empty kitchen",
    }
    assert (done.run, done.recorded) == ("0001", {VERIFIED: 1})


def test_no_date_is_taken_from_the_clock_unasked(data: Path) -> None:
    decide(data, verify=["JPEGImages/空1.png"])
    assert "when" not in ledger(data)[0]
    assert ledger(data)[0]["who"] == "curate negatives --verify"
    decide(data, verify=["JPEGImages/空2.png"], when="now")
    assert ledger(data)[1]["when"].startswith("20")


@pytest.mark.parametrize(
    ("pattern", "meant"),
    [
        ("JPEGImages/空*", EMPTY[1:]),
        ("空1.png", EMPTY[1:2]),
        ("Annotations/空2.xml", EMPTY[2:]),
        ("**", EMPTY),
        ("JPEGImages", EMPTY),
    ],
)
def test_files_annotations_and_patterns_name_images(data: Path, pattern: str, meant: list[str]) -> None:
    decide(data, verify=[pattern])
    assert [row["image"] for row in ledger(data)] == meant


def test_a_path_as_the_shell_completes_it_is_understood(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(data.parent)
    decide(Path("数据"), verify=["数据/JPEGImages/空1.png"])
    assert [row["image"] for row in ledger(data)] == ["JPEGImages/空1.png"]


def test_a_name_with_brackets_is_a_name_first(data: Path) -> None:
    put(data / "JPEGImages" / "x[1].jpg", picture(number=3))
    put(data / "JPEGImages" / "x1.jpg", picture(number=4))
    decide(data, verify=["JPEGImages/x[1].jpg"])
    assert [row["image"] for row in ledger(data)] == ["JPEGImages/x[1].jpg"]


def test_labelled_images_are_passed_over_by_a_pattern_and_refused_by_name(data: Path) -> None:
    assert decide(data, verify=["**"]).passed_over == {"it holds objects": 1}
    with pytest.raises(CurateError, match=r"a\.png cannot be decided upon: it holds 1 object"):
        decide(data, verify=["JPEGImages/a.png"])


def test_a_name_that_is_not_there_names_the_nearest(data: Path) -> None:
    with pytest.raises(CurateError, match="means no image") as stopped:
        decide(data, verify=["JPEGImages/空3.png"])
    assert "Did you mean JPEGImages/空" in stopped.value.cure
    assert not (data / ".curate").exists()


def test_the_three_states_are_listed_and_counted(data: Path) -> None:
    decide(data, verify=["空1.png"], never=["空2.png"])
    assert states(data) == {EMPTY[0]: NEVER, EMPTY[1]: VERIFIED, EMPTY[2]: NEVER}
    lines = decisions.describe_list(*listed(data), all_rows=True)
    assert lines[0] == "never-labelled     JPEGImages/bare.jpg"
    assert lines[1] == "verified-negative  JPEGImages/空1.png  curate negatives --verify"
    assert lines[3] == "3 images without objects: 2 never-labelled, 1 verified-negative, 0 negative-by-model"


def test_a_changed_image_is_listed_as_such(data: Path) -> None:
    decide(data, verify=["空1.png"], who="李伟")
    put(data / "JPEGImages" / "空1.png", encoded(scene(80)))
    (line,) = [x for x in decisions.describe_list(*listed(data), all_rows=True) if "空1" in x]
    assert line == "never-labelled     JPEGImages/空1.png  changed since it was verified-negative (李伟)"


def test_the_last_word_stands_and_the_same_word_twice_changes_nothing(data: Path) -> None:
    decide(data, verify=["**"], who="a")
    again = decide(data, verify=["**"], who="a")
    assert (again.run, again.same) == (None, 3)
    decide(data, never=["空1.png"], who="b")
    assert [(row["image"], row["who"]) for row in ledger(data)][1] == (EMPTY[1], "b")


def test_forgotten_decisions_leave_no_line_and_in_the_end_no_file(data: Path) -> None:
    decide(data, verify=["**"])
    assert decide(data, forget=["空1.png"]).forgotten == 1
    assert [row["image"] for row in ledger(data)] == [EMPTY[0], EMPTY[2]]
    decide(data, forget=["**"])
    assert not (data / OWN).exists()
    with pytest.raises(CurateError, match=r"Nothing is on record of 空1\.png"):
        decide(data, forget=["空1.png"])


def test_undo_takes_decisions_back_byte_for_byte(data: Path) -> None:
    before = files_below(data)
    decide(data, verify=["空1.png"])
    first = (data / OWN).read_bytes()
    decide(data, verify=["空2.png"], forget=["空1.png"])
    with pytest.raises(JournalError, match="Run 0002 changed it too"):
        undo(data, run_id="0001")
    undo(data)
    assert (data / OWN).read_bytes() == first
    undo(data)
    assert files_below(data) == before
    assert not (data / ".curate").exists()


def test_the_journal_says_which_questions_were_answered(data: Path) -> None:
    decide(data, verify=["**"])
    (run,) = list_runs(data)
    assert (run.findings, run.files, run.codes, run.complete) == (3, 1, ("IMG002", "OBJ001"), True)


def test_repairs_and_decisions_share_a_journal(data: Path) -> None:
    xml = data / "Annotations" / "a.xml"
    xml.write_bytes(xml.read_bytes().replace(b"<width>320", b"<width>0"))
    decide(data, verify=["空1.png"])
    validate.run(data, fix=True)
    assert [run.id for run in list_runs(data)] == ["0001", "0002"]
    undo(data, run_id="0001")
    assert not (data / OWN).exists()


def test_contradictions_are_refused_with_nothing_changed(data: Path) -> None:
    with pytest.raises(CurateError, match="is to be verified-negative and never-labelled"):
        decide(data, verify=["空1.png"], never=["**"])
    decide(data, verify=["空1.png"])
    before = files_below(data)
    with pytest.raises(CurateError, match="is to be decided upon and forgotten"):
        decide(data, verify=["空1.png"], forget=["空1.png"])
    assert files_below(data) == before


def test_a_ledger_with_a_broken_line_is_not_rewritten(data: Path) -> None:
    put(data / OWN, "not json\n")
    before = files_below(data)
    with pytest.raises(CurateError, match=r"ledger\.jsonl:1 cannot be read: it is not JSON"):
        decide(data, verify=["**"])
    assert files_below(data) == before


def test_a_curate_folder_that_is_a_link_is_not_written_through(data: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (data / ".curate").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CurateError):
        decide(data, verify=["**"])
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_folder_that_curate_negatives_wrote_can_be_confirmed(data: Path, tmp_path: Path) -> None:
    from curate.commands.negatives import run

    put(tmp_path / "rooms" / "room.png", encoded(scene(70)))
    out = tmp_path / "neg"
    run(data, out=out, source=tmp_path / "rooms", count=1)
    content = (out / LEDGER).read_bytes()
    (out / LEDGER).write_bytes(content.replace(VERIFIED.encode(), BY_MODEL.encode()))
    assert [f.severity.value for f in validate.run(out, select=["OBJ001"]).findings] == ["info"]
    decide(out, verify=["**"], who="李伟")
    assert validate.run(out, select=["OBJ001"]).findings == ()


# --- with a model -----------------------------------------------------------------------------------------


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> SeesRed:
    one = SeesRed(usual=0.2)
    monkeypatch.setattr(decisions, "open_checker", lambda path: one)
    return one


def test_a_model_decides_where_it_sees_nothing(data: Path, model: SeesRed) -> None:
    put(data / "JPEGImages" / "空2.png", encoded(scene(81, [(50, 50, 90, 120)])))
    done = decide(data, by_model=["**"], check=Path("红.pt"), sheet=9)
    assert {row["image"]: row["decision"] for row in ledger(data)} == dict.fromkeys(EMPTY[:2], BY_MODEL)
    assert ledger(data)[0]["who"] == "model 红.pt (abababababab)"
    assert [(image, claims[0].confidence) for image, claims in done.suspects] == [(EMPTY[2], 0.7)]
    assert "  left undecided: JPEGImages/空2.png: red at 0.70" in describe(done)
    assert done.sheet == data / ".curate" / "suspects.png"
    assert done.sheet.is_file()


def test_a_person_with_a_model_beside_verifies_only_what_it_finds_empty(data: Path, model: SeesRed) -> None:
    put(data / "JPEGImages" / "空2.png", encoded(scene(81, [(50, 50, 90, 120)])))
    decide(data, verify=["空*"], check=Path("红.pt"), who="李伟")
    (row,) = ledger(data)
    assert (row["image"], row["who"]) == (EMPTY[1], "李伟")
    assert row["why"] == "model 红.pt (abababababab) sees nothing in it"


def test_what_a_model_cannot_read_it_does_not_call_empty(data: Path, model: SeesRed) -> None:
    put(data / "JPEGImages" / "空2.png", b"no picture")
    done = decide(data, by_model=["空*"], check=Path("红.pt"))
    assert (done.recorded, done.passed_over) == ({BY_MODEL: 1}, {"the image cannot be read": 1})


def test_a_model_that_decides_must_be_named(data: Path) -> None:
    with pytest.raises(CurateError, match="--by-model lets a model decide"):
        decide(data, by_model=["**"])
    with pytest.raises(CurateError, match="--check has nothing to look at"):
        decide(data, never=["**"], check=Path("x.pt"))


# --- the command line -------------------------------------------------------------------------------------


def test_the_command_line_records_lists_and_forgets(data: Path) -> None:
    done = curate_cli("negatives", str(data), "--verify", "空1.png", "--verify", "空2.png", "--who", "李伟")
    assert (done.returncode, done.stdout.splitlines()) == (
        0,
        ["2 on record as verified-negative", "run 0001; to take it back: curate undo PATH"],
    )
    shown = curate_cli("negatives", str(data), "--list", "--output-format", "json")
    rows = {row["image"]: row["state"] for row in json.loads(shown.stdout)["images"]}
    assert rows == {EMPTY[0]: NEVER, EMPTY[1]: VERIFIED, EMPTY[2]: VERIFIED}
    assert curate_cli("negatives", str(data), "--forget", "空1.png").returncode == 0
    assert curate_cli("undo", str(data)).returncode == 0
    assert states(data)[EMPTY[1]] == VERIFIED


def test_without_anything_asked_the_command_gives_advice(data: Path) -> None:
    told = curate_cli("negatives", str(data))
    assert told.returncode == 0
    assert told.stdout.splitlines()[0].startswith("3 images without objects: 3 never-labelled")
    assert "0-10 % is usual" in told.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--list", "--verify", "x"], "one at a time"),
        (["--crops"], "Give both"),
        (["-o", "out"], "Give both"),
        (["--mark-suspects"], "belongs to"),
    ],
)
def test_options_that_do_not_go_together_are_refused(data: Path, options: list[str], said: str) -> None:
    refused = curate_cli("negatives", str(data), *options)
    assert refused.returncode == 2
    assert said in refused.stderr


def test_fewer_than_asked_is_exit_code_one(data: Path, tmp_path: Path) -> None:
    put(tmp_path / "rooms" / "room.png", encoded(scene(70)))
    out = ["--from", str(tmp_path / "rooms"), "-o", str(tmp_path / "out")]
    told = curate_cli("negatives", str(data), *out, "--count", "2", "--sheet", "1", "--output-format", "json")
    assert told.returncode == 1
    said = json.loads(told.stdout)
    assert (said["made"], said["asked"], said["states"]) == (1, 2, {VERIFIED: 1})
    assert Path(said["sheets"][0]).is_file()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--check", "best.pt"), "--check would do nothing"),
        (("--list", "--who", "李伟"), "--who would do nothing"),
        (("--ratio", "0.2", "--when", "now"), "--ratio and --when would do nothing"),
        (("--verify", "空1.png", "--count", "9"), "--count would do nothing"),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(data: Path, options: tuple[str, ...], said: str) -> None:
    before = files_below(data)
    refused = curate_cli("negatives", str(data), *options)
    assert refused.returncode == 2
    assert said in refused.stderr
    assert "--from, --crops or --mine" in refused.stderr, "the cure"
    assert files_below(data) == before

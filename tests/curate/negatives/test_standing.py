"""The rules, the export and the command agree on what an image without objects is."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from curate.commands import export, validate
from curate.errors import CurateError
from curate.findings import Finding, Severity
from curate.formats.discover import open_dataset
from curate.formats.voc import VocAnnotation, write
from curate.negatives.ledger import BY_MODEL, LEDGER, NEVER, OWN, STATES, VERIFIED, Decision, dump, parse
from curate.negatives.standing import DATABASE, standings
from curate.tree import Tree
from tests.curate.sets import picture, put, put_voc

HAND = ("hand", (8.0, 12.0, 40.0, 36.0))
EMPTY, BARE = "JPEGImages/空.jpg", "JPEGImages/bare.jpg"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three labelled images, one whose annotation names no object, and one without annotation."""
    root = put_voc(tmp_path / "数据", {"a": [HAND], "b": [HAND], "c": [HAND], "空": []})
    put(root / BARE, picture(number=50))
    return root


def decide(root: Path, state: str, *images: str, file: str = OWN, who: str = "李伟") -> None:
    """Put a decision about the bytes as they are into a ledger."""
    decisions = []
    for image in images:
        content = (root / image).read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        decisions.append(Decision(image, state, who, sha256, bytes=len(content)))
    put(root / file, dump(decisions))


def asked(root: Path) -> list[Finding]:
    """What OBJ001 and IMG002 say."""
    return list(validate.run(root, select=["OBJ001", "IMG002"]).findings)


def said(root: Path) -> list[tuple[str, str, str]]:
    return [(f.code, f.path, f.severity.value) for f in asked(root)]


def states(root: Path) -> dict[str, str]:
    tree = Tree.open(root)
    data = open_dataset(tree)
    found = standings(data, tree).of
    return {data.images["image"][row]: standing.state for row, standing in found.items()}


# --- rules ------------------------------------------------------------------------------------------------


def test_what_nobody_decided_is_asked_about(root: Path) -> None:
    assert said(root) == [("OBJ001", "Annotations/空.xml", "warning"), ("IMG002", BARE, "warning")]
    assert states(root) == {EMPTY: NEVER, BARE: NEVER}


@pytest.mark.parametrize("file", [OWN, LEDGER])
def test_a_verified_negative_is_not_asked_about_again(root: Path, file: str) -> None:
    decide(root, VERIFIED, EMPTY, BARE, file=file)
    assert said(root) == []


def test_unless_its_bytes_have_changed(root: Path) -> None:
    decide(root, VERIFIED, EMPTY, BARE)
    put(root / EMPTY, picture(number=90))
    (found,) = asked(root)
    assert found.message == "the image was recorded as verified-negative, and its bytes were changed since"
    assert found.severity is Severity.WARNING
    content = bytearray((root / BARE).read_bytes())
    content[-10] ^= 1  # as long as before
    put(root / BARE, bytes(content))
    assert [f.path for f in asked(root)] == ["Annotations/空.xml", BARE]


def test_a_decision_moves_with_its_picture(root: Path) -> None:
    decide(root, VERIFIED, EMPTY, BARE)
    (root / BARE).rename(root / "JPEGImages" / "新名.jpg")
    assert said(root) == []


def test_the_word_of_a_model_is_an_info(root: Path) -> None:
    decide(root, BY_MODEL, EMPTY, BARE, who="model best.pt (abab)")
    assert said(root) == [("OBJ001", "Annotations/空.xml", "info"), ("IMG002", BARE, "info")]
    assert asked(root)[0].message == "a negative by the word of a model alone: model best.pt (abab)"
    assert validate.run(root, select=["OBJ001", "IMG002"]).is_clean


def test_an_image_on_record_as_never_labelled_is_asked_about(root: Path) -> None:
    decide(root, NEVER, EMPTY, BARE)
    assert [severity for *_, severity in said(root)] == ["warning", "warning"]


@pytest.mark.parametrize(("state", "severity"), [(VERIFIED, None), (BY_MODEL, "info"), (NEVER, "warning")])
def test_an_annotation_that_lost_its_ledger_still_says_its_state(
    root: Path, state: str, severity: str | None
) -> None:
    source = {"database": DATABASE, "annotation": state}
    put(root / "Annotations" / "空.xml", write(VocAnnotation("x", "空.jpg", 64, 48, source=source)))
    found = [(code, level) for code, _, level in said(root) if code == "OBJ001"]
    assert found == ([] if severity is None else [("OBJ001", severity)])


def test_a_line_that_cannot_be_read_is_a_finding_at_its_place_and_decides_nothing(root: Path) -> None:
    decide(root, VERIFIED, EMPTY)
    put(root / OWN, (root / OWN).read_bytes() + b'{"image": "JPEGImages/bare.jpg"}\n')
    found = {(f.path, f.line): f.message for f in asked(root)}
    assert found == {
        (OWN, 2): "the ledger of negatives cannot be read here: it has no 'decision'",
        (BARE, None): "the image has no annotation",
    }


# --- export -----------------------------------------------------------------------------------------------


def exported(root: Path, tmp_path: Path, **options: bool) -> tuple[dict[str, int], dict[str, str]]:
    """(backgrounds by split, why images stayed here)."""
    result = export.run([root], out=tmp_path / f"out {len(list(tmp_path.iterdir()))}", **options)  # type: ignore[arg-type]
    backgrounds = {split: count["backgrounds"] for split, count in result.counts.items()}
    return backgrounds, {d["path"]: d["why"] for d in result.dropped}


@pytest.mark.parametrize("state", [VERIFIED, BY_MODEL])
def test_decided_negatives_go_to_train_as_backgrounds(root: Path, tmp_path: Path, state: str) -> None:
    decide(root, state, EMPTY, BARE)
    backgrounds, dropped = exported(root, tmp_path)
    assert backgrounds["train"] == 2
    assert sum(backgrounds.values()) == 2
    assert dropped == {}


def test_never_labelled_images_stay_here_unless_told(root: Path, tmp_path: Path) -> None:
    decide(root, NEVER, EMPTY)
    backgrounds, dropped = exported(root, tmp_path)
    assert sum(backgrounds.values()) == 0
    assert dropped == {
        "Annotations/空.xml": "on record as never-labelled (李伟)",
        BARE: "no annotation",
    }
    backgrounds, dropped = exported(root, tmp_path, empty_as_background=True)
    assert (sum(backgrounds.values()), dropped) == (2, {})


def test_a_negative_whose_bytes_have_changed_stays_here(root: Path, tmp_path: Path) -> None:
    decide(root, VERIFIED, EMPTY, BARE)
    put(root / BARE, picture(number=91))
    _, dropped = exported(root, tmp_path)
    assert dropped == {BARE: "its bytes were changed since it was recorded as verified-negative"}


def test_what_labelimg_calls_verified_is_a_background(root: Path, tmp_path: Path) -> None:
    xml = root / "Annotations" / "空.xml"
    xml.write_text(xml.read_text("utf-8").replace("<annotation>", '<annotation verified="yes">'), "utf-8")
    backgrounds, dropped = exported(root, tmp_path)
    assert (backgrounds["train"], dropped) == (1, {BARE: "no annotation"})


def test_lists_go_before_train_for_a_person_and_a_model_judges_nothing(root: Path, tmp_path: Path) -> None:
    for name, stems in (("train", "ab"), ("val", ["c", "空"]), ("test", ["bare"])):
        put(root / "ImageSets" / "Main" / f"{name}.txt", "".join(f"{stem}\n" for stem in stems))
    decide(root, VERIFIED, EMPTY, BARE)
    assert exported(root, tmp_path) == ({"train": 0, "val": 1, "test": 1}, {})
    decide(root, BY_MODEL, EMPTY, BARE)
    backgrounds, dropped = exported(root, tmp_path)
    assert sum(backgrounds.values()) == 0
    assert dropped[BARE] == "negative-by-model: nobody has looked, so it cannot judge in test"


def test_an_empty_yolo_label_is_a_background_unless_it_is_on_record_as_never_labelled(tmp_path: Path) -> None:
    root = tmp_path / "yolo"
    for number, name in enumerate(("a", "b", "c", "d")):
        put(root / "images" / f"{name}.jpg", picture(number=number))
        put(root / "labels" / f"{name}.txt", "" if name == "d" else "0 0.5 0.5 0.4 0.4\n")
    put(root / "classes.txt", "hand\n")
    assert sum(exported(root, tmp_path)[0].values()) == 1
    decide(root, NEVER, "images/d.jpg")
    backgrounds, dropped = exported(root, tmp_path)
    assert (sum(backgrounds.values()), len(dropped)) == (0, 1)


def test_voc_export_hands_the_decisions_over_with_the_bytes_they_are_now_about(
    root: Path, tmp_path: Path
) -> None:
    decide(root, BY_MODEL, EMPTY)
    decide(root, VERIFIED, BARE, file=LEDGER)
    out = tmp_path / "voc"
    export.run([root], out=out, to="voc")
    decisions, unread = parse((out / LEDGER).read_bytes(), LEDGER)
    assert unread == []
    assert {(d.image, d.decision) for d in decisions} == {(EMPTY, BY_MODEL), (BARE, VERIFIED)}
    assert said(out) == [("OBJ001", "Annotations/空.xml", "info")]
    export.run([root], out=out, to="voc", overwrite=True)  # the ledger is one of its own files


def test_a_ledger_that_cannot_be_read_is_said_by_the_export(root: Path, tmp_path: Path) -> None:
    put(root / OWN, "{\n")
    notes = export.run([root], out=tmp_path / "out").notes
    assert "数据: .curate/ledger.jsonl:1 cannot be read: it is not JSON" in notes


def test_a_set_of_negatives_alone_is_nothing_to_export(root: Path, tmp_path: Path) -> None:
    only = put_voc(tmp_path / "only", {"空": []})
    decide(only, VERIFIED, EMPTY)
    put(only / "classes.txt", "hand\n")
    with pytest.raises(CurateError, match="nothing to export"):
        export.run([only], out=tmp_path / "out")


def test_states_are_three() -> None:
    assert STATES == ("never-labelled", "verified-negative", "negative-by-model")

"""Planning repairs: which edits are taken together, in which order, and how a plan is shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from curate.findings import (
    Edit,
    Finding,
    FixClass,
    Recode,
    Rename,
    ReplaceBytes,
    ReplaceText,
    Severity,
)
from curate.fixes.diff import diff
from curate.fixes.plan import MAX_PASSES, Plan, plan
from curate.formats.voc import Document
from curate.formats.voc_folder import read
from curate.rules.model import Facts, Repair, Rule, Stage
from curate.tree import Tree


def rule(
    code: str,
    pattern: bytes,
    repair: Repair,
    *,
    stage: Stage = Stage.CONTENT,
    safety: FixClass = FixClass.SAFE,
) -> Rule:
    """A rule that finds `pattern` in the bytes of any file."""

    def check(self: Rule, facts: Facts) -> Iterable[Finding]:
        for name in facts.tree.files():
            for match in re.finditer(pattern, facts.tree.read(name)):
                yield self.finding(
                    {},
                    "found",
                    "hurts",
                    safety=safety,
                    fix="mend",
                    path=name,
                    line=1,
                    column=match.start() + 1,
                )

    return Rule(code, code.lower(), Severity.ERROR, check, "doc", repair, stage)


def replacing(word: str, new: str) -> Repair:
    """A repair that replaces the word at the finding's place in an annotation."""

    def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
        assert document is not None
        start = (finding.column or 1) - 1
        yield ReplaceText(start, start + len(word), new)

    return repair


def planned(root: Path, *rules: Rule, unsafe: bool = False) -> Plan:
    return plan(Tree.open(root), read, rules, unsafe=unsafe)


def new_bytes(done: Plan) -> dict[str, bytes | None]:
    return {change.path: change.new for change in done.changes}


def test_a_folder_with_nothing_to_repair_gives_an_empty_plan(tmp_path: Path) -> None:
    done = planned(tmp_path, rule("BOX001", b"bad", replacing("bad", "good")))
    assert (done.changes, done.fixed, done.passes, done.converged) == ((), (), 0, True)
    assert diff(done) == ""


def test_a_repair_changes_only_its_own_characters_and_writes_nothing(tmp_path: Path) -> None:
    before = b"<annotation>\r\n\t<!-- kept --><name>bad</name><odd/></annotation>\r\n"
    (tmp_path / "a.xml").write_bytes(before)

    done = planned(tmp_path, rule("BOX001", b"bad", replacing("bad", "good")))

    assert new_bytes(done) == {"a.xml": before.replace(b"bad", b"good")}
    assert [f.code for f in done.fixed] == ["BOX001"]
    assert done.remaining == ()
    assert (tmp_path / "a.xml").read_bytes() == before


def test_several_repairs_of_one_file_are_taken_in_one_pass(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(b"<annotation>bad bad worse</annotation>")
    done = planned(
        tmp_path,
        rule("BOX001", b"bad", replacing("bad", "good")),
        rule("BOX002", b"worse", replacing("worse", "better")),
    )
    assert new_bytes(done) == {"a.xml": b"<annotation>good good better</annotation>"}
    assert done.passes == 1


def test_repairs_that_overlap_wait_for_the_next_pass(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(b"<annotation>abc</annotation>")
    done = planned(
        tmp_path,
        rule("BOX001", b"ab", replacing("ab", "ABb")),  # leaves "ABbc": the other finding is still there
        rule("BOX002", b"bc", replacing("bc", "BC")),
    )
    assert new_bytes(done) == {"a.xml": b"<annotation>ABBC</annotation>"}
    assert done.passes == 2


def test_a_later_stage_waits_until_the_earlier_one_is_done(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(b"<annotation>markup content</annotation>")
    (tmp_path / "b.xml").write_bytes(b"<annotation>content</annotation>")
    seen: list[tuple[str, bytes]] = []

    def content(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
        assert document is not None
        seen.append((finding.path, document.raw))
        yield from replacing("content", "C")(finding, document, facts)

    planned(
        tmp_path,
        rule("BOX001", b"content", content),
        rule("XML001", b"markup", replacing("markup", "M"), stage=Stage.MARKUP),
    )
    assert seen == [
        ("b.xml", b"<annotation>content</annotation>"),  # has no earlier stage: at once
        ("a.xml", b"<annotation>M content</annotation>"),
    ]


def test_a_repair_of_two_files_is_taken_whole_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(b"<annotation>c.jpg</annotation>")
    (tmp_path / "c.jpg").write_bytes(b"\x89PNG")
    (tmp_path / "c.png").write_bytes(b"another picture")

    def rename(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
        yield from replacing("c.jpg", "c.png")(finding, document, facts)
        yield Rename("c.jpg", "c.png")

    done = planned(tmp_path, rule("IMG005", b"c.jpg", rename, stage=Stage.FILES))
    assert done.changes == ()
    assert len(done.remaining) == 1

    (tmp_path / "c.png").unlink()
    done = planned(tmp_path, rule("IMG005", b"c.jpg", rename, stage=Stage.FILES))
    assert new_bytes(done) == {
        "a.xml": b"<annotation>c.png</annotation>",
        "c.jpg": None,
        "c.png": b"\x89PNG",
    }
    assert [c.renamed_from for c in done.changes] == [None, None, "c.jpg"]


@pytest.mark.parametrize("taken", ["C.PNG", "c.png"])
def test_a_rename_avoids_names_that_are_one_file_on_other_systems(tmp_path: Path, taken: str) -> None:
    (tmp_path / "c.jpg").write_bytes(b"\x89PNG")
    (tmp_path / taken).write_bytes(b"another picture")
    repair: Repair = lambda finding, document, facts: [Rename("c.jpg", "c.png")]  # noqa: E731
    assert planned(tmp_path, rule("IMG005", b"\x89PNG", repair, stage=Stage.FILES)).changes == ()


def test_a_file_may_be_patched_and_renamed_by_one_repair(tmp_path: Path) -> None:
    (tmp_path / "c.jpg").write_bytes(b"\x89PNG junk")
    repair: Repair = lambda finding, document, facts: [  # noqa: E731
        ReplaceBytes("c.jpg", 4, 9, b""),
        Rename("c.jpg", "c.png"),
    ]
    done = planned(tmp_path, rule("IMG005", b"junk", repair, stage=Stage.FILES))
    assert new_bytes(done) == {"c.jpg": None, "c.png": b"\x89PNG"}
    assert diff(done) == "rename c.jpg -> c.png, 9 -> 4 bytes\n"


def test_unsafe_repairs_are_made_only_when_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(b"<annotation>bad</annotation>")
    doubtful = rule("BOX001", b"bad", replacing("bad", "good"), safety=FixClass.UNSAFE)
    assert planned(tmp_path, doubtful).changes == ()
    assert len(planned(tmp_path, doubtful, unsafe=True).changes) == 1


def test_what_only_a_person_can_decide_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(b"<annotation>bad</annotation>")
    manual = rule("BOX001", b"bad", replacing("bad", "good"), safety=FixClass.MANUAL)
    assert planned(tmp_path, manual, unsafe=True).changes == ()


def test_two_rules_that_undo_each_other_are_stopped_and_reported(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(b"<annotation>left</annotation>")
    done = planned(
        tmp_path,
        rule("BOX001", b"left", replacing("left", "right")),
        rule("BOX002", b"right", replacing("right", "left")),
    )
    assert not done.converged
    assert done.passes == MAX_PASSES


def test_a_file_in_gbk_stays_gbk_unless_the_repair_is_to_recode_it(tmp_path: Path) -> None:
    text = "<annotation><folder>香烟检测</folder>bad</annotation>"
    (tmp_path / "a.xml").write_bytes(text.encode("gbk"))
    at = text.index("bad")

    def mend(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
        yield ReplaceText(at, at + 3, "good")

    done = planned(tmp_path, rule("BOX001", b"bad", mend))
    assert new_bytes(done) == {"a.xml": text.replace("bad", "good").encode("gbk")}

    recode: Repair = lambda finding, document, facts: [Recode()]  # noqa: E731
    done = planned(
        tmp_path,
        rule("BOX001", b"bad", mend),
        rule("ENC001", "香".encode("gbk"), recode, stage=Stage.BYTES),
    )
    assert new_bytes(done) == {"a.xml": text.replace("bad", "good").encode("utf-8")}
    assert done.passes == 2


def test_a_link_is_left_to_the_repair_of_the_file_it_names(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(b"<annotation>bad</annotation>")
    (tmp_path / "z.xml").symlink_to("a.xml")
    done = planned(tmp_path, rule("BOX001", b"bad", replacing("bad", "good")))
    assert list(new_bytes(done)) == ["a.xml"]


# --- how a plan is shown --------------------------------------------------------------------------------


def test_a_diff_is_unified_and_shows_decoded_text(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes("<annotation>\r\n<name>手</name>\r\nbad\r\n</annotation>".encode())

    def mend(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
        assert document is not None
        at = document.text.index("bad")
        yield ReplaceText(at, at + 3, "good")

    assert diff(planned(tmp_path, rule("BOX001", b"bad", mend))) == (
        "--- a/a.xml\n"
        "+++ b/a.xml\n"
        "@@ -1,4 +1,4 @@\n"
        " <annotation>\n"
        " <name>手</name>\n"
        "-bad\n"
        "+good\n"
        " </annotation> (no line end)\n"
    )


def test_a_diff_does_not_steer_the_terminal_nor_turn_letters_round(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes("<annotation>\tbad\x1b[2J\u202egpj\u2069</annotation>".encode())
    drop: Repair = lambda finding, document, facts: [ReplaceText(13, 16, "good")]  # noqa: E731
    shown = diff(planned(tmp_path, rule("BOX001", b"bad", drop)))
    assert "-<annotation>\tbad\\x1b[2J\\u202egpj\\u2069</annotation> (no line end)\n" in shown


def test_a_re_encoding_is_said_aloud(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes("<annotation><folder>香烟检测</folder></annotation>".encode("gbk"))
    recode: Repair = lambda finding, document, facts: [Recode()]  # noqa: E731
    done = planned(tmp_path, rule("ENC001", "香".encode("gbk"), recode, stage=Stage.BYTES))
    assert diff(done) == "encoding a.xml: gb18030 -> utf-8\n"


def test_a_change_of_pixels_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "c.jpg").write_bytes(b"\xff\xd8...\xff\xd9junk")
    repair: Repair = lambda finding, document, facts: [ReplaceBytes("c.jpg", 7, 11, b"")]  # noqa: E731
    done = planned(tmp_path, rule("IMG003", b"junk", repair, stage=Stage.FILES))
    assert diff(done) == "binary c.jpg: 11 -> 7 bytes\n"


def test_a_split_list_is_shown_as_text(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_bytes(b"a\nb\n")
    repair: Repair = lambda finding, document, facts: [ReplaceBytes("train.txt", 0, 2, b"")]  # noqa: E731
    done = planned(tmp_path, rule("SET003", b"a\n", repair, stage=Stage.FILES))
    assert diff(done) == "--- a/train.txt\n+++ b/train.txt\n@@ -1,2 +1 @@\n-a\n b\n"


def test_an_annotation_cannot_steer_the_terminal_it_is_shown_on(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(b"<annotation>\x1b[2Jbad</annotation>")
    shown = diff(planned(tmp_path, rule("BOX001", b"bad", replacing("bad", "good"))))
    assert "\x1b" not in shown
    assert "\\x1b[2Jgood" in shown


def test_the_same_folder_gives_the_same_plan_and_the_same_diff(tmp_path: Path) -> None:
    for name in ("b.xml", "a.xml", "深.xml"):
        (tmp_path / name).write_bytes(b"<annotation>bad</annotation>")
    mend: Callable[[], Plan] = lambda: planned(tmp_path, rule("B1", b"bad", replacing("bad", "good")))  # noqa: E731
    assert diff(mend()) == diff(mend())
    assert [change.path for change in mend().changes] == ["a.xml", "b.xml", "深.xml"]

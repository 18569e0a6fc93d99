"""The ledger: what is written is read again, what cannot be read is told, decisions are about bytes."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from curate.errors import CurateError
from curate.negatives.ledger import (
    BY_MODEL,
    LEDGER,
    NEVER,
    OWN,
    VERIFIED,
    Claim,
    Decision,
    Ledger,
    dump,
    moment,
    parse,
    read,
)
from curate.tree import Tree
from tests.curate.sets import put

ONE, TWO = "1" * 64, "2" * 64


def decision(image: str = "a.jpg", state: str = VERIFIED, sha256: str = ONE, **more: Any) -> Decision:
    return Decision(image, state, "李伟", sha256, **more)


def line(**changes: Any) -> bytes:
    row: dict[str, Any] = {"image": "a.jpg", "decision": VERIFIED, "who": "me", "sha256": ONE}
    row.update(changes)
    return json.dumps({key: value for key, value in row.items() if value is not ...}).encode()


def test_what_is_written_is_read_again() -> None:
    decisions = [
        decision("图 片/空 🙂.jpg", bytes=12, when="2027-01-31", why="nobody there", source="b\uf7e9.jpg"),
        decision("b.jpg", BY_MODEL, TWO, box=(1, 2, 30, 40), origin="data set", seed=7),
        decision("c.jpg", NEVER, claims=(Claim("手", 0.5, (1.0, 2.0, 3.0, 4.5)),), source_sha256=TWO),
    ]
    assert parse(dump(decisions), LEDGER) == (decisions, [])


def test_what_is_not_known_is_left_out_and_chinese_stays_readable() -> None:
    content = dump([decision("空.jpg")]).decode()
    assert json.loads(content) == {"image": "空.jpg", "decision": VERIFIED, "who": "李伟", "sha256": ONE}
    assert "李伟" in content


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (b"{", "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b"\xff\xfe", "it is not UTF-8"),
        (b"[1]", "it is no JSON object"),
        (line(image=...), "it has no 'image'"),
        (line(sha256=None), "it has no 'sha256'"),
        (line(decision="empty"), "'empty' is no decision; there are never-labelled, verified-negative,"),
        (line(sha256="F" * 64), "'sha256' is no SHA-256"),
        (line(who=["me"]), "'who' is no text"),
        (line(bytes=-1), "'bytes' is no whole number"),
        (line(bytes=True), "'bytes' is no whole number"),
        (line(box=[1, 2, 3]), "'box' is no box"),
        (line(claims=[{"name": "x"}]), "'claims' holds what is no detection"),
        (line(claims=[{"name": "x", "confidence": 10**400, "xyxy": [0, 0, 1, 1]}]), "'claims' is no number"),
    ],
)
def test_a_line_that_holds_no_decision_is_told_with_its_number(broken: bytes, why: str) -> None:
    decisions, unread = parse(dump([decision()]) + b"\n" + broken + b"\n" + dump([decision("b.jpg")]), LEDGER)
    assert [d.image for d in decisions] == ["a.jpg", "b.jpg"]
    assert [(u.file, u.line) for u in unread] == [(LEDGER, 3)]
    assert unread[0].why.startswith(why)


def test_a_file_that_is_no_ledger_is_not_told_line_by_line() -> None:
    _, unread = parse(b"{\n" * 50_000, LEDGER)
    assert (len(unread), unread[-1].line, unread[-1].why) == (21, 21, "and 49,980 lines more")


def test_keys_of_later_versions_are_passed_over() -> None:
    decisions, unread = parse(line(mood="good"), LEDGER)
    assert ([d.image for d in decisions], unread) == (["a.jpg"], [])


def test_a_decision_holds_as_long_as_the_bytes_do(tmp_path: Path) -> None:
    put(tmp_path / OWN, dump([decision(bytes=10)]))
    book = read(Tree.open(tmp_path))
    assert book.about("a.jpg", 10, lambda: ONE) == (decision(bytes=10), True)
    assert book.about("a.jpg", 10, lambda: TWO) == (decision(bytes=10), False)
    assert book.about("b.jpg", 11, lambda: TWO) is None


def test_an_image_is_hashed_only_where_its_size_is_on_record(tmp_path: Path) -> None:
    put(tmp_path / OWN, dump([decision(bytes=10)]))

    def digest() -> str:
        raise AssertionError("hashed for nothing")

    book = read(Tree.open(tmp_path))
    assert book.about("a.jpg", 11, digest) == (decision(bytes=10), False)
    assert book.about("b.jpg", 11, digest) is None


def test_a_picture_that_was_moved_is_the_same_picture(tmp_path: Path) -> None:
    put(tmp_path / OWN, dump([decision(bytes=10)]))
    assert read(Tree.open(tmp_path)).about("new/name.jpg", 10, lambda: ONE) == (decision(bytes=10), True)


def test_pictures_of_one_size_are_not_compared_with_all_decisions_of_that_size() -> None:
    class Counted(str):
        compared = 0

        def __eq__(self, other: object) -> bool:
            Counted.compared += 1
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    book = Ledger(
        {f"{i}.bmp": decision(f"{i}.bmp", sha256=Counted(f"{i:064}"), bytes=900_054) for i in range(100)}
    )
    for i in range(100):
        found = book.about(f"{i}.bmp", 900_054, partial(Counted, f"{i:064}"))
        assert found == (book.decisions[f"{i}.bmp"], True)
    assert Counted.compared < 1000, "all with all are 10,000"


def test_the_own_ledger_goes_before_that_of_the_folder_and_later_lines_before_earlier_ones(
    tmp_path: Path,
) -> None:
    put(tmp_path / LEDGER, dump([decision(state=NEVER), decision(state=BY_MODEL), decision("b.jpg")]))
    put(tmp_path / OWN, dump([decision(state=VERIFIED)]))
    standing = read(Tree.open(tmp_path)).decisions
    assert {image: d.decision for image, d in standing.items()} == {"a.jpg": VERIFIED, "b.jpg": VERIFIED}
    (tmp_path / OWN).unlink()
    assert read(Tree.open(tmp_path)).decisions["a.jpg"].decision == BY_MODEL


def test_no_ledger_is_an_empty_one(tmp_path: Path) -> None:
    assert read(Tree.open(tmp_path)).decisions == {}


def test_a_ledger_behind_a_link_is_not_read(tmp_path: Path) -> None:
    put(tmp_path / "elsewhere" / "ledger.jsonl", dump([decision()]))
    put(tmp_path / "elsewhere" / LEDGER, dump([decision()]))
    data = tmp_path / "data"
    data.mkdir()
    (data / ".curate").symlink_to(tmp_path / "elsewhere")
    (data / LEDGER).symlink_to(tmp_path / "elsewhere" / LEDGER)
    book = read(Tree.open(data))
    assert book.decisions == {}
    assert [(u.file, u.line) for u in book.unread] == [(LEDGER, 0), (OWN, 0)]


def test_dates_are_taken_as_given_and_from_the_clock_only_when_asked() -> None:
    assert moment(None) is None
    assert moment("2027-01-31") == "2027-01-31"
    now = moment("now")
    assert now is not None and now[:2] == "20" and "T" in now
    with pytest.raises(CurateError, match="--when yesterday is no date"):
        moment("yesterday")

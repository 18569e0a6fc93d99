"""A data set that somebody else works on meanwhile: what was found stands, and no repair hits what is new."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from curate.commands import validate
from curate.dataset import Dataset
from curate.errors import ChangedMeanwhile
from curate.fixes.plan import plan
from curate.formats.voc_folder import read
from curate.pixels import PixelReader
from curate.report.repairs import Repairs
from curate.rules import by_code, split_lists
from curate.rules.model import Facts
from curate.tree import Tree
from tests.curate.rules.museum import MUSEUM, an_object, data, voc, write
from tests.curate.sets import files_below

SWAPPED, BOX = an_object(box=(40, 10, 10, 30)), an_object()


def test_a_rule_still_answers_when_every_file_has_changed_since_it_was_read(tmp_path: Path) -> None:
    for number, exhibit in enumerate(MUSEUM):
        root = write(exhibit.broken, tmp_path / str(number))
        tree = Tree.open(root)
        known, rule = read(tree, exhibit.classes), by_code(exhibit.code)
        reader = PixelReader(workers=1) if exhibit.pixels else None
        names = files_below(root)
        for happens in (another, emptied, gone, a_folder):
            for name in names:
                happens(root / name)
            list(rule.check(rule, Facts(known, tree, reader=reader)))


def another(path: Path) -> None:
    path.write_bytes(voc("a").encode())


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def gone(path: Path) -> None:
    path.unlink()


def a_folder(path: Path) -> None:
    path.mkdir()


def changed_after_reading(root: Path, change: Callable[[], object], codes: Sequence[str]) -> None:
    """Work out repairs of a folder that is changed between being read and being repaired."""

    def reader(tree: Tree) -> Dataset:
        found = read(tree)
        if not tree.overlay:
            change()
        return found

    plan(Tree.open(root), reader, [by_code(code) for code in codes], unsafe=True)


@pytest.mark.parametrize(
    "text",
    [
        voc("a", BOX, SWAPPED),  # the box that was right is object 1 now
        voc("a", BOX),
        voc("a", SWAPPED).replace("\t<object>", "<object>"),  # the same, a column further left
        "",
    ],
    ids=["another object before it", "mended", "moved", "emptied"],
)
def test_an_annotation_that_says_something_else_by_now_is_not_repaired(text: str, tmp_path: Path) -> None:
    root = write(data(voc("a", SWAPPED)), tmp_path)
    place = root / "Annotations" / "a.xml"
    with pytest.raises(ChangedMeanwhile, match=r"Annotations/a\.xml changed while its repair was worked out"):
        changed_after_reading(root, lambda: place.write_text(text, encoding="utf-8"), ["BOX001"])


def test_an_annotation_that_went_away_is_not_repaired(tmp_path: Path) -> None:
    root = write(data(voc("a", SWAPPED)), tmp_path)
    with pytest.raises(ChangedMeanwhile):
        changed_after_reading(root, (root / "Annotations" / "a.xml").unlink, ["BOX001"])


def test_other_files_may_change(tmp_path: Path) -> None:
    root = write(data(voc("a", SWAPPED)), tmp_path)
    changed_after_reading(root, (root / "Annotations" / "b.xml").unlink, ["BOX001"])


LISTS = {"ImageSets/Main/train.txt": b"a.jpg\nb\n"}


def test_a_list_whose_lines_have_moved_is_not_repaired(tmp_path: Path) -> None:
    root = write(data() | LISTS, tmp_path)
    place = root / "ImageSets" / "Main" / "train.txt"
    with pytest.raises(ChangedMeanwhile, match=r"ImageSets/Main/train\.txt changed"):
        changed_after_reading(root, lambda: place.write_bytes(b"c\na.jpg\nb\n"), ["SET004"])


def test_a_report_shows_no_repair_of_what_has_changed(tmp_path: Path) -> None:
    root = write(data(voc("a", SWAPPED)), tmp_path)
    report = validate.run(root, select=["BOX001"], workers=1)
    another(root / "Annotations" / "a.xml")
    with pytest.raises(ChangedMeanwhile):
        Repairs(report, Tree(root)).of(report.findings[0])
    (root / "Annotations" / "a.xml").unlink()
    with pytest.raises(FileNotFoundError):
        Repairs(report, Tree(root)).of(report.findings[0])


def test_a_list_of_thousands_of_odd_lines_is_read_once_a_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = b"".join(b"a.jpg\n# %d\n" % number for number in range(1000))
    root = write(data() | {"ImageSets/Main/train.txt": lines + b"b\n"}, tmp_path)
    opened: list[bytes] = []

    class Counted(split_lists.ListFile):
        def __init__(self, content: bytes) -> None:
            opened.append(content)
            super().__init__(content)

    monkeypatch.setattr(split_lists, "ListFile", Counted)
    done = plan(Tree.open(root), read, [by_code("SET004")], unsafe=True)
    assert len(done.fixed) == 2000
    assert [change.new for change in done.changes] == [b"a\n" * 1000 + b"b\n"]
    assert len(opened) == done.passes == 1

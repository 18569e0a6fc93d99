"""Every rule finds its defect and no other, at its place; a repair leaves nothing to find."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest

from curate.errors import ConfigError
from curate.findings import Finding, Severity
from curate.fixes.plan import Plan, plan
from curate.formats.voc_folder import read
from curate.pixels import PixelReader
from curate.rules import RULES, by_code, check_all, select
from curate.rules.model import Facts
from curate.tree import Tree
from tests.curate.rules.museum import CLEAN, MANUAL, MUSEUM, SAFE, UNSAFE, Exhibit, Files, write

# Every museum data set is tiny, so "few examples" is true of all of them and has tests of its own.
SPOKEN = tuple(rule for rule in RULES if rule.code != "CLS006")


def findings(files: Files, folder: Path, classes: Sequence[str] = ()) -> list[Finding]:
    tree = Tree.open(write(files, folder))
    return check_all(Facts(read(tree, classes), tree), SPOKEN)


def said(found: Sequence[Finding]) -> list[str]:
    return [f"{finding.path}:{finding.line}:{finding.column} {finding.code}" for finding in found]


def codes(found: Sequence[Finding]) -> list[str]:
    return [finding.code for finding in found]


def repaired(exhibit: Exhibit, folder: Path, *, unsafe: bool) -> tuple[Plan, Files]:
    """The plan of repairs, and the files as they would be after it."""
    tree = Tree.open(write(exhibit.broken, folder))
    look = partial(Facts, reader=PixelReader(workers=1) if exhibit.pixels else None)
    done = plan(tree, lambda now: read(now, exhibit.classes), SPOKEN, unsafe=unsafe, look=look)
    files: dict[str, bytes | None] = {**exhibit.broken, **{c.path: c.new for c in done.changes}}
    return done, {name: content for name, content in files.items() if content is not None}


@pytest.mark.parametrize("exhibit", MUSEUM, ids=str)
def test_an_exhibit_triggers_its_rule_and_no_other_at_its_place_and_its_repair_arrives_at_the_twin(
    exhibit: Exhibit, tmp_path: Path
) -> None:
    # without unsafe repairs: what is found is either repaired at once or left
    done, files = repaired(exhibit, tmp_path, unsafe=False)
    found = (*done.fixed, *done.remaining)
    path, line, column = exhibit.place
    assert said(found) == [f"{path}:{line}:{column} {exhibit.code}"], [f.message for f in found]
    assert found[0].fix.safety is exhibit.safety
    assert found[0].message
    assert found[0].consequence
    if exhibit.safety is not SAFE:  # what needs judgement keeps every byte
        assert files == exhibit.broken
        assert done.fixed == ()
    if exhibit.safety is UNSAFE:
        done, files = repaired(exhibit, tmp_path, unsafe=True)
    if exhibit.safety is not MANUAL:
        assert codes(done.fixed) == [exhibit.code]
        assert done.remaining == ()
        assert files == exhibit.twin


TWINS = [e for e in MUSEUM if e.safety is MANUAL and e.twin is not CLEAN]


@pytest.mark.parametrize("exhibit", TWINS, ids=str)
def test_the_twin_of_an_exhibit_that_only_a_person_can_mend_is_clean(
    exhibit: Exhibit, tmp_path: Path
) -> None:
    assert said(findings(exhibit.twin, tmp_path, exhibit.classes)) == []


def test_two_labelled_photographs_are_clean(tmp_path: Path) -> None:
    assert said(findings(CLEAN, tmp_path)) == []


def test_every_rule_but_the_one_about_few_examples_is_in_the_museum() -> None:
    assert {rule.code for rule in SPOKEN} == {exhibit.code for exhibit in MUSEUM}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_the_documentation_of_a_rule_says_what_why_an_example_and_the_repair(rule: object) -> None:
    doc = rule.doc  # type: ignore[attr-defined]
    assert doc.startswith(f"{rule.name}: ")  # type: ignore[attr-defined]
    assert re.findall(r"^## (.*)$", doc, re.MULTILINE)[:4] == [
        "What",
        "Why it hurts training",
        "Example",
        "Repair",
    ]


def test_codes_and_names_are_unique_and_a_file_is_called_after_its_rule() -> None:
    assert len({rule.code for rule in RULES}) == len({rule.name for rule in RULES}) == len(RULES)
    folder = Path(check_all.__code__.co_filename).parent
    files = {path.stem for path in folder.glob("*.py")}
    assert {f"{r.code.lower()}_{r.name.replace('-', '_')}" for r in RULES} <= files


def test_a_rule_is_found_by_its_code_in_any_letter_case() -> None:
    assert by_code("box002").name == "outside-image"


def test_an_unknown_code_names_the_nearest_one() -> None:
    with pytest.raises(ConfigError, match=r"no rule 'BOX0002'.*Did you mean BOX002\?"):
        by_code("BOX0002")


def test_rules_are_selected_and_ignored_by_prefix() -> None:
    chosen = select(["BOX", "enc001"], ["BOX00"])
    assert [rule.code for rule in chosen] == ["ENC001", *(f"BOX01{n}" for n in (0, 1, 2, 3, 4, 6))]
    assert select() == RULES


def test_a_prefix_that_no_code_begins_with_is_refused() -> None:
    with pytest.raises(ConfigError, match="No rule begins with 'BOG'"):
        select(["BOG"])


def test_an_empty_folder_has_nothing_to_complain_about(tmp_path: Path) -> None:
    assert findings({}, tmp_path) == []


def test_info_findings_are_not_errors(tmp_path: Path) -> None:
    by_rule = {exhibit.code: exhibit for exhibit in MUSEUM}
    for code in ("XML009", "OBJ008", "HDR006", "CLS004"):
        exhibit = by_rule[code]
        found = findings(exhibit.broken, tmp_path / code, exhibit.classes)
        assert [finding.severity for finding in found] == [Severity.INFO]

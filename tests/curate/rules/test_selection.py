"""Which rules are asked when a configuration and the command line both have a say."""

from __future__ import annotations

import pytest

from curate.errors import ConfigError
from curate.rules import RULES
from curate.rules.selection import Choice, chosen

BOXES = [rule.code for rule in RULES if rule.code.startswith("BOX")]


def codes(command_line: Choice, file: Choice = Choice()) -> list[str]:
    return [rule.code for rule in chosen(command_line, file)]


def test_without_a_word_every_rule_is_asked() -> None:
    assert chosen(Choice()) == RULES


def test_beginnings_choose_in_any_letter_case() -> None:
    assert codes(Choice(select=["box"])) == BOXES
    assert codes(Choice(select=[" BOX001 "])) == ["BOX001"]


def test_the_longest_beginning_decides_and_of_two_as_long_ignore_wins() -> None:
    assert codes(Choice(select=["BOX"], ignore=["BOX00"])) == [c for c in BOXES if not c.startswith("BOX00")]
    assert codes(Choice(select=["BOX002"], ignore=["BOX"])) == ["BOX002"]
    assert codes(Choice(select=["BOX002"], ignore=["BOX002"])) == []


def test_extend_select_adds_to_select_and_brings_back_what_ignore_took() -> None:
    assert codes(Choice(select=["ENC001"], extend_select=["BOX001"])) == ["ENC001", "BOX001"]
    left = codes(Choice(ignore=["BOX"], extend_select=["BOX002"]))
    assert [code for code in left if code.startswith("BOX")] == ["BOX002"]
    assert len(left) == len(RULES) - len(BOXES) + 1  # without select all others are still asked


FILE = Choice(select=["BOX", "ENC"], ignore=["BOX008"])


def test_select_on_the_command_line_takes_the_place_of_that_in_the_file() -> None:
    assert codes(Choice(select=["ENC001"]), FILE) == ["ENC001"]


def test_what_the_file_ignores_stays_ignored_unless_it_is_named_as_exactly() -> None:
    assert codes(Choice(select=["BOX"]), FILE) == [code for code in BOXES if code != "BOX008"]
    assert codes(Choice(select=["BOX008"]), FILE) == ["BOX008"]


def test_extend_select_on_the_command_line_adds_to_the_file() -> None:
    added = set(codes(Choice(extend_select=["BOX008", "IMG001"]), FILE)) - set(codes(Choice(), FILE))
    assert added == {"BOX008", "IMG001"}


def test_ignore_on_the_command_line_holds_against_everything_in_the_file() -> None:
    file = Choice(select=["BOX"], extend_select=["BOX002"])
    assert codes(Choice(ignore=["BOX"]), file) == []
    assert codes(Choice(ignore=["BOX00"]), file) == [code for code in BOXES if not code.startswith("BOX00")]


@pytest.mark.parametrize(
    "choice", [Choice(["BXO"]), Choice((), ["BXO"]), Choice((), (), ["BXO"]), Choice([""])]
)
def test_a_beginning_of_no_code_is_refused_wherever_it_stands(choice: Choice) -> None:
    with pytest.raises(ConfigError, match="No rule begins with"):
        chosen(choice)
    with pytest.raises(ConfigError):
        chosen(Choice(), choice)

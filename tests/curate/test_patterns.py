"""A pattern that is compiled later answers as one that is compiled at once."""

from __future__ import annotations

import re

import pytest

from curate.patterns import later


def test_it_is_compiled_at_the_first_question_and_only_then(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    really = re.compile
    monkeypatch.setattr(re, "compile", lambda text, flags=0: compiled.append(text) or really(text, flags))
    pattern = later("(手)", re.IGNORECASE)
    assert compiled == []
    assert pattern.search("一只手") is not None
    assert [match.start() for match in pattern.finditer("手a手")] == [0, 2]
    assert (pattern.sub("x", "a手"), pattern.pattern, pattern.groups) == ("ax", "(手)", 1)
    assert compiled[:1] == ["(手)"] and len(compiled) <= 3
    before = len(compiled)
    assert pattern.findall("手手") == ["手", "手"] and len(compiled) == before


def test_it_has_nothing_that_a_pattern_has_not() -> None:
    with pytest.raises(AttributeError):
        later("a").no_such_method  # noqa: B018

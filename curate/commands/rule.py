"""The documentation of the rules: their docstrings and what other languages make of them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from curate.errors import CurateError
from curate.report.languages import translator
from curate.report.terminal import padded
from curate.rules import RULES
from curate.rules.model import Rule
from curate.rules.pages import documentation, repair_classes, sections, summary

__all__ = ["all_rules", "as_object", "describe", "documentation", "run"]


def run(code: str) -> Rule:
    """The rule of a code or a name, in any letter case. Raises CurateError that names the nearest."""
    wanted = code.strip().lower()
    for rule in RULES:
        if wanted in (rule.code.lower(), rule.name.lower()):
            return rule
    known = {word.lower(): word for rule in RULES for word in (rule.code, rule.name)}
    near = difflib.get_close_matches(wanted, known, n=1)
    hint = f"Did you mean {known[near[0]]}?" if near else "All rules: curate rule --all"
    raise CurateError(f"There is no rule {code!r}.", hint)


def all_rules() -> tuple[Rule, ...]:
    """Every rule, by code."""
    return tuple(sorted(RULES, key=lambda rule: rule.code))


def describe(rules: Iterable[Rule], lang: str = "en") -> list[str]:
    """One line a rule: code, severity and name."""
    said = translator(lang).terminal
    return [f"{one.code}  {padded(said(one.severity.value), 7)}  {one.name}" for one in rules]


def as_object(rule: Rule, lang: str = "en") -> dict[str, Any]:
    """A rule for programs: what it is called, what it is about, what it may do, and its documentation."""
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity.value,
        "stage": rule.stage.name.lower(),
        "formats": list(rule.formats),
        "repair": [safety.value for safety in repair_classes(rule)],
        "summary": summary(rule, lang),
        "sections": sections(rule, lang),
        "documentation": documentation(rule, lang),
    }

"""The documentation of the rules: it is their docstring, and this prints it."""

from __future__ import annotations

import difflib
from typing import Any

from curate.errors import CurateError
from curate.rules import RULES
from curate.rules.model import Rule
from curate.rules.pages import repair_classes, sections, summary


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


def documentation(rule: Rule) -> str:
    """A rule as Markdown: its code and name as a heading, then its docstring."""
    return f"# {rule.code} {rule.name}\n\n_{rule.severity.value}_\n\n{rule.doc.strip()}\n"


def as_object(rule: Rule) -> dict[str, Any]:
    """A rule for programs: what it is called, what it is about, what it may do, and its documentation."""
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity.value,
        "stage": rule.stage.name.lower(),
        "formats": list(rule.formats),
        "repair": [safety.value for safety in repair_classes(rule)],
        "summary": summary(rule),
        "sections": sections(rule),
        "documentation": documentation(rule),
    }

"""What curate says, in the reader's language. Rules speak English; a catalogue gives each text its twin.

A catalogue (`zh/`) is a table: a section, which is a rule's code or one of our own names, and pairs of an
English template and its twin. A template becomes one anchored pattern, whose slots are

    {}    any text           {q}   text quoted as Python quotes it
    {n}   a number           {w}   a word without blanks

and the twin names slots by their position: "{1}" as it is, "{1:side}" looked up in the section "side" in
turn, "{1:rule}" as another text of the same rule. A slot's own text is a user's and goes through untouched,
whatever it holds. What no template matches stays English.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache, cached_property
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # which language it is, is known before tables are loaded
    from curate.findings import Finding
    from curate.report.model import Report

Pairs = tuple[tuple[str, str], ...]  # an English template and its twin
Catalogue = Mapping[str, Iterable[tuple[str, str]]]
Say = Callable[[str], str]

EVERY_RULE = "every rule"  # the section that is asked after a rule's own
SAME_RULE = "rule"  # no section: a slot that is a text of the rule itself
# A pattern with several open slots takes more than linear time; a user's text of this length is a curiosity.
LONGEST = 2000

_SLOT = re.compile(r"\{([nqw]?)\}")
_PATTERNS = {
    "": r"(.*?)",
    "q": r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""",
    "n": r"(-?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?)",
    "w": r"([^\s,;()]+)",
}


def pattern(template: str) -> re.Pattern[str]:
    """The texts that an English template stands for; a group for each slot."""
    parts = _SLOT.split(template)  # literal, kind of slot, literal, ...
    source = "".join(_PATTERNS[p] if i % 2 else re.escape(p) for i, p in enumerate(parts))
    return re.compile(source, re.DOTALL)


class _Slot(str):
    """A value whose format specification names the section that it is looked up in."""

    translator: Translator
    code: str  # of the rule that speaks

    def __format__(self, section: str) -> str:
        if section == SAME_RULE:
            return self.translator.of_rule(self.code, str(self))
        return self.translator.say(section, str(self)) if section else str(self)


class Translator:
    """Looks texts up in a catalogue; one that is empty gives every text back."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._patterns: dict[str, list[tuple[re.Pattern[str], str]]] = {}
        self._known: dict[tuple[str, str], str] = {}  # consequences and repairs are mostly alike

    def say(self, section: str, text: str) -> str:
        """The twin of a text in a section; the text itself where there is none."""
        found = self.find(section, text)
        return text if found is None else found

    def find(self, section: str, text: str, code: str = "") -> str | None:
        """The twin of a text in a section, or None; `code` is that of the rule that speaks, if one does."""
        if len(text) > LONGEST:
            return None
        if section not in self._patterns:
            pairs = self._catalogue.get(section, ())
            self._patterns[section] = [(pattern(english), twin) for english, twin in pairs]
        for templates, twin in self._patterns[section]:
            match = templates.fullmatch(text)
            if match is not None:
                return twin.format(*(self._slot(value, code) for value in match.groups()))
        return None

    def of_rule(self, code: str, text: str) -> str:
        """The twin of what a rule says."""
        if (code, text) not in self._known:
            sections = (code, EVERY_RULE)
            found = (self.find(section, text, code) for section in sections)
            self._known[code, text] = next((twin for twin in found if twin is not None), text)
        return self._known[code, text]

    @cached_property
    def terminal(self) -> Say:
        """For the words of the text formats themselves."""
        return lambda text: self.say("terminal", text)

    def _slot(self, value: str, code: str) -> _Slot:
        slot = _Slot(value)
        slot.translator, slot.code = self, code
        return slot


@cache
def translator(lang: str) -> Translator:
    """The translator into a language: "en" or "zh"."""
    if lang == "en":
        return Translator({})
    return Translator(import_module(f"curate.report.languages.{lang}").CATALOGUE)


def in_language(report: Report, lang: str) -> Report:
    """The report with everything that is said in it in another language; codes, names and paths stay.

    Fingerprints are still those of the English findings.
    """
    if lang == "en":
        return report
    words = translator(lang)
    return replace(
        report,
        findings=tuple(_finding(finding, words) for finding in report.findings),
        untranslated=report.findings,
        notes=tuple(words.say("note", note) for note in report.notes),
        skipped=tuple((path, words.say("aside", why)) for path, why in report.skipped),
        consumers=tuple(
            replace(each, description=words.say("consumer", each.description)) for each in report.consumers
        ),
    )


def _finding(finding: Finding, words: Translator) -> Finding:
    code, fix = finding.code, finding.fix
    return replace(
        finding,
        message=words.of_rule(code, finding.message),
        consequence=words.of_rule(code, finding.consequence),
        fix=replace(fix, description=words.of_rule(code, fix.description)),
    )

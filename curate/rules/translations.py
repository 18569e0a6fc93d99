"""The rules' documentation in other languages: `zh/*.md`, a file a family, a part a rule.

A part begins with the rule's code and name, and a mark of the English text that it says: a docstring that has
changed since is told from one that has not.

    # BOX002 outside-image
    <!-- 1a2b3c4d -->
    one sentence, without the name

    ## (a heading for each section of the docstring, in its order)

Lines are wrapped for whoever edits them; Chinese has no blanks, so they are joined without.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from curate.rules.model import Rule

LANGUAGES = ("zh",)
_PART = re.compile(r"^# (\S+) (\S+)\n(?:<!-- (\w+) -->\n)?", re.MULTILINE)
_HEADING = re.compile(r"^## .+\n", re.MULTILINE)
# a blank belongs between words of Latin letters, or of these and Chinese ones; marks bring their own
_WIDE = r"\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef\u201c\u201d"
_MARK = r"\u3000-\u303f\uff00-\uffef\u201c\u201d"
_WRAP = re.compile(rf"(?<=[{_WIDE}])\n(?=[{_WIDE}])|(?<=[{_MARK}])\n(?=\S)|(?<=\S)\n(?=[{_MARK}])")


@dataclass(frozen=True)
class Translation:
    """What a language says of a rule. `sections` are in the order of the docstring's."""

    name: str
    mark: str | None  # of the English text it says
    summary: str
    sections: tuple[str, ...]


def mark_of(rule: Rule) -> str:
    """A short digest of a rule's docstring."""
    return hashlib.sha256(rule.doc.strip().encode()).hexdigest()[:8]


@cache
def translations(lang: str) -> dict[str, Translation]:
    """Code -> translation, of all rules that the language has."""
    return {code: found for path in files(lang) for code, found in _parts(path)}


def head(lang: str) -> str:
    """What the page of all rules begins with."""
    return _joined((_folder(lang) / "head.md").read_text(encoding="utf-8"))


def files(lang: str) -> list[Path]:
    """The files of a language."""
    return sorted(_folder(lang).glob("[A-Z][A-Z][A-Z].md"))


def _folder(lang: str) -> Path:
    return Path(__file__).parent / lang


def _parts(path: Path) -> Iterator[tuple[str, Translation]]:
    _, *pieces = _PART.split(path.read_text(encoding="utf-8"))
    for code, name, mark, body in zip(*[iter(pieces)] * 4, strict=True):
        summary, *sections = (_joined(text) for text in _HEADING.split(body))
        yield code, Translation(name, mark, summary, tuple(sections))


def _joined(text: str) -> str:
    """Paragraphs and list items on one line each."""
    text = re.sub(r"\n  (?=\S)", "\n", text.strip())  # the further lines of an item
    blocks = re.split(r"(\n\n|\n(?=- ))", text)
    return "".join(
        block if i % 2 else _WRAP.sub("", block).replace("\n", " ") for i, block in enumerate(blocks)
    )


def stamp(rule: Rule, lang: str) -> bool:
    """Put on record that the translation says what the docstring says now; False where there is none."""
    for path in files(lang):
        old = path.read_text(encoding="utf-8")
        pattern = rf"^(# {rule.code} \S+\n)(?:<!-- \w+ -->\n)?"
        new, found = re.subn(pattern, rf"\g<1><!-- {mark_of(rule)} -->\n", old, flags=re.MULTILINE)
        if found:
            path.write_text(new, encoding="utf-8", newline="\n")
            return True
    return False

"""The rules as documents: the parts of their docstrings, and the page `curate/rules/README.md` made of them.

`python -m curate.rules.pages` writes the page again; a test compares it with the docstrings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from curate.findings import FixClass
from curate.rules import RULES
from curate.rules.model import Rule

PAGE = Path(__file__).with_name("README.md")
SECTIONS = ("What", "Why it hurts training", "Example", "Repair", "Evidence")
FAMILIES = {
    "ENC": "bytes and encodings",
    "XML": "well-formedness",
    "SEC": "safety",
    "HDR": "the header against the image",
    "OBJ": "objects",
    "BOX": "geometry",
    "CLS": "classes",
    "IMG": "image files",
    "SET": "splits and copies",
}

_HEAD = """# Rules

What `curate validate` asks of a data set. `curate rule CODE` shows one of these texts in the terminal, and
`curate rule --all --output-format json` gives all of them to a program.

**Severity.** error: training will lose or corrupt something. warning: probably wrong. info: worth knowing. A
rule may say less of a finding than its own severity where the facts are harmless.

**Repair.** safe: the meaning provably does not change; done by `--fix`. unsafe: likely right, but a
judgement; done by `--fix --unsafe-fixes`. person: only a person can decide. A rule with several decides by
the facts, finding by finding. Every repair is shown by `--diff` and taken back by `curate undo`.

**Evidence.** Names such as `owner/project#12` are threads of public trackers on GitHub. "Measured" is
measured by us. Of 72 defects of VOC data, each alone in a small data set, the best of eight tools named ten
without stopping at them, and 55 were named by none.

This page is made from the docstrings of the rules: `python -m curate.rules.pages`.
"""
_WORDS = {FixClass.SAFE: "safe", FixClass.UNSAFE: "unsafe", FixClass.MANUAL: "person"}


def summary(rule: Rule) -> str:
    """The first sentence of a rule, without its name."""
    return " ".join(rule.doc.strip().partition("\n\n")[0].partition(": ")[2].split())


def parts(doc: str) -> dict[str, str]:
    """Heading -> text, in the order of a docstring; what stands before the first heading under ""."""
    lead, *rest = re.split(r"^## +(.+)$", doc.strip(), flags=re.MULTILINE)
    titled = zip(rest[::2], rest[1::2], strict=True)
    return {"": lead.strip(), **{heading.strip(): text.strip() for heading, text in titled}}


def sections(rule: Rule) -> dict[str, str]:
    """The parts of a rule's docstring that have a heading."""
    return {heading: text for heading, text in parts(rule.doc).items() if heading}


def repair_classes(rule: Rule) -> tuple[FixClass, ...]:
    """Which repairs a rule may offer: those that the section Repair of its documentation speaks of."""
    if rule.repair is None:
        return (FixClass.MANUAL,)
    text = sections(rule).get("Repair", "").lower()
    return tuple(safety for safety, word in _WORDS.items() if re.search(rf"\b{word}\b", text))


def page(rules: Iterable[Rule] = RULES) -> str:
    """All rules as one Markdown page: a table of them, then a section each."""
    by_code = sorted(rules, key=lambda rule: (_family_order(rule), rule.code))
    lines = [_HEAD, "| code | name | severity | repair | what |", "|---|---|---|---|---|"]
    lines += [_row(rule) for rule in by_code]
    family = ""
    for rule in by_code:
        if _family(rule) != family:
            family = _family(rule)
            lines += ["", f"## {family}: {FAMILIES.get(family, 'further rules')}"]
        lines += ["", *_section(rule)]
    return "\n".join(lines) + "\n"


def _row(rule: Rule) -> str:
    repair = ", ".join(_WORDS[safety] for safety in repair_classes(rule))
    what = summary(rule).replace("|", "\\|")
    link = f"#{rule.code.lower()}-{rule.name}"
    return f"| [{rule.code}]({link}) | {rule.name} | {rule.severity.value} | {repair} | {what} |"


def _section(rule: Rule) -> Iterator[str]:
    yield f"### {rule.code} {rule.name}"
    yield ""
    about = [rule.severity.value]
    if len(rule.formats) < 3:
        about.append(f"in {' and '.join(name.upper() for name in rule.formats)} only")
    yield f"_{', '.join(about)}_ · {summary(rule)}"
    for heading, text in sections(rule).items():
        yield ""
        yield f"**{heading}.** {text}" if not text.startswith("-") else f"**{heading}.**\n\n{text}"


def _family(rule: Rule) -> str:
    return rule.code.rstrip("0123456789")


def _family_order(rule: Rule) -> int:
    families = list(FAMILIES)
    return families.index(_family(rule)) if _family(rule) in families else len(families)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")

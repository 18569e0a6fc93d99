"""The rules as documents: the parts of their docstrings, in any language, and the pages made of them.

`python -m curate.rules.pages` writes `README.md` and `README.zh-CN.md` again; a test compares them with the
docstrings. Where a docstring has changed, its translation is looked at, and named to say that this was done:
`python -m curate.rules.pages BOX002`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from curate.findings import FixClass
from curate.rules import RULES, by_code
from curate.rules.model import Rule
from curate.rules.translations import LANGUAGES, head, stamp, translations

PAGES = {
    "en": Path(__file__).with_name("README.md"),
    "zh": Path(__file__).with_name("README.zh-CN.md"),
}
SECTIONS = ("What", "Why it hurts training", "Example", "Repair", "Evidence")
_FAMILIES = {
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

_FAMILIES_ZH = {
    "ENC": "字节和编码",
    "XML": "格式是否正确",
    "SEC": "安全",
    "HDR": "文件头与图像是否一致",
    "OBJ": "目标",
    "BOX": "框的几何",
    "CLS": "类别",
    "IMG": "图像文件",
    "SET": "划分和副本",
}

_HEAD = """# Rules

**English** · [简体中文](README.zh-CN.md)

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


@dataclass(frozen=True)
class _Language:
    """What a page says beside the rules' own texts."""

    head: str
    columns: str
    families: Mapping[str, str]
    headings: Mapping[str, str]  # of the sections, by the English ones
    severities: Mapping[str, str]
    repairs: Mapping[FixClass, str]
    joint: str  # between the repair classes of a rule
    only_in: str
    both: str
    section: str


_WORDS = {FixClass.SAFE: "safe", FixClass.UNSAFE: "unsafe", FixClass.MANUAL: "person"}
_SEVERITIES = ("error", "warning", "info")
_LANGUAGES = {
    "en": _Language(
        head=_HEAD,
        columns="| code | name | severity | repair | what |",
        families=_FAMILIES,
        headings={heading: heading for heading in SECTIONS},
        severities={severity: severity for severity in _SEVERITIES},
        repairs=_WORDS,
        joint=", ",
        only_in=", in {} only",
        both=" and ",
        section="**{}.** ",
    ),
    "zh": _Language(
        head=f"{head('zh')}\n",
        columns="| 规则 | 名称 | 级别 | 修复 | 问题 |",
        families=_FAMILIES_ZH,
        headings=dict(zip(SECTIONS, ("问题", "对训练的影响", "示例", "修复", "依据"), strict=True)),
        severities=dict(zip(_SEVERITIES, ("错误", "警告", "提示"), strict=True)),
        repairs={FixClass.SAFE: "安全", FixClass.UNSAFE: "须确认", FixClass.MANUAL: "人工"},
        joint="、",
        only_in="，仅限 {}",
        both=" 和 ",
        section="**{}。** ",
    ),
}


def summary(rule: Rule, lang: str = "en") -> str:
    """The first sentence of a rule, without its name."""
    if lang != "en":
        return translations(lang)[rule.code].summary
    return " ".join(rule.doc.strip().partition("\n\n")[0].partition(": ")[2].split())


def parts(doc: str) -> dict[str, str]:
    """Heading -> text, in the order of a docstring; what stands before the first heading under ""."""
    lead, *rest = re.split(r"^## +(.+)$", doc.strip(), flags=re.MULTILINE)
    titled = zip(rest[::2], rest[1::2], strict=True)
    return {"": lead.strip(), **{heading.strip(): text.strip() for heading, text in titled}}


def sections(rule: Rule, lang: str = "en") -> dict[str, str]:
    """The parts of a rule's documentation that have a heading; the keys are English in any language."""
    english = {heading: text for heading, text in parts(rule.doc).items() if heading}
    return (
        english if lang == "en" else dict(zip(english, translations(lang)[rule.code].sections, strict=True))
    )


def documentation(rule: Rule, lang: str = "en") -> str:
    """A rule as Markdown: its code and name as a heading, then what its docstring says."""
    words = _LANGUAGES[lang]
    text = [f"# {rule.code} {rule.name}", f"_{words.severities[rule.severity.value]}_"]
    if lang == "en":
        return "\n\n".join([*text, rule.doc.strip()]) + "\n"
    text.append(summary(rule, lang))
    return (
        "\n\n".join([*text, *(f"## {words.headings[h]}\n{t}" for h, t in sections(rule, lang).items())])
        + "\n"
    )


def repair_classes(rule: Rule) -> tuple[FixClass, ...]:
    """Which repairs a rule may offer: those that the section Repair of its documentation speaks of."""
    if rule.repair is None:
        return (FixClass.MANUAL,)
    text = sections(rule).get("Repair", "").lower()
    return tuple(safety for safety, word in _WORDS.items() if re.search(rf"\b{word}\b", text))


def page(rules: Iterable[Rule] = RULES, lang: str = "en") -> str:
    """All rules as one Markdown page: a table of them, then a section each."""
    words = _LANGUAGES[lang]
    by_code = sorted(rules, key=lambda rule: (_family_order(rule), rule.code))
    lines = [words.head, words.columns, "|---|---|---|---|---|"]
    lines += [_row(rule, lang) for rule in by_code]
    family = ""
    for rule in by_code:
        if _family(rule) != family:
            family = _family(rule)
            lines += ["", f"## {family}: {words.families.get(family, 'further rules')}"]
        lines += ["", *_section(rule, lang)]
    return "\n".join(lines) + "\n"


def _row(rule: Rule, lang: str) -> str:
    words = _LANGUAGES[lang]
    repair = words.joint.join(words.repairs[safety] for safety in repair_classes(rule))
    what = summary(rule, lang).replace("|", "\\|")
    link = f"#{rule.code.lower()}-{rule.name}"
    severity = words.severities[rule.severity.value]
    return f"| [{rule.code}]({link}) | {rule.name} | {severity} | {repair} | {what} |"


def _section(rule: Rule, lang: str) -> Iterator[str]:
    words = _LANGUAGES[lang]
    yield f"### {rule.code} {rule.name}"
    yield ""
    about = words.severities[rule.severity.value]
    if len(rule.formats) < 3:
        about += words.only_in.format(words.both.join(name.upper() for name in rule.formats))
    yield f"_{about}_ · {summary(rule, lang)}"
    for heading, text in sections(rule, lang).items():
        title = words.section.format(words.headings[heading])
        yield ""
        yield title + text if not text.startswith("-") else f"{title.strip()}\n\n{text}"


def _family(rule: Rule) -> str:
    return rule.code.rstrip("0123456789")


def _family_order(rule: Rule) -> int:
    families = list(_FAMILIES)
    return families.index(_family(rule)) if _family(rule) in families else len(families)


def main(codes: list[str]) -> None:
    """Write the pages; the translations of these rules are up to date."""
    for code in codes:
        for lang in LANGUAGES:
            if not stamp(by_code(code), lang):
                sys.exit(f"there is no text for {code} in {lang}")
    for lang, path in PAGES.items():
        path.write_text(page(lang=lang), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(sys.argv[1:])

"""The documentation of the rules: complete, true of the code, and the same on the page and for programs."""

from __future__ import annotations

import ast
import inspect
import json
import re
import sys
from pathlib import Path

import pytest
import yaml

from curate.findings import FixClass
from curate.rules import RULES
from curate.rules.model import Rule
from curate.rules.pages import PAGES, SECTIONS, documentation, page, repair_classes, sections, summary
from curate.rules.translations import mark_of, translations
from tests.conftest import REPO
from tests.curate.rules.museum import MUSEUM
from tests.curate.test_cli import curate_cli

EACH = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)


@pytest.mark.parametrize("lang", PAGES)
def test_the_page_is_what_the_docstrings_say(lang: str) -> None:
    assert PAGES[lang].read_text(encoding="utf-8") == page(lang=lang), "run: python -m curate.rules.pages"


@EACH
def test_a_rule_says_what_why_an_example_the_repair_and_the_evidence(rule: Rule) -> None:
    assert tuple(sections(rule)) == SECTIONS
    assert all(sections(rule).values())
    assert summary(rule)[-1] in ".?"
    assert "further rules" not in page([rule])


# --- in Chinese -------------------------------------------------------------------------------------------

CODE = re.compile(r"`([^`]+)`")
THREAD = re.compile(r"[\w.-]+/[\w.-]+(?:#\d+| PR#\d+)|arXiv:[\d.]+")
QUOTED = re.compile(r'"[^"]*"|`[^`]*`|[A-Za-z_]+/[\w.-]+')


@EACH
def test_a_rule_is_explained_in_chinese_and_the_text_is_that_of_today(rule: Rule) -> None:
    chinese = translations("zh")[rule.code]
    assert chinese.name == rule.name
    assert chinese.mark == mark_of(rule), (
        f"the English text of {rule.code} has changed: bring curate/rules/zh/{rule.code[:3]}.md up to date, "
        f"then run: python -m curate.rules.pages {rule.code}"
    )
    assert len(chinese.sections) == len(SECTIONS)
    assert chinese.summary[-1] in "。？"
    assert all(chinese.sections)


@EACH
def test_the_chinese_text_keeps_what_is_written_as_code_and_every_source(rule: Rule) -> None:
    chinese = documentation(rule, "zh")
    assert set(CODE.findall(" ".join(rule.doc.split()))) - set(CODE.findall(chinese)) == set()
    assert set(THREAD.findall(rule.doc)) - set(THREAD.findall(chinese)) == set()
    numbers = {"en": sections(rule), "zh": sections(rule, "zh")}
    for heading in ("Example", "Evidence"):
        lost = set(re.findall(r"\d[\d,]*\d", numbers["en"][heading]))
        assert lost - set(re.findall(r"\d[\d,]*\d", numbers["zh"][heading])) == set()


@EACH
def test_the_chinese_text_has_no_english_sentence_and_no_blank_between_letters(rule: Rule) -> None:
    chinese = QUOTED.sub("", documentation(rule, "zh").partition("\n\n_")[2])
    assert re.findall(r"[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}", chinese) == []
    assert re.findall("[\u4e00-\u9fff] [\u4e00-\u9fff]", chinese) == []


def test_no_rule_is_explained_in_chinese_that_does_not_exist() -> None:
    assert translations("zh").keys() == {rule.code for rule in RULES}


def test_a_rule_is_shown_in_chinese_where_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = curate_cli("rule", "BOX002", "--lang", "zh").stdout
    assert shown.startswith("# BOX002 outside-image\n\n_错误_\n\n框的一部分在图像边缘之外。\n\n## 问题\n")
    assert shown.count("\n## ") == len(SECTIONS)
    monkeypatch.setenv("CURATE_LANG", "zh")
    assert curate_cli("rule", "BOX002").stdout == shown
    assert "BOX002  错误     outside-image" in curate_cli("rule", "--all").stdout.splitlines()
    for_programs = json.loads(curate_cli("rule", "BOX002", "--output-format", "json").stdout)
    assert for_programs["summary"] == "a part of the box lies beyond the edge of its image."
    asked = json.loads(curate_cli("rule", "BOX002", "--output-format", "json", "--lang", "zh").stdout)
    assert (asked["summary"], asked["severity"]) == ("框的一部分在图像边缘之外。", "error")
    assert list(asked["sections"]) == list(SECTIONS)  # keys stay


# --- what rules may do ------------------------------------------------------------------------------------


def classes_in(module: str) -> set[FixClass]:
    """The repair classes that a module names, and `manual` where a finding is made without naming one."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    found = {
        FixClass[node.attr]
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "FixClass"
        and node.attr in FixClass.__members__
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "rule.finding":
            names = {keyword.arg for keyword in node.keywords}
            if not names & {"safety", None}:  # None: **keywords
                found.add(FixClass.MANUAL)
    return found


@EACH
def test_the_documentation_speaks_of_every_repair_class_that_the_code_gives(rule: Rule) -> None:
    assert set(repair_classes(rule)) == classes_in(rule.check.__module__)


def test_every_exhibit_of_the_museum_has_a_repair_class_that_its_rule_speaks_of() -> None:
    possible = {rule.code: set(repair_classes(rule)) for rule in RULES}
    odd = [str(exhibit) for exhibit in MUSEUM if exhibit.safety not in possible[exhibit.code]]
    assert odd == []


def test_all_rules_are_given_to_a_program_as_one_object() -> None:
    answer = json.loads(curate_cli("rule", "--all", "--output-format", "json").stdout)
    assert answer["schema"] == 1
    assert [rule["code"] for rule in answer["rules"]] == sorted(rule.code for rule in RULES)
    first = next(rule for rule in answer["rules"] if rule["code"] == "ENC001")
    assert first["name"] == "undeclared-gbk"
    assert (first["severity"], first["stage"], first["formats"]) == ("error", "bytes", ["voc"])
    assert first["repair"] == ["safe", "unsafe", "manual"]
    assert first["documentation"].startswith("# ENC001 undeclared-gbk\n")
    assert "GBK" in first["summary"]
    assert list(first["sections"]) == list(SECTIONS)


def test_one_rule_is_given_to_a_program_as_well() -> None:
    answer = json.loads(curate_cli("rule", "outside-image", "--output-format", "json").stdout)
    assert (answer["schema"], answer["code"], answer["repair"]) == (1, "BOX002", ["safe", "unsafe"])


def test_the_page_has_an_anchor_for_every_row_of_its_table() -> None:
    text = page()
    for rule in RULES:
        assert f"(#{rule.code.lower()}-{rule.name})" in text
        assert f"\n### {rule.code} {rule.name}\n" in text


def test_the_pre_commit_hook_is_a_command_that_exists() -> None:
    (hook,) = yaml.safe_load((REPO / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert hook["id"] == "curate-validate"
    assert hook["pass_filenames"] is False
    program, command = hook["entry"].split()
    assert program == "curate"
    help_text = curate_cli(command, "--help").stdout
    assert "PATH" in help_text
    assert hook["args"] == ["."]  # PATH


def test_the_pre_commit_hook_stops_a_commit_of_broken_labels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.curate.test_validate import write_voc

    (hook,) = yaml.safe_load((REPO / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    monkeypatch.chdir(write_voc(tmp_path / "数据", xmin=30, xmax=10))
    assert curate_cli(*hook["entry"].split()[1:], *hook["args"]).returncode == 1

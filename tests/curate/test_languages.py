"""Chinese messages: every text of the rules has its twin, a user's own text goes through as it is."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from string import Formatter

import pytest

from curate import errors
from curate.findings import Finding
from curate.formats import cache
from curate.formats.voc_folder import read
from curate.pixels import PixelReader
from curate.report.formats import OutputFormat, Printing, write_report
from curate.report.languages import EVERY_RULE, SAME_RULE, Translator, in_language, pattern, translator
from curate.report.languages.choice import language
from curate.report.languages.zh import CATALOGUE
from curate.rules import RULES, check_all
from curate.rules.model import Facts
from curate.tree import Tree
from tests.conftest import REPO
from tests.curate.rules.museum import MUSEUM, Exhibit, write
from tests.curate.test_cli import curate_cli
from tests.curate.test_report import finding, report

ZH = translator("zh")
SENTENCE = re.compile(r"[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}")
QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`[^`]*`""")


def english_in(text: str) -> list[str]:
    """Runs of three English words, outside quotations."""
    return SENTENCE.findall(QUOTED.sub("", text))


def texts(found: Finding) -> tuple[str, str, str]:
    return found.message, found.consequence, found.fix.description


# --- everything has a twin --------------------------------------------------------------------------------


def in_the_museum(exhibit: Exhibit, folder: Path) -> list[Finding]:
    tree = Tree.open(write(exhibit.broken, folder))
    reader = PixelReader(workers=1) if exhibit.pixels else None
    return check_all(Facts(read(tree, exhibit.classes), tree, reader=reader), RULES)


def test_all_that_rules_say_in_the_museum_has_a_chinese_twin(tmp_path: Path) -> None:
    missing = {
        (found.code, text)
        for number, exhibit in enumerate(MUSEUM)
        for found in in_the_museum(exhibit, tmp_path / str(number))
        for text in texts(found)
        if ZH.of_rule(found.code, text) == text or english_in(ZH.of_rule(found.code, text))
    }
    assert sorted(missing) == []


def whole_sentences(path: Path) -> Iterator[str]:
    """Texts of five words and more in a rule's file that are neither documentation nor part of another."""
    tree = ast.parse(path.read_bytes())
    nodes = list(ast.walk(tree))
    parts = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    parts |= {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        text = node.value if isinstance(node, ast.Constant) and id(node) not in parts else None
        if isinstance(text, str) and re.match(r"[A-Za-z]\S*( \S+){4}", text):
            yield text


def test_every_whole_sentence_in_the_file_of_a_rule_has_a_chinese_twin() -> None:
    files = sorted((REPO / "curate" / "rules").glob("[a-z][a-z][a-z][0-9][0-9][0-9]_*.py"))
    assert len(files) == len(RULES)
    said_by_all = (EVERY_RULE, "counted", "group")  # the last two fill slots of longer texts
    missing = [
        (path.name, text)
        for path in files
        for text in whole_sentences(path)
        if all(ZH.find(section, text) is None for section in (path.name[:6].upper(), *said_by_all))
    ]
    assert missing == []


def test_every_rule_is_in_the_catalogue() -> None:
    assert [rule.code for rule in RULES if rule.code not in CATALOGUE] == []


# --- the catalogue is sound -------------------------------------------------------------------------------

TWINS = [(section, *pair) for section, pairs in CATALOGUE.items() for pair in pairs]


def test_a_twin_names_only_slots_and_sections_that_exist() -> None:
    wrong = []
    for section, english, twin in TWINS:
        for _, number, inner, _ in Formatter().parse(twin):
            if number is None:
                continue
            if int(number) >= pattern(english).groups or inner not in ("", SAME_RULE, *CATALOGUE):
                wrong.append((section, english, twin))
    assert wrong == []


def test_a_section_has_no_english_text_twice() -> None:
    assert len({(section, english) for section, english, _ in TWINS}) == len(TWINS)


def test_a_template_is_reached_before_a_wider_one() -> None:
    samples = {"": "a", "q": "'a'", "n": "7", "w": "a"}
    hidden = []
    for section, pairs in CATALOGUE.items():
        for number, (english, _) in enumerate(pairs):
            text = re.sub(r"\{([nqw]?)\}", lambda match: samples[match[1]], english)
            if any(pattern(earlier).fullmatch(text) for earlier, _ in pairs[:number]):
                hidden.append((section, english))
    assert hidden == []


# --- what stops a command ---------------------------------------------------------------------------------

# every file that validate, undo, log and rule may be stopped in
STOPPING = (
    *("tree", "errors", "config", "tables", "pixels/__init__"),
    *("rules/__init__", "rules/selection", "report/formats", "report/output", "engine/local"),
    *(f"formats/{name}" for name in ("discover", "classlist", "voc_folder", "yolo", "coco")),
    *(f"cli/{name}" for name in ("console", "program", "validate", "undo", "log", "rule")),
    *(f"commands/{name}" for name in ("validate", "undo", "log", "rule", "watch")),
    *("fixes/apply", "fixes/journal", "fixes/lock", "fixes/undo", "known/baseline", "known/screen"),
)
# errors of `curate run`, whose tables the other commands do not read
OF_RUN = ("anchors", "negatives", "[val]", "[split]", "[[paste]]", "needs what", "[fit]", "ratio = 0.1")
OF_RUN = (*OF_RUN, '"test" or "val"', "[0.8, 0.1, 0.1]", "Give at least 1.", "Add a line")
OF_RUN = (*OF_RUN, "Two steps are called")


# parts of these are worked out before; test_an_error_is_said_in_chinese_with_its_parts has examples
COMPOSED = ("x x since run xx; nothing was touched.", "x changed no x.")
COMPOSED = (*COMPOSED, "Move your version aside and undo again, or take back the others with --filex.")


def said_by(node: ast.AST) -> Iterator[str]:
    """The texts that an argument of an error may be, with an example in place of each value."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*said_by(node.body), *said_by(node.orelse))
    elif isinstance(node, ast.JoinedStr):
        yield "".join(example(part) for part in node.values)


def example(part: ast.expr) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    assert isinstance(part, ast.FormattedValue)
    return "'x'" if part.conversion == ord("r") else "7" if part.format_spec else "x"


def errors_of(path: Path) -> Iterator[str]:
    names = {name for name, kind in vars(errors).items() if isinstance(kind, type)} | {"Mistake", "complain"}
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {*names, "super().__init__"}:
            for argument in node.args:
                yield from said_by(argument)
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in ("cure", "hint", "fix"):
            yield from said_by(node.value)
        elif isinstance(node, ast.Return) and node.value is not None and path.name != "console.py":
            yield from (text for text in said_by(node.value) if re.search(r"\w [\w {].*[.?]$", text))


def test_all_that_stops_a_command_has_a_chinese_twin() -> None:
    missing = [
        (name, text)
        for name in STOPPING
        for text in errors_of(REPO / "curate" / f"{name}.py")
        if ZH.find("error", text) is None and not any(word in text for word in (*OF_RUN, *COMPOSED))
    ]
    assert [each for each in missing if re.search("[a-z]{2,} [a-z]{2,}", each[1])] == []


ERRORS = {
    "data does not exist.": "data 不存在。",
    "a.xml was changed since run 0001 (and 2 more); nothing was touched.": (
        "第 0001 次运行之后，a.xml 又有改动（另有 2 个文件有变化）；没有触动任何文件。"
    ),
    "a.xml is gone since run 0001; nothing was touched.": (
        "第 0001 次运行之后，a.xml 已不存在；没有触动任何文件。"
    ),
    "Run 0002 changed no a.xml.": "第 0002 次运行没有改动 a.xml。",
    "No run that stands changed no a.xml.": "现有的运行都没有改动 a.xml。",
    "Move your version aside and undo again, or take back the others with --file"
    "; its bytes before the run are .curate/journal/0001/old/ab.": (
        "请移开你的版本后再次撤销，或用 --file 撤销其他文件；运行前的内容在 .curate/journal/0001/old/ab。"
    ),
    "/a/curate.toml:3: [validate] knows no 'selct'.": "/a/curate.toml:3：[validate] 中没有 'selct' 这个键。",
    "c.toml:4: validate.imgsz = 'x' is not a whole number.": "c.toml:4：validate.imgsz = 'x' 不是整数。",
    "Write at least 32.": "请写至少 32。",
    "curate is at work in this folder already: validate --fix (process 7 on here).": (
        "另一个 curate 正在处理该文件夹：validate --fix（here 上的进程 7）。"
    ),
    "data holds no images and no annotations that we can read (1 files). Left aside: p, a named pipe."
    " Left aside: q, a link to nothing.": (
        "data 中没有可读取的图像和标注（共 1 个文件）。 跳过：p，命名管道。 跳过：q，指向不存在的文件的链接。"
    ),
}


@pytest.mark.parametrize(("english", "chinese"), ERRORS.items())
def test_an_error_is_said_in_chinese_with_its_parts(english: str, chinese: str) -> None:
    assert ZH.say("error", english) == chinese


def test_a_command_that_stops_says_why_in_the_language_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "空").mkdir()
    runs = {
        ("rule", "BOX0002"): ["错误：没有 'BOX0002' 这条规则。", "  是否应为 BOX002？"],
        ("rule",): ["错误：要查看哪条规则？", "  请写出规则编号；查看全部规则：curate rule --all"],
        ("undo", "没有"): ["错误：没有 不存在。", "  请写出数据集所在的文件夹。"],
        ("log", ".", "--run", "0001"): ["错误：没有第 0001 次运行。", "  现有的运行：无。"],
        ("validate", ".", "--fix", "--diff"): ["错误：--fix 会写入文件，--diff 不会。", "  两者只能选一个。"],
    }
    monkeypatch.chdir(tmp_path / "空")
    for words, expected in runs.items():
        ran = curate_cli(*words, "--lang", "zh")
        assert (ran.returncode, ran.stderr.splitlines()) == (2, expected)
    monkeypatch.setenv("CURATE_LANG", "zh")
    assert curate_cli("validat", ".").stderr.startswith("错误：没有 'validat' 这个命令。")
    assert curate_cli("undo", "没有").stderr.startswith("错误：没有 不存在。")
    assert curate_cli("undo", "没有", "--lang", "en").stderr.startswith("error: 没有 does not exist.")


# --- how a text finds its twin ----------------------------------------------------------------------------

SMALL = Translator(
    {
        "BOX999": (
            ("the class {q} is {n} px at the {w} of {}", "{3} 的类别 {0} 在{2:side} {1} 像素"),
            ("{q} has no twin in {w}", "{0} 在{1:split}"),
        ),
        EVERY_RULE: (("write {q}", "改为 {0}"),),
        "side": (("right", "右侧"),),
        "split": (("train", "训练集"),),
    }
)


def test_slots_are_placed_by_number_and_words_are_looked_up() -> None:
    said = SMALL.of_rule("BOX999", "the class 'cat' is 1.5 px at the right of a.xml")
    assert said == "a.xml 的类别 'cat' 在右侧 1.5 像素"


def test_what_is_not_in_the_section_of_the_rule_is_looked_up_among_the_texts_of_all_rules() -> None:
    assert SMALL.of_rule("BOX999", "write 'cat'") == "改为 'cat'"
    assert SMALL.of_rule("XXX000", "write 'cat'") == "改为 'cat'"


def test_a_slot_may_be_another_text_of_the_same_rule() -> None:
    # what is repaired in VOC only is left to a person in other formats
    assert ZH.of_rule("BOX010", "keep the first one, by hand") == "只保留第一个（手动）"
    assert ZH.of_rule("CLS002", "write 'a, by hand', by hand") == "改为 'a, by hand'（手动）"


def test_a_text_without_a_twin_stays_english() -> None:
    assert SMALL.of_rule("BOX999", "something new") == "something new"
    no_number = "the class 'cat' is nine px at the right of a"
    assert SMALL.of_rule("BOX999", no_number) == no_number
    assert SMALL.of_rule("BOX999", "'a' has no twin in nowhere") == "'a' 在nowhere"


@pytest.mark.parametrize(
    "name",
    [
        "right",
        "{0} {1:side} {}",
        "%s\n\r\t\x1b[2J",
        "it's \"both\" \\'",
        "a' is 7 px at the right of b",
        "train' has no twin in train",
        "\udc80\ufffe\U0001f600",
        "香烟 手机",
        "",
    ],
)
def test_a_hostile_name_comes_through_unchanged(name: str) -> None:
    said = SMALL.of_rule("BOX999", f"the class {name!r} is 2 px at the right of {name!r}")
    assert said == f"{name!r} 的类别 {name!r} 在右侧 2 像素"
    said = ZH.of_rule("CLS002", f"the class {name!r} (1 box) is another spelling of {name!r} (30 boxes)")
    assert said == f"类别 {name!r}（1 个框）是 {name!r}（30 个框）的另一种写法"


def test_a_very_long_text_stays_english_and_costs_nothing() -> None:
    began = time.perf_counter()
    text = "the class " + "'a' (1 box) looks like " * 10_000
    assert ZH.of_rule("CLS003", text) == text
    assert time.perf_counter() - began < 1


def test_ten_thousand_findings_are_translated_quickly() -> None:
    said = "the box {0},10,66,30 is {0} px at the right outside the image of 64x48"
    found = finding("BOX002", message="")
    many = report(*(replace(found, message=said.format(number)) for number in range(10_000)))
    began = time.process_time()
    last = in_language(many, "zh").findings[-1]
    assert time.process_time() - began < 1.5  # measured: a fifth of it; CI is slower
    assert last.message == "框 9999,10,66,30 超出图像（64x48）：右侧 9999 像素"


# --- reports ----------------------------------------------------------------------------------------------


def test_english_is_the_report_itself() -> None:
    shown = report(finding())
    assert in_language(shown, "en") is shown


def test_a_report_in_chinese_keeps_codes_names_paths_and_fingerprints() -> None:
    here = finding("CLS002", message="the class 'Cat' (1 box) is another spelling of 'cat' (9 boxes)")
    there = replace(here, path="Annotations/b.xml")
    shown = report(here, there)
    said = in_language(shown, "zh")
    assert said.findings[0].message == "类别 'Cat'（1 个框）是 'cat'（9 个框）的另一种写法"
    assert [(f.code, f.name, f.path, f.line) for f in said.findings] == [
        (f.code, f.name, f.path, f.line) for f in shown.findings
    ]
    assert said.fingerprints == shown.fingerprints


@pytest.mark.parametrize("name", ["json", "jsonl", "sarif", "github", "gitlab", "junit"])
def test_a_format_for_programs_carries_chinese_texts_when_it_is_asked_to(name: str, tmp_path: Path) -> None:
    found = finding("OBJ003", message="the object has no box")
    stream = io.StringIO()
    write_report(report(found, root=tmp_path), stream, OutputFormat(name), Printing(lang="zh"))
    assert "目标没有框" in stream.getvalue()
    assert "OBJ003" in stream.getvalue()


# --- which language ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_TW.Big5"}, "zh"),
        ({"LANG": "ZH"}, "zh"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LC_ALL": "en_US.UTF-8", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"LC_ALL": "", "LANG": "zh_CN.UTF-8"}, "zh"),  # an empty variable counts as unset (POSIX)
        ({"LC_MESSAGES": "zh_CN.UTF-8", "LANG": "en_US.UTF-8"}, "zh"),
        ({"LC_ALL": "en_US.UTF-8", "LC_MESSAGES": "zh_CN.UTF-8"}, "en"),
        ({"CURATE_LANG": "zh", "LC_ALL": "en_US.UTF-8"}, "zh"),
        ({"CURATE_LANG": "en", "LC_ALL": "zh_CN.UTF-8"}, "en"),
        ({"CURATE_LANG": " ", "LANG": "zh_CN.UTF-8"}, "zh"),
    ],
)
def test_the_language_is_that_of_curate_lang_or_of_the_locale(
    environment: dict[str, str], expected: str
) -> None:
    assert language(environment, windows=False) == expected


def test_windows_without_variables_has_the_language_of_its_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("locale.getlocale", lambda: ("Chinese (Simplified)_China", "936"))
    assert language({}, windows=True) == "zh"
    assert language({"LANG": "en_US"}, windows=True) == "en"
    monkeypatch.setattr("locale.getlocale", lambda: (None, None))
    assert language({}, windows=True) == "en"


# --- the command line -------------------------------------------------------------------------------------


@pytest.fixture
def sample_data(samples: Path, tmp_path: Path) -> Path:
    """The sample data set, in a folder with a Chinese name."""
    return shutil.copytree(samples / "data", tmp_path / "香烟检测", ignore=shutil.ignore_patterns(".curate"))


@pytest.mark.parametrize(
    "wishes", [(), ("--output-format", "concise"), ("--output-format", "grouped"), ("--statistics",)], ids=str
)
def test_a_chinese_run_says_no_english_sentence(sample_data: Path, wishes: tuple[str, ...]) -> None:
    ran = curate_cli("validate", sample_data, "--lang", "zh", "--no-cache", "--show-info", *wishes)
    lines = [*ran.stdout.splitlines(), *ran.stderr.splitlines()]
    assert [line for line in lines if english_in(line)] == []
    assert "训练程序能看到 163 张图像中的 159 张，327 个框中的 313 个" in lines


def test_a_chinese_repair_says_no_english_sentence(sample_data: Path) -> None:
    planned = curate_cli("validate", sample_data, "--lang", "zh", "--no-cache", "--diff")
    assert planned.stderr.startswith("将修复 ")
    ran = curate_cli("validate", sample_data, "--lang", "zh", "--no-cache", "--fix")
    assert [line for line in ran.stdout.splitlines() if english_in(line)] == []
    assert re.search(
        r"^已修复 \d+ 个文件中的 \d+ 个问题（第 \S+ 次运行；撤销：curate undo ", ran.stdout, re.M
    )


def test_log_and_undo_speak_chinese(sample_data: Path) -> None:
    for command in ("log", "undo"):
        assert re.fullmatch("没有.*修复.*\n", curate_cli(command, sample_data, "--lang", "zh").stdout)
    assert curate_cli("validate", sample_data, "--no-cache", "--fix").returncode == 1
    (line,) = curate_cli("log", sample_data, "--lang", "zh").stdout.splitlines()
    assert re.match(r"0001  \d{4}-\d\d-\d\d \d\d:\d\d  12 个问题，14 个文件  \w+", line)
    assert curate_cli("undo", sample_data, "--list", "--lang", "zh").stdout.splitlines() == [line]
    files = curate_cli("log", sample_data, "--run", "0001", "--lang", "zh").stdout
    assert files.count("  已修复") + files.count("（无文件）") >= 14
    assert english_in(files) == []
    part = curate_cli("undo", sample_data, "--file", "Annotations/000015.xml", "--lang", "zh").stdout
    assert part == "已部分撤销第 0001 次运行：恢复了 1 个文件\n"
    assert (
        curate_cli("undo", sample_data, "--lang", "zh").stdout == "已撤销第 0001 次运行：恢复了 13 个文件\n"
    )


def test_where_a_chinese_report_went_is_said_in_chinese(sample_data: Path, tmp_path: Path) -> None:
    target = tmp_path / "报告.txt"
    ran = curate_cli("validate", sample_data, "--lang", "zh", "--no-cache", "-o", target)
    assert ran.stderr.splitlines()[0] == f"已写入 {target}"
    assert english_in(target.read_text(encoding="utf-8")) == []


def test_the_locale_decides_for_people_and_not_for_programs(
    sample_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CURATE_LANG", "zh")
    run = ("validate", sample_data, "--no-cache", "--select", "BOX004")
    assert "框 59,34,59,34 是一个点" in curate_cli(*run).stdout
    assert "发现 1 个错误" in curate_cli(*run).stdout
    found = json.loads(curate_cli(*run, "--output-format", "json").stdout)["findings"]
    assert [one["message"] for one in found] == ["the box 59,34,59,34 is a point"]
    asked = json.loads(curate_cli(*run, "--output-format", "json", "--lang", "zh").stdout)["findings"]
    assert [one["message"] for one in asked] == ["框 59,34,59,34 是一个点"]
    assert [one["fingerprint"] for one in asked] == [one["fingerprint"] for one in found]
    assert "found 1 error" in curate_cli(*run, "--lang", "en").stdout


def test_an_answer_that_is_given_again_is_in_the_language_that_is_asked_for(
    sample_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "SMALLEST", 1)
    monkeypatch.setattr(cache, "_TICK", 0)
    for path in sample_data.rglob("*"):
        os.utime(path, (1, 1))  # long unchanged
    run = ("validate", sample_data, "--select", "BOX004")
    said = []
    for name in ("zh", "zh", "en", "zh"):
        monkeypatch.setenv("CURATE_LANG", name)
        said.append(curate_cli(*run).stdout.splitlines()[0].partition("BOX004 ")[2])
    chinese, english = "框 59,34,59,34 是一个点", "the box 59,34,59,34 is a point"
    assert said == [chinese, chinese, english, chinese]


def test_tests_speak_english_whatever_the_locale() -> None:
    assert os.environ["CURATE_LANG"] == "en"

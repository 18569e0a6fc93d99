"""The page in a real browser: it opens, filters, obeys the keyboard, fits a telephone, and keeps quiet.

Skipped where no Chromium is installed; needs no network.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from curate.commands import validate
from curate.findings import Finding
from curate.report.html.page import to_html
from curate.report.model import Report
from tests.curate.browser import Page
from tests.curate.rules.museum import an_object, data, exif, image, size, voc, write
from tests.curate.test_report_html import HOSTILE, SWAPPED, hostile_set


def messy(folder: Path) -> Report:
    """Three errors of two rules, a warning, and infos, in files with Chinese names."""
    files = data(voc("a", an_object(box=SWAPPED), an_object("狗", (200, 10, 240, 30))))
    files |= {"Annotations/训练/雨 天.xml": voc("雨 天", an_object(box=SWAPPED)).encode()}
    files |= {"JPEGImages/训练/雨 天.jpg": image("rain")}
    files |= {
        "Annotations/t.xml": voc("t", size=size(48, 64)).encode(),
        "JPEGImages/t.jpg": exif(image("t"), 6),
    }
    return validate.run(write(files, folder / "香烟 数据"))


def show(tab: Page, report: Report, folder: Path, anchor: str = "") -> None:
    path = folder / "report.html"
    path.write_text(to_html(report, target="香烟 数据"), encoding="utf-8")
    tab.open(path.as_uri() + anchor)


def many(report: Report, count: int) -> Report:
    """The same report with its findings repeated until there are `count`."""
    findings: list[Finding] = []
    for number in range(count):
        one = report.findings[number % len(report.findings)]
        findings.append(replace(one, message=f"{one.message} (number {number})"))
    return replace(report, findings=tuple(sorted(findings, key=lambda f: f.place)))


def codes_shown(tab: Page) -> list[str]:
    return list(tab.ask("[...document.querySelectorAll('.rule:not([hidden])')].map(s => s.id)"))


def cards(tab: Page) -> int:
    return int(tab.ask("document.querySelectorAll('.rule:not([hidden]) .finding').length"))


def choose(tab: Page, selector: str, value: str) -> None:
    """Write into a field as a user does, and wait until the list has followed."""
    tab.ask(
        f"(async () => {{ const f = document.querySelector({selector!r}); f.value = {value!r};"
        "f.dispatchEvent(new Event('input', {bubbles: true}));"
        "await new Promise(r => setTimeout(r, 150)); })()"
    )


def test_the_page_opens_in_silence_and_asks_for_nothing_but_itself(tab: Page, tmp_path: Path) -> None:
    show(tab, messy(tmp_path), tmp_path)
    assert tab.complaints() == []
    assert len(tab.requests()) == 1
    assert "BOX001" in codes_shown(tab)
    assert tab.ask("document.querySelector('h1').innerText") == "香烟 数据"
    assert "训练/雨 天.xml" in tab.ask("document.querySelector('#BOX001').innerText")


def test_the_box_that_is_meant_is_drawn_over_the_picture(tab: Page, tmp_path: Path) -> None:
    show(tab, messy(tmp_path), tmp_path)
    drawn = tab.ask(
        "[...document.querySelectorAll('#BOX003 .pane:first-child .box.hit')].map(r => r.getAttribute('x'))"
    )
    assert drawn == ["199"]  # written 200, counted from 1
    assert (
        tab.ask("document.querySelector('#BOX003 image').getAttribute('href').slice(0, 22)")
        == "data:image/jpeg;base64"
    )
    assert tab.ask("document.querySelectorAll('#HDR005 .pane').length") == 2
    assert tab.ask("document.querySelector('#BOX001 .minus mark').innerText") == "4"
    assert tab.ask("document.querySelector('#BOX001 .plus mark').innerText") == "1"


def test_names_from_the_data_do_nothing(tab: Page, tmp_path: Path) -> None:
    report = hostile_set(tmp_path / "set")
    show(tab, report, tmp_path)
    assert tab.ask("typeof hacked") == "undefined"
    assert tab.complaints() == []
    assert len(tab.requests()) == 1
    assert HOSTILE in tab.ask("document.body.textContent")


def test_findings_are_filtered_by_severity_rule_repair_path_and_words(tab: Page, tmp_path: Path) -> None:
    show(tab, messy(tmp_path), tmp_path)
    every = cards(tab)
    choose(tab, "#text", "greater xmax")  # both words, in any order
    assert codes_shown(tab) == ["BOX001"] and cards(tab) == 2
    choose(tab, "#path", "训练/*.xml")
    assert cards(tab) == 1
    choose(tab, "#text", "")
    choose(tab, "#path", "")
    assert cards(tab) == every
    choose(tab, "#fix", "0")
    assert "BOX003" not in codes_shown(tab)  # by hand
    choose(tab, "#fix", "")
    choose(tab, "#rule", tab.ask("document.querySelector('#BOX003').dataset.rule"))
    assert codes_shown(tab) == ["BOX003"]
    choose(tab, "#rule", "")
    tab.ask("document.querySelectorAll('[name=severity]').forEach(b => { if (b.value !== '2') b.click(); })")
    choose(tab, "#text", "")
    assert "BOX001" not in codes_shown(tab) and codes_shown(tab)
    choose(tab, "#text", "nothing says this")
    assert cards(tab) == 0
    assert tab.ask("!document.querySelector('#none').hidden")


def test_the_keyboard_is_enough(tab: Page, tmp_path: Path) -> None:
    show(tab, messy(tmp_path), tmp_path)
    tab.press("/")
    assert tab.ask("document.activeElement.id") == "text"
    assert tab.ask("document.activeElement.value") == ""
    tab.press("x")
    assert tab.ask("document.activeElement.value") == "x"  # j, k and / are letters in a field
    tab.press("Escape")
    assert tab.ask("document.querySelector('#text').value") == ""
    where = "[...document.querySelectorAll('.rule:not([hidden]) .finding')].indexOf(document.activeElement)"
    for key, place in (("j", 0), ("j", 1), ("j", 2), ("k", 1)):
        tab.press(key)
        assert tab.ask(where) == place


def test_a_link_leads_to_its_rule_even_when_a_filter_hides_it(tab: Page, tmp_path: Path) -> None:
    show(tab, messy(tmp_path), tmp_path, "#BOX003")
    assert abs(tab.ask("document.querySelector('#BOX003').getBoundingClientRect().top")) < 900
    assert tab.ask("scrollY") > 0
    choose(tab, "#text", "greater")
    assert codes_shown(tab) == ["BOX001"]
    tab.ask("location.hash = '#HDR005'; new Promise(r => setTimeout(r, 150))")
    assert "HDR005" in codes_shown(tab)
    tab.ask("location.hash = '#XML001'; new Promise(r => setTimeout(r, 150))")
    assert tab.ask("document.querySelector('#XML001').open")


def test_ten_thousand_findings_are_shown_in_parts_and_all_can_be_searched(tab: Page, tmp_path: Path) -> None:
    report = many(messy(tmp_path), 10_000)
    show(tab, report, tmp_path)
    assert cards(tab) <= 10 * len(report.by_code)
    assert "10,000 of 10,000" in tab.ask("document.querySelector('#shown').innerText")
    tab.ask("document.querySelector('#BOX001 .more').click()")
    assert tab.ask("document.querySelectorAll('#BOX001 .finding').length") == 60
    assert tab.ask("document.activeElement.matches('#BOX001 .finding:nth-child(11)')")
    choose(tab, "#text", "number 9999)")
    assert cards(tab) == 1


def test_the_last_finding_shown_fetches_the_next(tab: Page, tmp_path: Path) -> None:
    show(tab, many(messy(tmp_path), 500), tmp_path)
    tab.ask("document.querySelector('#BOX001 .finding:nth-child(10)').focus()")
    tab.press("j")
    assert tab.ask("document.activeElement.matches('#BOX001 .finding:nth-child(11)')")


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_is_wider_than_the_window(tab: Page, tmp_path: Path, width: int) -> None:
    tab.size(width, 800)
    show(tab, messy(tmp_path), tmp_path)
    assert tab.ask("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(("width", "is_open"), [(360, False), (1280, True)])
def test_on_a_telephone_the_documentation_of_a_rule_opens_when_it_is_asked_for(
    tab: Page, tmp_path: Path, width: int, is_open: bool
) -> None:
    tab.size(width, 800)
    show(tab, messy(tmp_path), tmp_path)
    read = "document.querySelector('#BOX001 .about').innerText.includes('Ultralytics drops')"
    assert tab.ask(read) is is_open
    tab.ask("document.querySelector('#BOX001 .about > summary').click()")
    assert tab.ask(read) is not is_open
    said = tab.ask("document.querySelector('#BOX001 > p').innerText")
    assert said == "xmin is greater than xmax, or ymin than ymax."


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_light_and_dark(tab: Page, tmp_path: Path, scheme: str) -> None:
    """WCAG 2.1, 1.4.3: a contrast of 4.5 at least, for every colour of text on the ground it stands on."""
    tab.media(scheme)
    show(tab, messy(tmp_path), tmp_path)
    worst = tab.worst_contrast(beside="svg, script, select")
    assert worst[0] >= 4.5, worst


def test_charts_can_be_those_of_one_class(tab: Page, tmp_path: Path) -> None:
    show(tab, messy(tmp_path), tmp_path)
    every = tab.ask("document.querySelector('#charts').innerText")
    choose(tab, "#which-class", "0")
    tab.ask("document.querySelector('#which-class').dispatchEvent(new Event('change'))")
    assert tab.ask("document.querySelector('#charts').innerText") != every
    every_class = "s => { s.value = ''; s.dispatchEvent(new Event('change')); }"
    tab.ask(f"({every_class})(document.querySelector('#which-class'))")
    assert tab.ask("document.querySelector('#charts').innerText") == every

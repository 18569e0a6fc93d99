"""The page in a real browser: pictures, filters, the closer look, light and dark, wide and narrow.

Skipped where no Chromium is installed; needs no network.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.curate.browser import Page
from tests.trainer.judged import CLASSES, compared_of, detections, ground_of, judged_of
from trainer.report import comparison, judgement


def show(tab: Page, content: bytes, folder: Path) -> None:
    path = folder / "index.html"
    path.write_bytes(content)
    tab.open(path.as_uri())


def one(folder: Path, copies: int = 1) -> bytes:
    ground = ground_of(folder, copies)
    judged, found = judged_of(ground, detections(copies))
    return judgement.page(judged, ground, found.matching, 60)


def cards(tab: Page) -> list[str]:
    """The names of the images shown."""
    return list(tab.ask("[...document.querySelectorAll('.card h3')].map(h => h.innerText)"))


def change(tab: Page, selector: str, value: str | bool) -> None:
    """Change a field as a user does, and wait until the list has followed."""
    what = "checked" if isinstance(value, bool) else "value"
    shown = str(value).lower() if isinstance(value, bool) else repr(value)
    tab.ask(
        f"(async () => {{ const f = document.querySelector({selector!r}); f.{what} = {shown};"
        "f.dispatchEvent(new Event('input', {bubbles: true}));"
        "await new Promise(r => setTimeout(r, 150)); })()"
    )


def only(tab: Page, kind: str) -> None:
    """Leave one kind of mistake checked."""
    kinds = tab.ask("[...document.querySelectorAll('[name=kind]')].map(b => b.parentElement.innerText)")
    for number, word in enumerate(kinds):
        change(tab, f"[name=kind][value='{number}']", word.strip().startswith(kind))


def test_the_page_opens_in_silence_and_asks_for_nothing_but_itself(tab: Page, tmp_path: Path) -> None:
    show(tab, one(tmp_path), tmp_path)
    assert tab.complaints() == []
    assert len(tab.requests()) == 1
    assert tab.ask("typeof hacked") == "undefined"
    assert tab.ask("document.querySelector('h1').innerText") == "第一 on test"
    assert len(cards(tab)) == 5
    assert tab.ask("[...document.images].length + document.querySelectorAll('image').length") == 5


def test_boxes_lie_on_the_picture_in_its_own_pixels(tab: Page, tmp_path: Path) -> None:
    show(tab, one(tmp_path), tmp_path)
    box = (
        "const b = document.querySelector('.card:nth-child({}) .box.{}'); b && ['x', 'y', 'width', 'height']"
    )
    get = ".map(a => Number(b.getAttribute(a)))"
    missed = tab.ask(f"(() => {{ {box.format(1, 'missed').replace('b && ', 'return b && ')}{get} }})()")
    assert missed == [40, 40, 80, 80]
    placed = tab.ask(f"(() => {{ {box.format(2, 'wrong').replace('b && ', 'return b && ')}{get} }})()")
    assert placed == [40, 40, 30, 80]
    said = tab.ask("[...document.querySelectorAll('.about li')].map(l => l.innerText.replace(/\\s+/g, ' '))")
    assert said[:4] == [
        "1.00 missed: 香烟",
        "0.80 badly placed: 香烟 0.80",
        f"0.70 wrong class: {CLASSES[2]} 0.70, labelled 香烟",
        "0.60 nothing there: 手 0.60",
    ]


def test_images_are_filtered_by_kind_class_and_name(tab: Page, tmp_path: Path) -> None:
    show(tab, one(tmp_path), tmp_path)
    only(tab, "nothing there")
    assert cards(tab) == ["照片 3.png"]
    only(tab, "missed")
    assert cards(tab) == ["照片 0.png"]
    change(tab, "#of-class", "1")
    assert cards(tab) == []
    assert not tab.ask("document.querySelector('#none').hidden")
    for number in range(6):
        change(tab, f"[name=kind][value='{number}']", True)
    assert cards(tab) == ["照片 3.png"]
    change(tab, "#of-class", "")
    change(tab, "#text", "照片 2")
    assert cards(tab) == ["照片 2.png"]
    assert tab.ask("document.querySelector('#shown').innerText") == "1 of 5 images"


def test_labels_and_right_detections_can_be_left_out(tab: Page, tmp_path: Path) -> None:
    show(tab, one(tmp_path), tmp_path)
    seen = "[...document.querySelectorAll('.{}')].filter(g => getComputedStyle(g).display !== 'none').length"
    assert tab.ask(seen.format("of-right")) == 2
    assert tab.ask(seen.format("of-label")) == 4
    change(tab, "#see-right", False)
    change(tab, "#see-labels", False)
    assert tab.ask(seen.format("of-right")) == tab.ask(seen.format("of-label")) == 0


def test_a_mistake_is_seen_closely_and_a_picture_large(tab: Page, tmp_path: Path) -> None:
    show(tab, one(tmp_path), tmp_path)
    tab.ask("document.querySelector('.card:nth-child(4) .about li button').click()")
    assert tab.ask("document.querySelector('#large').open")
    # the false box is 200-260 by 150-200: as much again on every side, within 320 by 240
    assert tab.ask("document.querySelector('#large svg').getAttribute('viewBox')") == "140 90 180 150"
    tab.ask("document.querySelector('#large button').click()")
    assert not tab.ask("document.querySelector('#large').open")
    tab.ask("document.querySelector('.card:nth-child(4) .pane button').click()")
    assert tab.ask("document.querySelector('#large svg').getAttribute('viewBox')") == "0 0 320 240"


def test_further_images_come_when_asked_for(tab: Page, tmp_path: Path) -> None:
    show(tab, one(tmp_path, 10), tmp_path)
    assert len(cards(tab)) == 8
    tab.ask("document.querySelector('#more').click()")
    assert len(cards(tab)) == 24


def test_two_detectors_are_seen_side_by_side(tab: Page, tmp_path: Path) -> None:
    ground = ground_of(tmp_path)
    page = comparison.page(compared_of(ground, detections(), detections(perfect=True)), ground, 60)
    show(tab, page, tmp_path)
    assert tab.complaints() == []
    assert tab.ask("[...document.querySelectorAll('.card:first-child h4')].map(h => h.innerText)") == [
        "A",
        "B",
    ]
    assert (
        tab.ask("document.querySelector('.about li').innerText.replace(/\\s+/g, ' ')")
        == "1.00 A: missed: 香烟"
    )
    right = "document.querySelectorAll('.card:first-child .pane:nth-child({}) .box.right').length"
    assert [tab.ask(right.format(pane)) for pane in (1, 2)] == [0, 1]


@pytest.mark.parametrize("width", [360, 768, 1280, 1920])
def test_nothing_is_wider_than_the_window(tab: Page, tmp_path: Path, width: int) -> None:
    tab.size(width, 800)
    show(tab, one(tmp_path), tmp_path)
    assert tab.ask("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_light_and_dark(tab: Page, tmp_path: Path, scheme: str) -> None:
    """WCAG 2.1, 1.4.3: a contrast of 4.5 at least; words in charts stand on the ground of their card."""
    tab.media(scheme)
    show(tab, one(tmp_path), tmp_path)
    worst = tab.worst_contrast(beside="script, option, title, .in-dark")
    assert worst[0] >= 4.5, worst


def test_a_page_of_sixty_images_is_ready_in_seconds(tab: Page, tmp_path: Path) -> None:
    page = one(tmp_path, 20)
    began = time.monotonic()
    show(tab, page, tmp_path)
    assert len(cards(tab)) == 8
    assert time.monotonic() - began < 20  # a fraction of a second on an idle machine

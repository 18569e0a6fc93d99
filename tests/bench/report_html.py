"""The HTML report: seconds to make it, to paint and load it in Chromium, and to filter it.

    python -m tests.bench.report_html [--findings 10000] [--images 2000]

The data set is made for it: pictures of 640x480 with boxes whose corners are exchanged, out of the image, or
twice there.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from curate.commands import validate
from curate.formats.voc import VocAnnotation, VocObject
from curate.formats.voc import write as to_xml
from curate.report.html.page import to_html
from tests.curate.browser import browser, find_browser
from tests.curate.sets import put

WIDTH, HEIGHT = 640, 480


def make(folder: Path, images: int, findings: int) -> None:
    """A VOC folder with about so many findings, the same for the same numbers."""
    rng = np.random.default_rng(0)
    each = -(-findings // images)
    for number in range(images):
        small = rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)
        pixels = cv2.resize(small, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
        put(folder / "JPEGImages" / f"{number:06}.jpg", cv2.imencode(".jpg", pixels)[1].tobytes())
        objects = []
        for _ in range(each):
            x, y = rng.integers(20, WIDTH - 120), rng.integers(20, HEIGHT - 120)
            w, h = rng.integers(20, 100, 2)
            kind = rng.integers(3)
            corners = [(x + w, y, x, y + h), (x, y, WIDTH + 9, y + h), (x, y, x + 5, y + 5)][kind]
            objects.append(VocObject("cigarette", tuple(float(c) for c in corners)))
        annotation = VocAnnotation("JPEGImages", f"{number:06}.jpg", WIDTH, HEIGHT, objects=objects)
        put(folder / "Annotations" / f"{number:06}.xml", to_xml(annotation))


def timed_in_browser(path: Path, profile: Path) -> dict[str, float]:
    """Milliseconds: until something is painted, until the load event, and each filter until it is painted."""
    filters = {
        "search a word": ("#text", "greater"),
        "search a number": ("#text", "000123"),
        "path": ("#path", "0001*"),
    }
    with browser(profile) as page:
        page.size(1280, 900)
        page.open(path.as_uri())
        answer = {
            "first paint": page.ask("performance.getEntriesByName('first-contentful-paint')[0].startTime"),
            "load": page.ask("performance.getEntriesByType('navigation')[0].loadEventEnd"),
        }
        for name, (field, value) in filters.items():
            answer[name] = page.ask(
                f"(async () => {{ const f = document.querySelector('{field}'); f.value = {json.dumps(value)};"
                "const start = performance.now(); f.dispatchEvent(new Event('input', {bubbles: true}));"
                "const before = document.querySelector('#shown').textContent;"
                "while (document.querySelector('#shown').textContent === before)"
                " await new Promise(r => setTimeout(r, 1));"
                "await new Promise(r => requestAnimationFrame(() => setTimeout(r)));"
                "const took = performance.now() - start; f.value = '';"
                "f.dispatchEvent(new Event('input', {bubbles: true}));"
                "await new Promise(r => setTimeout(r, 400)); return took; })()"
            )
    return answer


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("--findings", type=int, default=10_000)
    parser.add_argument("--images", type=int, default=2000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        make(data, options.images, options.findings)
        began = time.perf_counter()
        report = validate.run(data)
        checked = time.perf_counter()
        text = to_html(report, target="data")
        made = time.perf_counter()
        path = Path(folder) / "report.html"
        path.write_text(text, encoding="ascii")
        print(f"findings              {len(report.findings):10,}")
        print(f"check them            {checked - began:10.1f} s")
        print(f"make the page         {made - checked:10.1f} s")
        print(f"size                  {len(text) / 1e6:10.1f} MB")
        if find_browser() is None:
            print("no Chromium is installed: opening and filtering are not measured")
            return
        for name, milliseconds in timed_in_browser(path, Path(folder) / "profile").items():
            print(f"{name:<20}  {milliseconds:10.0f} ms")


if __name__ == "__main__":
    main()

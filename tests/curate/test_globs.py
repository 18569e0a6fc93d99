"""Which files a pattern of the configuration means."""

from __future__ import annotations

import time

import pytest

from curate.known.globs import matcher


@pytest.mark.parametrize(
    ("glob", "path"),
    [
        ("**", "a.xml"),
        ("**", "Annotations/a.xml"),
        ("*.xml", "Annotations/a.xml"),
        ("a?.xml", "deep/down/a1.xml"),
        ("[ab].xml", "b.xml"),
        ("Annotations/*.xml", "Annotations/a.xml"),
        ("./Annotations/a.xml", "Annotations/a.xml"),
        ("/Annotations/a.xml", "Annotations/a.xml"),
        ("**/a.xml", "a.xml"),
        ("**/a.xml", "x/y/a.xml"),
        ("set/**/a.xml", "set/a.xml"),
        ("set/**/a.xml", "set/1/2/a.xml"),
        ("old", "set/old/a.xml"),  # everything below a folder
        ("old/", "old/a.xml"),
        ("set/old", "set/old/deep/a.xml"),
        ("set/**", "set/a.xml"),
        ("标注/*.xml", "标注/香烟 1.xml"),
        ("caf\u00e9.xml", "cafe\u0301.xml"),  # a Mac takes the accent apart
    ],
)
def test_a_pattern_means_these_files(glob: str, path: str) -> None:
    assert matcher(glob)(path)


@pytest.mark.parametrize(
    ("glob", "path"),
    [
        ("*.xml", "a.txt"),
        ("Annotations/*.xml", "Annotations/old/a.xml"),  # a star does not leave its folder
        ("Annotations/*.xml", "set/Annotations/a.xml"),  # a slash starts at the data set
        ("a.xml", "A.xml"),
        ("ol", "old/a.xml"),
        ("set/**/b.xml", "set/1/a.xml"),
        ("", "a.xml"),
        ("/", "a.xml"),
    ],
)
def test_and_not_these(glob: str, path: str) -> None:
    assert not matcher(glob)(path)


def test_a_pattern_made_to_be_slow_is_not() -> None:
    began = time.perf_counter()
    assert not matcher("/".join(["**", "a*a*a*a*a*b"] * 20))("/".join(["a" * 60] * 40))
    assert time.perf_counter() - began < 2

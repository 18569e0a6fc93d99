"""A report as JUnit XML, which every build server reads: a suite a file, a case a finding.

Errors and warnings are failures. What is only worth knowing is a case that passes and says so; a data set
without findings is one case that passes, because build servers take a report without cases for broken.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TextIO
from xml.etree import ElementTree as ET

from curate.findings import Finding, Severity
from curate.report.formats import Printing
from curate.report.model import Report
from curate.report.places import Places
from curate.tree import display

# everything but Char of XML 1.0 (2.2)
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(report: Report, stream: TextIO, printing: Printing) -> None:
    """One document with a line an element."""
    places = Places.of(report)
    root = ET.Element("testsuites", name="curate")
    for path, group in groupby(report.findings, key=lambda finding: finding.path):
        _suite(root, places.shown(path), list(group))
    if not report.findings:
        suite = ET.SubElement(root, "testsuite", name=_clean(places.shown(".")), tests="1", failures="0")
        ET.SubElement(suite, "testcase", classname=_clean(places.shown(".")), name="no findings")
    suites = list(root)
    for count in ("tests", "failures"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in suites)))
    ET.indent(root)
    stream.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    stream.write(ET.tostring(root, encoding="unicode") + "\n")


def _suite(root: ET.Element, path: str, found: list[Finding]) -> None:
    failures = sum(finding.severity is not Severity.INFO for finding in found)
    suite = ET.SubElement(root, "testsuite", name=_clean(path), tests=str(len(found)), failures=str(failures))
    for finding in found:
        at = "" if finding.line is None else f":{finding.line}:{finding.column or 1}"
        name = f"{finding.code} {finding.name} {path}{at}"
        case = ET.SubElement(suite, "testcase", classname=_clean(path), name=_clean(name))
        text = _clean(
            display(f"{finding.consequence} ({finding.fix.safety.value}: {finding.fix.description})")
        )
        if finding.severity is Severity.INFO:
            ET.SubElement(case, "system-out").text = f"{_clean(display(finding.message))}\n{text}"
        else:
            failure = ET.SubElement(case, "failure", type=finding.severity.value)
            failure.set("message", _clean(display(finding.message)))
            failure.text = text


def _clean(text: str) -> str:
    """Text of the user's own data, without what XML cannot hold."""
    return _ILLEGAL.sub(lambda match: f"\\u{ord(match.group()):04x}", text)

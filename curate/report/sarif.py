"""A report as SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format"), for code hosts and editors.

Section numbers are those of the standard. Regions count characters, as our columns do (3.14.17), and stand
only where a finding has a line. `partialFingerprints` (3.27.17) come from the content of a finding, so that a
host recognises it after unrelated edits. Repairs are told by `sarif_fixes.py`.
"""

from __future__ import annotations

from typing import Any, TextIO

from curate import __version__
from curate.findings import Finding, Severity
from curate.report.formats import Printing
from curate.report.json import dumps, summary_object
from curate.report.model import Report
from curate.report.places import Places
from curate.report.sarif_fixes import Fixes
from curate.rules import RULES
from curate.rules.model import Rule
from curate.rules.pages import documentation, sections, summary
from curate.tree import display

LEVEL = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
LANGUAGE = {"en": "en-US", "zh": "zh-CN"}  # RFC 5646
BASE = "ROOT"
FINGERPRINT = "curate/v1"  # a new number if fingerprints are ever made in another way


def write(report: Report, stream: TextIO, printing: Printing) -> None:
    """One log with one run. Every rule is described, also those that found nothing."""
    stream.write(dumps(as_log(report, printing.lang), indent=1) + "\n")


def as_log(report: Report, lang: str = "en") -> dict[str, Any]:
    """The log as Python values; what rules say in it is in the language of the report."""
    places = Places.of(report)
    rules = sorted(RULES, key=lambda rule: rule.code)
    index = {rule.code: number for number, rule in enumerate(rules)}
    fixes = Fixes(report, lambda path: _artifact(path, places))
    results = [
        _result(finding, mark, index[finding.code], places, fixes)
        for finding, mark in zip(report.findings, report.fingerprints, strict=True)
    ]
    run = {
        "tool": {
            "driver": {
                "name": "curate",
                "version": __version__,
                "rules": [_rule(rule, lang) for rule in rules],
            }
        },
        "language": LANGUAGE[lang],
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {BASE: {"uri": places.base_uri}},
        "invocations": [
            {"executionSuccessful": True, "toolExecutionNotifications": _skipped(report, places)}
        ],
        "results": results,
        "properties": {"summary": summary_object(report), "fixesLeftOut": fixes.left_out},
    }
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }


def _rule(rule: Rule, lang: str) -> dict[str, Any]:
    text, short = documentation(rule, lang), summary(rule, lang)
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": short[:1].upper() + short[1:]},
        "fullDescription": {"text": sections(rule, lang)["What"]},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": LEVEL[rule.severity]},
        "properties": {"tags": [rule.code.rstrip("0123456789")]},
    }


def _result(finding: Finding, mark: str, rule_index: int, places: Places, fixes: Fixes) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": _artifact(finding.path, places)}
    if finding.line:
        physical["region"] = {"startLine": finding.line, "startColumn": finding.column or 1}
    repair = fixes.of(finding)
    return {
        "ruleId": finding.code,
        "ruleIndex": rule_index,
        "level": LEVEL[finding.severity],
        "message": {"text": display(f"{finding.message}. {finding.consequence}")},
        "locations": [{"physicalLocation": physical}],
        "partialFingerprints": {FINGERPRINT: mark},
        **({"fixes": repair} if repair else {}),
        "properties": {
            "object": finding.object,
            "fix": {"class": finding.fix.safety.value, "description": display(finding.fix.description)},
        },
    }


def _artifact(path: str, places: Places) -> dict[str, str]:
    return {"uri": places.uri(path), "uriBaseId": BASE}


def _skipped(report: Report, places: Places) -> list[dict[str, Any]]:
    """Files that were left aside, as notes on the run (3.20.21)."""
    return [
        {
            "level": "note",
            "message": {"text": display(f"{path} was left aside: {why}")},
            "locations": [{"physicalLocation": {"artifactLocation": _artifact(path, places)}}],
        }
        for path, why in report.skipped
    ]

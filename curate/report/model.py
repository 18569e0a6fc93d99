"""What a check came to: findings with the counts that sum them up. No formatting here."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from curate.dataset import Dataset
from curate.findings import Finding, FixClass, Severity
from curate.report.consumers import Consumer, consumers
from curate.report.dry_count import DryCount
from curate.report.fingerprint import fingerprints
from curate.rules.model import Limits


@dataclass(frozen=True)
class CodeCount:
    """How often one rule spoke, and how many of its findings can be repaired."""

    code: str
    name: str
    severity: Severity  # the gravest of its findings
    findings: int
    safe: int
    unsafe: int


@dataclass(frozen=True)
class Report:
    """The outcome of `curate validate`; after `--fix` that of the repaired data set."""

    root: Path
    format: str  # voc, yolo, coco
    findings: tuple[Finding, ...]  # sorted by place
    consumers: tuple[Consumer, ...]  # what trainers of different habits would see; the common one first
    classes: tuple[str, ...]
    classes_from: str | None
    data: Dataset = field(repr=False, compare=False)  # what the findings are of
    skipped: tuple[tuple[str, str], ...] = ()  # (path, why) of files that were left aside
    fixed: tuple[Finding, ...] = ()  # repaired, or with `diff` what would be
    run: str | None = None  # the journal entry that undo takes back
    diff: str | None = None  # what --fix would change; None: nobody asked
    changed_files: int = 0
    converged: bool = True  # False: repairs were still possible after the last pass
    notes: tuple[str, ...] = field(default=())  # what the user should know about the check itself
    not_asked: tuple[str, ...] = ()  # rules that were left out because they need --pixels
    suppressed: int = 0  # findings that the configuration or a comment in the XML hides
    baselined: int = 0  # findings that the baseline hides
    limits: Limits = field(default_factory=Limits)  # where the rules drew their lines
    untranslated: tuple[Finding, ...] | None = None  # the findings as rules said them, if these are not

    @classmethod
    def of(cls, data: Dataset, findings: tuple[Finding, ...]) -> Report:
        """The report on a data set as it is."""
        return cls(
            root=data.root,
            format=data.format,
            findings=findings,
            consumers=consumers(data),
            classes=data.classes,
            classes_from=data.classes_from,
            data=data,
            skipped=data.skipped,
        )

    @property
    def trainer_sees(self) -> DryCount:
        """What the common trainer would see."""
        return self.consumers[0].count

    @cached_property
    def fingerprints(self) -> tuple[str, ...]:
        """One a finding, in the same order and all different."""
        return tuple(fingerprints(self.untranslated or self.findings, self.data))

    @cached_property
    def severities(self) -> Counter[Severity]:
        """How many findings of each severity."""
        return Counter(finding.severity for finding in self.findings)

    @cached_property
    def fixable(self) -> Counter[FixClass]:
        """How many findings of each repair class."""
        return Counter(finding.fix.safety for finding in self.findings)

    @cached_property
    def by_code(self) -> tuple[CodeCount, ...]:
        """One row a rule: errors first, then the most frequent."""
        groups: dict[str, list[Finding]] = {}
        for finding in self.findings:
            groups.setdefault(finding.code, []).append(finding)
        order = list(Severity)
        rows = [
            CodeCount(
                code=code,
                name=found[0].name,
                severity=min((f.severity for f in found), key=order.index),
                findings=len(found),
                safe=sum(f.fix.safety is FixClass.SAFE for f in found),
                unsafe=sum(f.fix.safety is FixClass.UNSAFE for f in found),
            )
            for code, found in groups.items()
        ]
        return tuple(sorted(rows, key=lambda r: (order.index(r.severity), -r.findings, r.code)))

    @property
    def is_clean(self) -> bool:
        """No errors and no warnings; what is only worth knowing does not count."""
        return not self.severities[Severity.ERROR] and not self.severities[Severity.WARNING]

"""Say what is wrong with a data set, and repair what can be repaired: read, ask the rules, report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from curate.dataset import Dataset
from curate.errors import CurateError
from curate.findings import Finding, FixClass
from curate.fixes.apply import apply
from curate.fixes.diff import diff as diff_of
from curate.fixes.plan import Plan, plan
from curate.formats.discover import open_dataset
from curate.report.model import Report
from curate.rules import check_all
from curate.rules import select as select_rules
from curate.rules.model import Facts
from curate.tree import Tree


def run(
    path: Path,
    *,
    classes: Sequence[str] | None = None,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    fix: bool = False,
    unsafe_fixes: bool = False,
    diff: bool = False,
    workers: int | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Report:
    """Check the data set under `path`; with `fix` repair it, with `diff` only show what would be repaired.

    `select` and `ignore` are codes or their beginnings ("BOX", "BOX002"); () selects all. `say` is told what
    is being done. With `fix` the report is that of the repaired data set. Raises CurateError.
    """
    tree = Tree.open(path)
    rules = select_rules(select, ignore)

    say("reading")
    data = open_dataset(tree, classes=classes, workers=workers)

    def read(changed: Tree) -> Dataset:
        return data if changed is tree else open_dataset(changed, classes=classes, workers=workers)

    if not fix and not diff:
        say("checking")
        return _report(data, check_all(Facts(data, tree), rules))
    if data.format != "voc":
        raise CurateError(
            f"--fix and --diff repair Pascal VOC; this folder is {data.format.upper()}.",
            "Validate it without them, or turn it into VOC first: curate export PATH --to voc -o OUT",
        )
    say("working out repairs")
    planned = plan(tree, read, rules, unsafe=unsafe_fixes)
    if diff:
        return _with_repairs(_report(data, planned.found), planned, diff=diff_of(planned))
    say("writing")
    done = apply(planned, tree.root)
    report = _with_repairs(_report(planned.data, planned.remaining), planned)
    return replace(report, run=done.id if done else None)


def _report(data: Dataset, findings: Sequence[Finding]) -> Report:
    if data.format == "voc":
        return Report.of(data, tuple(findings))
    by_hand = [replace(f, fix=replace(f.fix, safety=FixClass.MANUAL)) for f in findings]
    note = f"repairs are made in Pascal VOC only; those of {data.format.upper()} are left to you"
    report = Report.of(data, tuple(by_hand))
    could = any(finding.fix.safety is not FixClass.MANUAL for finding in findings)
    return replace(report, notes=(note,)) if could else report


def _with_repairs(report: Report, planned: Plan, diff: str | None = None) -> Report:
    return replace(
        report,
        fixed=planned.fixed,
        changed_files=len(planned.changes),
        converged=planned.converged,
        diff=diff,
    )

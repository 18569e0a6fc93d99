"""Say what is wrong with a data set, and repair what can be repaired: read, ask the rules, report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from curate.config import Settings
from curate.dataset import Dataset
from curate.errors import CurateError
from curate.findings import Finding, FixClass
from curate.fixes.lock import at_work
from curate.formats.discover import Reading, begin
from curate.known import baseline as baselines
from curate.known.screen import Screen, Screened
from curate.report.model import Report
from curate.rules import check_all
from curate.rules import select as select_rules
from curate.rules.model import Facts, Limits, Rule
from curate.rules.selection import Choice, chosen
from curate.tree import Tree
from curate.wording import count

if TYPE_CHECKING:
    from curate.fixes.plan import Plan
    from curate.pixels import PixelReader

_NOTHING: Mapping[str, Sequence[str]] = {}


def run(
    path: Path,
    *,
    settings: Settings = Settings(),
    classes: Sequence[str] | None = None,
    select: Sequence[str] = (),
    extend_select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    per_file_ignores: Mapping[str, Sequence[str]] = _NOTHING,
    baseline: Path | None = None,
    write_baseline: Path | None = None,
    today: date | None = None,
    imgsz: int | None = None,
    fix: bool = False,
    unsafe_fixes: bool = False,
    diff: bool = False,
    pixels: bool = False,
    use_cache: bool = False,
    begun: Reading | None = None,
    workers: int | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Report:
    """Check the data set under `path`; with `fix` repair it, with `diff` only show what would be repaired.

    `settings` are those of a configuration (none by default; see `curate.config.settings_for`); what the
    other arguments say goes before or adds to it, see `curate.rules.selection`. `select`, `extend_select`,
    `ignore` and the values of `per_file_ignores` are codes or their beginnings ("BOX", "BOX002").

    What `baseline` knows is not shown and not repaired; `write_baseline` writes down what would be shown,
    which is then known. `today` decides which suppressions have ended (default: the clock). `imgsz` (pixels
    of the long side in training) goes before that of the settings. `pixels` decodes every image, for the
    rules that ask for it; without, the report names those that were not asked. With `use_cache` files that
    have not changed since the last run are not read again; `begun` is `path` that is already being read.
    `say` is told what is being done. With `fix` the report is that of the repaired data set, which no other
    process may change meanwhile; who lets files be read before (`begun`) holds its lock from then on.

    Raises CurateError.
    """
    tree = begun.tree if begun else Tree.open(path)
    table = settings.validate
    choice = Choice(select, extend_select, ignore)
    rules, idle = _rules(choice, Choice(table.select, table.extend_select, table.ignore), pixels=pixels)
    for codes in per_file_ignores.values():
        select_rules(codes)  # refuses what no code begins with
    if write_baseline is not None:
        _refuse_baseline(write_baseline, baseline, diff=diff)
        known = None
    else:
        known = baseline or table.baseline
    screen = Screen(
        asked=[rule.code for rule in rules],
        per_file_ignores=[*table.per_file_ignores.items(), *per_file_ignores.items()],
        suppress=settings.suppress,
        baseline=None if known is None else baselines.read(known),
        today=today or (date.today() if any(one.until for one in settings.suppress) else None),
    )
    limits = Limits(table.coordinate_base, imgsz or table.imgsz, table.tiny, table.whole_image)
    reader = _pixel_reader(workers, say, use_cache) if pixels else None
    look = partial(Facts, limits=limits, reader=reader)
    check = _Check(screen)

    def finished(data: Dataset, findings: Sequence[Finding], screened: Screened) -> Report:
        return replace(_known(_report(data, findings), screened), not_asked=idle, limits=limits)

    names = list(settings.classes.names) or None if classes is None else classes
    with at_work(tree.root, "validate --fix") if fix else nullcontext():
        say("reading")
        with begun or begin(tree, workers=workers, use_cache=use_cache) as reading:
            read = _Reader(reading, names, workers, use_cache)
            if names is not None and classes is None:
                read.classes_from = "the configuration"
            if fix or diff:
                reading.remember()  # the folder is read once more after each pass of repairs
            data = read(tree)
            if reader is not None and any(rule.needs_pixels for rule in rules):
                reader.begin(data, tree)  # while rules are asked that look at none
            if not fix and not diff:
                say("checking")
                return _written(write_baseline, finished(data, check(look(data, tree), rules), check.first))
        if data.format != "voc":
            raise CurateError(
                f"--fix and --diff repair Pascal VOC; this folder is {data.format.upper()}.",
                "Validate it without them, or turn it into VOC first: curate export PATH --to voc -o OUT",
            )
        from curate.fixes.apply import apply  # most runs repair nothing
        from curate.fixes.diff import diff as diff_of
        from curate.fixes.plan import plan

        say("working out repairs")
        planned = plan(tree, read, rules, unsafe=unsafe_fixes, look=look, check=check)
        if diff:
            report = finished(data, planned.found, check.first)
            return _with_repairs(report, planned, diff=diff_of(planned))
        say("writing")
        done = apply(planned, tree.root)
    report = _with_repairs(finished(planned.data, planned.remaining, check.last), planned)
    return _written(write_baseline, replace(report, run=done.id if done else None))


def _rules(command_line: Choice, file: Choice, *, pixels: bool) -> tuple[tuple[Rule, ...], tuple[str, ...]]:
    """The rules to ask, and the codes of those that are not asked because pixels are not looked at."""
    wanted = chosen(command_line, file)
    idle = tuple(rule.code for rule in wanted if rule.needs_pixels and not pixels)
    return tuple(rule for rule in wanted if rule.code not in idle), idle


@dataclass
class _Reader:
    """Reads the folder, and reads it again with the changes of a plan over it."""

    begun: Reading
    names: Sequence[str] | None
    workers: int | None
    use_cache: bool
    classes_from: str | None = None  # where `names` are from, if not from the command line
    _read: Dataset | None = None  # what `begun` came to

    def __call__(self, tree: Tree) -> Dataset:
        if tree is not self.begun.tree:
            after = self.begun.after
            self.begun = after(tree) if after else begin(tree, workers=self.workers, use_cache=self.use_cache)
            self._read = None
        if self._read is None:
            data = self.begun.finish(self.names)
            self._read = data if self.classes_from is None else replace(data, classes_from=self.classes_from)
        return self._read


def _pixel_reader(workers: int | None, say: Callable[[str], None], use_cache: bool) -> PixelReader:
    from curate.pixels import PixelReader  # OpenCV is loaded only where pixels are looked at

    return PixelReader(workers, say, use_cache)


@dataclass
class _Check:
    """Asks the rules and leaves out what is known; remembers what that was, in the first and last pass."""

    screen: Screen
    passes: list[Screened] = field(default_factory=list)

    def __call__(self, facts: Facts, rules: Iterable[Rule]) -> list[Finding]:
        self.passes.append(self.screen.sift(check_all(facts, rules), facts.data, facts.tree))
        return list(self.passes[-1].shown)

    @property
    def first(self) -> Screened:
        return self.passes[0]

    @property
    def last(self) -> Screened:
        return self.passes[-1]


def _known(report: Report, screened: Screened) -> Report:
    return replace(
        report,
        notes=(*report.notes, *screened.notes),
        suppressed=screened.suppressed,
        baselined=screened.baselined,
    )


def _refuse_baseline(target: Path, baseline: Path | None, *, diff: bool) -> None:
    if baseline is not None:
        raise CurateError(
            "--write-baseline makes a baseline and --baseline reads one.", "Ask for one of them."
        )
    if diff:
        raise CurateError("--diff writes nothing, not even a baseline.", "Ask for one of them.")
    baselines.refuse_other_file(target)


def _written(target: Path | None, report: Report) -> Report:
    """Put what a report shows into a baseline; the report then shows none of it."""
    if target is None:
        return report
    baselines.write(target, report.findings, report.data)
    known = count(len(report.findings), "finding")
    note = f"{known} written to {target}: from now on --baseline {target} hides them"
    return replace(report, findings=(), baselined=len(report.findings), notes=(*report.notes, note))


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

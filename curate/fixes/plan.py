"""Findings in, changed bytes out: all repairs worked out in memory, to a fixpoint. Nothing is written.

One pass reads the folder, asks the rules, and takes the repairs of the lowest stage that each file needs
(bytes, then markup, then content, then files: later stages depend on earlier ones). A repair is taken whole
or not at all; one that would touch what another has just changed waits for the next pass. The changed files
become an overlay on the tree and the next pass reads through it, until nothing is left to repair.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from curate.dataset import Dataset
from curate.findings import Edit, Finding, FixClass, Recode, Rename, ReplaceBytes, ReplaceText, spliced
from curate.formats.pairing import folded
from curate.formats.voc import Document
from curate.rules import check_all
from curate.rules.model import Facts, Rule, Stage
from curate.rules.rereading import reread
from curate.tree import Tree

MAX_PASSES = 10  # repairs that build on each other are four stages deep; ten means two rules quarrel

Reader = Callable[[Tree], Dataset]
Look = Callable[[Dataset, Tree], Facts]
Check = Callable[[Facts, Iterable[Rule]], list[Finding]]


@dataclass(frozen=True)
class FileChange:
    """One file before and after. `old` None: it is new; `new` None: it goes away."""

    path: str
    old: bytes | None
    new: bytes | None
    renamed_from: str | None = None  # the path whose bytes and permissions this new file takes over
    codes: tuple[str, ...] = ()  # the rules whose repairs touched it


@dataclass(frozen=True)
class Plan:
    """What a run of repairs would do, and how the data set would look after it."""

    root: Path
    changes: tuple[FileChange, ...]  # sorted by path, each path once
    found: tuple[Finding, ...]  # before any repair
    fixed: tuple[Finding, ...]  # in the order they were repaired
    remaining: tuple[Finding, ...]  # what a check of the repaired data set finds
    data: Dataset  # the repaired data set
    passes: int  # reads that were followed by repairs
    converged: bool  # False: repairs were still possible after MAX_PASSES


def plan(
    tree: Tree,
    read: Reader,
    rules: Sequence[Rule],
    *,
    unsafe: bool,
    look: Look = Facts,
    check: Check = check_all,
) -> Plan:
    """Repair all that `rules` find and can repair: the safe class, with `unsafe` that class too.

    `look` gives the rules what they judge by. What `check` leaves out of its findings is neither repaired nor
    in the plan. Raises ChangedMeanwhile where a file is no longer what its findings are about.
    """
    by_code = {rule.code: rule for rule in rules}
    wanted = {FixClass.SAFE, FixClass.UNSAFE} if unsafe else {FixClass.SAFE}
    now = tree
    origin: dict[str, str] = {}  # new name -> the name it had on disk
    codes: dict[str, set[str]] = {}  # path -> the rules whose repairs touched it
    fixed: list[Finding] = []
    found: tuple[Finding, ...] | None = None
    passes = 0
    while True:
        facts = look(read(now), now)
        findings = tuple(check(facts, rules))
        found = findings if found is None else found
        batch = _Pass(facts)
        for finding in sorted(findings, key=lambda f: (by_code[f.code].stage, f.place)):
            if finding.fix.safety in wanted:
                batch.offer(finding, by_code[finding.code])
        if not batch.taken or passes == MAX_PASSES:
            break
        now = now.with_changes(batch.changed_files())
        for path, by in batch.codes.items():
            codes.setdefault(path, set()).update(by)
        for source, target in batch.renames.items():
            origin[target] = origin.pop(source, source)
            codes[target] |= codes[source]
        fixed += batch.taken
        passes += 1
    return Plan(
        root=tree.root,
        changes=_changes(tree, now, origin, codes),
        found=found,
        fixed=tuple(fixed),
        remaining=findings,
        data=facts.data,
        passes=passes,
        converged=not batch.taken,
    )


@dataclass
class _Pass:
    """The repairs of one pass: those taken so far, and what they touch."""

    facts: Facts
    taken: list[Finding] = field(default_factory=list)
    stages: dict[str, Stage] = field(default_factory=dict)  # of each file touched so far
    texts: dict[str, list[ReplaceText]] = field(default_factory=dict)
    recoded: set[str] = field(default_factory=set)
    patches: dict[str, list[ReplaceBytes]] = field(default_factory=dict)
    renames: dict[str, str] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)  # to be written: without their elements
    latest: tuple[str, Document] | None = None  # the one looked at last, whole: repairs come file by file
    codes: dict[str, set[str]] = field(default_factory=dict)
    spans: dict[str, list[tuple[int, int]]] = field(default_factory=dict)  # of texts and patches, sorted

    def __post_init__(self) -> None:
        self.annotations = frozenset(self.facts.data.images["annotation"].drop_nulls())
        # names that differ only by case or Unicode form are one file on some systems
        self.names = {folded(name) for name in self.facts.tree.files()}

    def offer(self, finding: Finding, rule: Rule) -> None:
        """Take the repair of a finding, unless there is none or it collides with one already taken."""
        if rule.repair is None or self.stages.get(finding.path, rule.stage) < rule.stage:
            return
        edits = tuple(rule.repair(finding, self._document(finding.path), self.facts))
        touched = {finding.path} | {path for edit in edits for path in _paths(edit, finding.path)}
        if not edits or any(self.stages.get(path, rule.stage) < rule.stage for path in touched):
            return
        if any(self._is_link(path) for path in touched):
            return  # the file that the link names lies in this data set too and is repaired there
        recoded = finding.path in self.recoded or any(isinstance(edit, Recode) for edit in edits)
        if any(self._collides(edit, finding.path, recoded) for edit in edits):
            return
        for edit in edits:
            self._take(edit, finding.path)
        for path in touched:
            self.stages[path] = rule.stage
            self.codes.setdefault(path, set()).add(finding.code)
        self.taken.append(finding)

    def changed_files(self) -> dict[str, bytes | None]:
        """The overlay of this pass: path -> new bytes, or None for the old name of a renamed file."""
        changed: dict[str, bytes | None] = {}
        for path in sorted(self.texts.keys() | self.recoded):
            document = self.documents[path]
            text = spliced(document.text, [(e.start, e.end, e.new) for e in self.texts.get(path, [])])
            changed[path] = document.to_bytes(text, recode=path in self.recoded)
        for path, patches in self.patches.items():
            content = self.facts.tree.read(path)
            changed[path] = spliced(content, [(e.start, e.end, e.new) for e in patches])
        for source, target in self.renames.items():
            content_now = changed.get(source)
            changed[target] = self.facts.tree.read(source) if content_now is None else content_now
            changed[source] = None
        return changed

    def _document(self, path: str) -> Document | None:
        if path not in self.annotations:
            return None
        if self.latest is None or self.latest[0] != path:
            self.latest = path, reread(self.facts, path)
            self.documents.setdefault(path, self.latest[1].without_elements())
        return self.latest[1]

    def _is_link(self, path: str) -> bool:
        return path not in self.facts.tree.overlay and self.facts.tree.path(path).is_symlink()

    def _collides(self, edit: Edit, path: str, recoded: bool) -> bool:
        if isinstance(edit, Rename):
            return (
                folded(edit.to) in self.names
                or edit.path in self.renames
                or edit.path in self.stages  # its bytes change in this pass; it is renamed in the next
            )
        if isinstance(edit, ReplaceBytes):
            is_text = edit.path in self.texts or edit.path in self.recoded
            return is_text or edit.path in self.renames or self._overlaps(edit, edit.path)
        if path in self.patches or path in self.renames:
            return True
        if isinstance(edit, Recode):
            return False
        if not recoded and not _writable(edit.new, self.documents[path]):
            return True  # letters that the file's own encoding lacks: they wait for a repair of the encoding
        return self._overlaps(edit, path)

    def _overlaps(self, edit: ReplaceText | ReplaceBytes, path: str) -> bool:
        """Whether an edit shares text with one taken, or stands where their order would matter."""
        spans = self.spans.get(path, [])
        place = bisect_left(spans, (edit.start, -1))
        behind = place < len(spans) and (spans[place][0] == edit.start or spans[place][0] < edit.end)
        return behind or (place > 0 and spans[place - 1][1] > edit.start)

    def _take(self, edit: Edit, path: str) -> None:
        if isinstance(edit, Rename):
            self.renames[edit.path] = edit.to
            self.names.add(folded(edit.to))
        elif isinstance(edit, ReplaceBytes):
            self.patches.setdefault(edit.path, []).append(edit)
            insort(self.spans.setdefault(edit.path, []), (edit.start, edit.end))
        elif isinstance(edit, Recode):
            self.recoded.add(path)
        else:
            assert 0 <= edit.start <= edit.end <= len(self.documents[path].text), edit
            self.texts.setdefault(path, []).append(edit)
            insort(self.spans.setdefault(path, []), (edit.start, edit.end))


def _paths(edit: Edit, own: str) -> tuple[str, ...]:
    if isinstance(edit, Rename):
        return edit.path, edit.to
    return (edit.path,) if isinstance(edit, ReplaceBytes) else (own,)


def _writable(text: str, document: Document) -> bool:
    try:
        text.encode(document.encoding)
    except UnicodeEncodeError:
        return False
    return True


def _changes(
    before: Tree, after: Tree, origin: dict[str, str], codes: dict[str, set[str]]
) -> tuple[FileChange, ...]:
    there = set(before.files())
    changes = []
    for path in sorted(after.overlay):
        old = before.read(path) if path in there else None
        new = after.overlay[path]
        if old != new:
            changes.append(FileChange(path, old, new, origin.get(path), tuple(sorted(codes[path]))))
    return tuple(changes)

"""not-voc: some other XML lies among the annotations.

## What
Its root is no annotation: a project file of a labelling tool, a CVAT export, a build file.

## Why it hurts training
It does not, as long as a reader leaves it aside; scripts that open every `*.xml` stop at it.

## Example
`<project>...</project>` in the `Annotations` folder.

## Repair
None needed. The file is left alone and counted; move it out of the folder if scripts stumble over it.

## Evidence
experiencor/keras-yolo2#96: one foreign file in the folder of annotations stops the training.
"""

from __future__ import annotations

from collections.abc import Iterator

from curate.findings import Finding, Severity
from curate.rules.model import Facts, Rule, Stage


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    places = {row["annotation"]: row["detail"] for row in facts.problems("not-voc") if row["annotation"]}
    places.update((path, why) for path, why in facts.data.skipped if path.lower().endswith(".xml"))
    for path, detail in sorted(places.items()):
        yield rule.finding(
            {},
            f"an XML file, but no VOC annotation{f' ({detail})' if detail else ''}; left aside",
            "Scripts that open every XML file of the folder stop here.",
            fix="move it out of the folder of annotations",
            path=path,
            line=1,
            column=1,
        )


RULE = Rule(
    code="XML009",
    name="not-voc",
    severity=Severity.INFO,
    check=check,
    doc=__doc__ or "",
    stage=Stage.MARKUP,
    formats=("voc",),
)

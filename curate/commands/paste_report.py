"""What a paste has made, for people: the result in words, and pictures side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from curate.commands.paste import Result
from curate.fixes.durable import write_file
from curate.paste.compose import encode_png
from curate.paste.provenance import read
from curate.paste.relations import Prior
from curate.paste.sheet import Shown, contact_sheet
from curate.tree import display, display_path
from curate.wording import count

SCHEMA = 1


def describe(result: Result) -> str:
    """The result for people, several lines."""
    more = f", {result.things} things in them" if result.things != result.made else ""
    lines = [
        f"{count(result.made, 'new image')}{more} in {display_path(result.out)}",
        f"  {count(result.cutouts, 'cut-out')} out of {result.boxes:,} boxes",
        *(f"    not cut out: {n} x {why}" for why, n in result.refused.items()),
        f"  {count(result.hosts_used, 'host')} ({', '.join(display(h) for h in result.hosts)}),"
        f" relation {result.prior.relation}",
        *(f"    left aside: {n} x {why}" for why, n in result.left_aside.items()),
        f"  sizes: {_sizes(result.prior)}",
    ]
    if result.grey:
        lines.append(f"  {result.grey} of the images are black and white")
    if result.updated or result.dropped:
        lines.append(
            f"  old labels: {result.updated} boxes made smaller where something hides them,"
            f" {result.dropped} left out, hidden or outside the frame"
        )
    return "\n".join([*lines, *(f"  {note}" for note in result.notes)])


def _sizes(prior: Prior) -> str:
    if prior.given:
        return f"as asked for, {prior.ratio[0]:g} to {prior.ratio[1]:g} of the host"
    if prior.pairs:
        angles = f", angles from {len(prior.turns)} of them" if prior.turns else ""
        return f"learnt from {prior.pairs} pairs of host and object, places too{angles}"
    few = "fewer than 20 labelled pairs of host and object to learn from"
    if prior.real is not None:
        return f"{prior.real.length:g} x {prior.real.thickness:g} mm, as such things are in life ({few})"
    return f"built in for {prior.relation} ({few})"


def sheet(out: Path, n: int = 40, seed: int = 0) -> Path:
    """Draw `n` random pictures of a finished run side by side; returns the path, OUT/.curate/sheet.png."""
    rows = read(out).filter(thing=1).sort("image").rows(named=True)
    chosen = np.random.default_rng(seed).permutation(len(rows))[:n]
    shown = [
        Shown(out / "JPEGImages" / rows[i]["image"], tuple(rows[i]["box"]), tuple(rows[i]["host_box"]))
        for i in sorted(chosen)
    ]
    # reading a data set passes this folder over: the sheet is no image of it
    target = out / ".curate" / "sheet.png"
    target.parent.mkdir(exist_ok=True)
    write_file(target, encode_png(contact_sheet(shown)), target.with_name(".sheet.png.partial"))
    return target


def as_object(result: Result) -> dict[str, Any]:
    """The result for programs."""
    prior = result.prior
    return {
        "schema": SCHEMA,
        "out": display_path(result.out),
        "images": {"asked": result.asked, "made": result.made, "grey": result.grey},
        "things": result.things,
        "cutouts": {"boxes": result.boxes, "used": result.cutouts, "refused": dict(result.refused)},
        "hosts": {
            "classes": list(result.hosts),
            "used": result.hosts_used,
            "left_aside": dict(result.left_aside),
        },
        "relation": prior.relation,
        "prior": {
            "how": prior.how,
            "pairs": prior.pairs,
            "ratio": list(prior.ratio),
            "angles": len(prior.turns),
        },
        "old_labels": {"updated": result.updated, "dropped": result.dropped},
        "notes": list(result.notes),
    }

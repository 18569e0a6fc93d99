"""Images of one source as the SET rules ask about them: which groups lie across splits."""

from __future__ import annotations

from itertools import pairwise

from curate.copies.evidence import FRAMES, LARGE, RUNS, Group, Named, groups
from curate.rules.model import Facts
from curate.rules.split_lists import memberships


def across_splits(facts: Facts) -> list[Group]:
    """Groups of which some images are in one split and some in another; ask by `facts.once(across_splits)`.

    A long video that was cut into runs of neighbouring frames, as `curate split` does, is none of them.
    """
    members = memberships(facts)
    if len({member.role for member in members.values()}) < 2:
        return []
    found = []
    for group in groups(named(facts)):
        roles = [members[row].role for row in group.rows if row in members]
        changes = sum(one != after for one, after in pairwise(roles))
        long = group.kind == FRAMES and len(group.rows) > LARGE * facts.data.images.height
        if changes > (RUNS if long else 0):
            found.append(group)
    return found


def named(facts: Facts) -> list[Named | None]:
    """What is known of every image row; cameras and moments only where pixels are looked at."""
    columns = facts.data.images.select("image", "image_width", "image_height").rows()
    count = len(columns)
    shots = facts.pixels.table.select("camera", "taken").rows() if facts.pixels else [(None, None)] * count
    return [
        Named(image, (width, height) if width and height else None, camera, taken) if image else None
        for (image, width, height), (camera, taken) in zip(columns, shots, strict=True)
    ]

"""Make new training images: objects cut out of one data set, held by the hands of another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from curate.commands.paste_request import Request, check
from curate.commands.paste_writing import Naming, write_images
from curate.dataset import Dataset
from curate.engine.local import map_shards
from curate.engine.spawned import workers_kept
from curate.errors import CurateError
from curate.formats.discover import open_dataset
from curate.paste.compose import How, Looked, look_all
from curate.paste.framing import ratios
from curate.paste.hosts.detector import Detector, open_detector
from curate.paste.hosts.find import Finder
from curate.paste.hosts.model import HAND, MOUTH, THING
from curate.paste.hosts.names import Wanted, named, wanted
from curate.paste.hosts.skin_search import MEASURED
from curate.paste.jobs import jobs
from curate.paste.pairs import measured
from curate.paste.pieces import Pieces, gather
from curate.paste.priors import learn
from curate.paste.relations import Prior, built_in, default
from curate.paste.sizes import real
from curate.paste.targets import NOT_TRAINING, Target, targets
from curate.tree import Tree, display, display_path


@dataclass(frozen=True)
class Result:
    """What was made. `refused` and `left_aside` count reasons: of boxes to cut out, of target images."""

    out: Path
    made: int
    asked: int
    things: int
    cutouts: int
    boxes: int
    refused: Mapping[str, int]
    hosts_used: int
    hosts: tuple[str, ...]
    left_aside: Mapping[str, int]
    prior: Prior
    grey: int
    updated: int
    dropped: int
    notes: tuple[str, ...]


def run(
    path: Path,
    *,
    onto: Sequence[str],
    name: str,
    count: int,
    out: Path,
    workers: int | None = None,
    say: Callable[[str], None] = lambda _: None,
    **options: Any,
) -> Result:
    """Write `count` new images with annotations to `out`: objects called `name`, on hosts of `path`.

    `options` are the further fields of `Request`. Raises CurateError.
    """
    request = Request(tuple(onto), name, count, **options)
    return paste(path, request, out, workers=workers, say=say)


@workers_kept()
def paste(
    path: Path,
    request: Request,
    out: Path,
    *,
    workers: int | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Result:
    """`run`, with the request as one value."""
    check(path, request, out)
    say("reading the targets")
    tree = Tree.open(path)
    dataset = open_dataset(tree, workers=workers)
    images, left = targets(dataset, upright=True)
    detector = _detector(request)
    seen = () if detector is None else detector.hand_names
    hosts = wanted(_names(dataset), request.onto, request.relation, seen)
    relation = _relation(request, hosts)
    say("reading the objects")
    origin = dataset if request.source is None else open_dataset(Tree.open(request.source), workers=workers)
    sources, left_sources = targets(origin)
    if request.cutouts is None and not origin.objects.height:
        raise CurateError(
            f"{display_path(origin.root)} has no labelled object to cut out.",
            "Pictures with alpha are cut out first: curate cutouts DIR --object NAME -o CUTOUTS;"
            " then add --cutouts CUTOUTS",
        )
    # the class of cut-outs in a folder stands beside them
    label = named(_names(origin), [request.name]) if request.cutouts is None else (request.name,)
    say("cutting out" if request.cutouts is None else "reading the cut-outs")
    size = real(request.new_name) or real(request.name)
    pieces = gather(
        sources,
        label,
        origin,
        boxes=request.cut == "box",
        folder=request.cutouts,
        cut_from=request.cut_from,
        real=size,
        seed=request.seed,
        workers=workers,
    )
    say("learning how they lie")
    known = built_in(relation, hosts.classes[0] if hosts.classes else None, size)
    shown = images if request.source is None else targets(origin, upright=True)[0]
    prior = _prior(known, request, (shown, origin), (images, dataset), label, seen, workers)
    grey = request.grey if request.grey is not None else 0.0 if request.source is None else pieces.grey
    how = How(
        prior=prior,
        finder=Finder(hosts, detector),
        seed=request.seed,
        anywhere=request.place == "random",
        boxes=request.cut == "box",
        grey=grey,
        quality=request.quality,
        cover=request.cover,
        ratios=ratios(sources, label) if request.frame == "close" and request.source is not None else (),
        edge=request.edge,
    )
    say("looking at the hosts")
    looked = _look(images, hosts, tree.root, pieces, how, request, workers, left)
    say("painting")
    naming = Naming(request.role, request.new_name, request.mapping or {})
    rows = write_images(
        jobs(looked, request.count, request.objects, request.seed),
        request.count,
        pieces.cutouts,
        how,
        naming,
        classes=_names(dataset),
        root=tree.root,
        origin=origin.root,
        out=out,
        workers=workers,
    )
    made = len({row["image"] for row in rows})
    return Result(
        out=out,
        made=made,
        asked=request.count,
        things=len(rows),
        cutouts=len(pieces.cutouts),
        boxes=pieces.boxes,
        refused=dict(pieces.refused.most_common()),
        hosts_used=sum(bool(row.placements) for row in looked),
        hosts=(
            *hosts.classes,
            *(f"mouths in {name}" for name in hosts.faces),
            *(f"{kind}s, unlabelled" for kind in hosts.sought),
        ),
        left_aside=dict(left.most_common()),
        prior=prior,
        grey=len({row["image"] for row in rows if row["grey"]}),
        updated=sum(len(row["updated"]) for row in rows if row["thing"] == 1),
        dropped=sum(len(row["dropped"]) for row in rows if row["thing"] == 1),
        notes=tuple(_notes(request, hosts, detector, looked, made, left, left_sources)),
    )


def _names(dataset: Dataset) -> list[str]:
    return sorted(set(dataset.objects["name"].drop_nulls().to_list()))


def _relation(request: Request, hosts: Wanted) -> str:
    """The one asked for, else what the hosts' names suggest. Raises CurateError where these disagree."""
    relation = request.relation or default(hosts)
    carriers = [name for name, kind in hosts.labelled if kind == THING]
    if relation == "held-in" and carriers:
        raise CurateError(
            f"Hands hold things, {display(carriers[0])} carries them: one paste cannot do both.",
            "Paste onto them one after the other, or say how all things lie: --relation on-top-of",
        )
    return relation


def _detector(request: Request) -> Detector | None:
    """The model that finds hands, where no label does; it is checked even where it is not needed."""
    return None if request.hands_model is None else open_detector(request.hands_model, request.onto)


def _prior(
    known: Prior,
    request: Request,
    origin: tuple[Sequence[Target], Dataset],
    onto: tuple[Sequence[Target], Dataset],
    label: Sequence[str],
    seen: Sequence[str],
    workers: int | None,
) -> Prior:
    """What labelled pairs of both sets teach; a size that was asked for goes before."""
    found = []
    for (images, dataset), names in ((origin, label), (onto, [request.new_name])):
        if dataset is onto[1] and origin[1] is onto[1] and names is not label:
            continue  # one set: its pairs count once
        try:
            hosts = wanted(_names(dataset), request.onto, request.relation, seen).labelled
        except CurateError:  # that set has no such hosts
            continue
        found += measured(images, hosts, names, dataset.root, workers)
    prior = learn(known, found)
    if request.size is not None:
        return prior.with_ratio(request.size)
    return prior


def _look(
    images: Sequence[Target],
    hosts: Wanted,
    root: Path,
    pieces: Pieces,
    how: How,
    request: Request,
    workers: int | None,
    left: Counter[str],
) -> list[Looked]:
    """The hosts of the targets and where things may go on them; counts into `left` why others give none."""
    labelled = set(hosts.classes) | set(hosts.faces)
    usable = [t for t in images if hosts.sought or any(label.name in labelled for label in t.labels)]
    if len(usable) < len(images):
        left["no host"] += len(images) - len(usable)
    # a host in three gives nothing; more images than that would only cost time
    order = np.random.default_rng([request.seed, 2]).permutation(len(usable))[: max(3 * request.count, 24)]
    work = partial(look_all, root=root, pieces=pieces.pieces, how=how)
    chosen = [usable[i] for i in sorted(order)]
    shards = map_shards(work, chosen, workers=workers, shard=8, in_process_below=16)
    looked = [row for shard in shards for row in shard]
    left.update(row.reason for row in looked if row.reason)
    seen = {row.target.image for row in looked}
    if without := sum(target.image not in seen for target in chosen):
        left["no free host was found"] += without
    return looked


def _notes(
    request: Request,
    hosts: Wanted,
    detector: Detector | None,
    looked: Sequence[Looked],
    made: int,
    left: Counter[str],
    left_sources: Mapping[str, int],
) -> list[str]:
    """What should be said aloud."""
    notes = []
    used = [row for row in looked if row.placements]
    if HAND in hosts.sought and detector is None:
        notes.append(
            f"no label and no --hands-model says where hands are: {len(used)} were told by the colour and"
            f" shape of skin alone; {MEASURED[0]:.0%} of such boxes are hands (measured on labelled ones)"
        )
    elif HAND in hosts.sought and detector is not None:
        notes.append(f"hands by {detector.path.name}")
    if detector is not None and HAND not in hosts.sought:
        notes.append(f"{detector.path.name} was not asked: hands are labelled")
    if MOUTH in hosts.sought or hosts.faces:
        notes.append(
            "mouths by faces that OpenCV's cascades see: 105 of 107 were faces, 98 of the places lay on the"
            " lips (looked at, in hands_phone_voc)"
            if not hosts.faces
            else "mouths are sought in the labelled faces"
        )
    hands = [row for row in used if row.scene.host.kind == HAND]
    if hands and sum(row.scene.host.how == "box" for row in hands) > 0.6 * len(hands):
        notes.append(
            "in most of the hosts no hand could be told from its background;"
            " if they are none, say how things lie there: --relation on-top-of"
        )
    if withheld := left_sources.get(NOT_TRAINING, 0):
        notes.append(f"no object is cut from {withheld} images that are not in the training split")
    if made < request.count:
        notes.append(
            f"only {made} of {request.count} could be made: {len(used)} hosts gave no more that look right"
        )
    return notes

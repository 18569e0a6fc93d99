"""Solid shapes to pixels: capsules and cones in the view frame in, a depth map with normals out.

The shapes are signed distance fields (millimetres, negative inside), blended where flesh is one piece
and merely united where it only touches, so that folded fingers do not melt together. Rays run straight
along -z. Formulae: J. C. Hart, "Sphere tracing", The Visual Computer 12 (1996); the polynomial smooth
minimum is the usual quadratic one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .vectors import Vector

Floats = NDArray[np.float32]
Field = Callable[[Floats, Floats, Floats], Floats]
FAR = np.float32(1e3)
MARGIN = 20.0  # mm around a shape within which it matters: the widest look around a point, twice
SWELL = 4.0  # mm by which blending can thicken a shape: a quarter of the blend width, a few times over
STEPS = 30
TILE = 96  # pixels; small enough for the arrays of one tile to stay in the processor's cache


@dataclass(frozen=True)
class Camera:
    """A parallel view: `scale` pixels a millimetre, the origin of the view frame at pixel (cx, cy)."""

    width: int
    height: int
    scale: float
    cx: float
    cy: float

    def project(self, point: Vector) -> tuple[float, float]:
        return self.cx + self.scale * float(point[0]), self.cy - self.scale * float(point[1])


@dataclass(frozen=True)
class Capsule:
    """A round cone in the view frame; `flat` cuts its ends straight, as those of a stick."""

    a: Vector
    b: Vector
    ra: float
    rb: float
    waist: float = 0.0
    flat: bool = False

    def distance(self, x: Floats, y: Floats, z: Floats) -> Floats:
        """Signed distance in mm (close to it where the taper is steep): (N,) x3 -> (N,)."""
        ax, ay, az = self.a.astype(np.float32)
        ux, uy, uz = (self.b - self.a).astype(np.float32)
        dx, dy, dz = x - ax, y - ay, z - az
        length2 = ux * ux + uy * uy + uz * uz
        dot = dx * ux + dy * uy + dz * uz
        from_a2 = dx * dx + dy * dy + dz * dz
        share = dot / length2
        t = np.minimum(np.maximum(share, 0), 1)
        radius = np.float32(self.ra) + np.float32(self.rb - self.ra) * t
        if self.waist:
            radius -= np.float32(4 * self.waist) * t * (1 - t)
        if not self.flat:
            return np.sqrt(np.maximum(from_a2 - t * (2 * dot - t * length2), 0)) - radius
        radial = np.sqrt(np.maximum(from_a2 - share * dot, 0)) - radius
        end = (np.abs(share - np.float32(0.5)) - np.float32(0.5)) * np.sqrt(length2)
        outside = np.sqrt(np.maximum(radial, 0) ** 2 + np.maximum(end, 0) ** 2)
        return outside + np.minimum(np.maximum(radial, end), 0)

    def beside(self, x: Floats, y: Floats) -> Floats:
        """How far rays along z pass from the shape, in mm and never too much: (N,), (N,) -> (N,)."""
        ux, uy = float(self.b[0] - self.a[0]), float(self.b[1] - self.a[1])
        dx, dy = x - np.float32(self.a[0]), y - np.float32(self.a[1])
        t = np.clip((dx * ux + dy * uy) / max(ux * ux + uy * uy, 1e-6), 0, 1)
        return np.hypot(dx - ux * t, dy - uy * t) - np.float32(max(self.ra, self.rb))


def smooth_minimum(a: Floats, b: Floats, width: float) -> Floats:
    """The smaller of two distances, rounded where they differ by less than `width` mm."""
    overlap = np.maximum(np.float32(width) - np.abs(a - b), 0) / np.float32(width)
    return np.minimum(a, b) - overlap * overlap * np.float32(width / 4)


@dataclass(frozen=True)
class Flesh:
    """Capsules and how they join: `body` is one blended piece, each limb is blended along itself,
    and the first bone of a limb is blended with the body."""

    body: tuple[int, ...]
    limbs: tuple[tuple[int, ...], ...]
    body_blend: float = 9.0
    limb_blend: float = 3.0
    root_blend: float = 9.0

    def join(self, distances: dict[int, Floats]) -> Floats:
        """One distance out of those of single capsules (at least one): (N,) each -> (N,)."""
        body = _blend([distances[index] for index in self.body if index in distances], self.body_blend)
        joined = body
        for limb in self.limbs:
            bones = [distances[index] for index in limb if index in distances]
            joined = _union(joined, _blend(bones, self.limb_blend))
            if body is not None and limb[0] in distances:
                joined = _union(joined, smooth_minimum(body, distances[limb[0]], self.root_blend))
        if joined is None:
            raise ValueError("no capsule to join")
        return joined


def _blend(distances: list[Floats], width: float) -> Floats | None:
    total = None
    for distance in distances:
        total = distance if total is None else smooth_minimum(total, distance, width)
    return total


def _union(a: Floats | None, b: Floats | None) -> Floats | None:
    if a is None or b is None:
        return b if a is None else a
    return np.minimum(a, b)


@dataclass(frozen=True)
class Surface:
    """What the rays met: flat arrays over `pixels` (indices into the raveled picture)."""

    pixels: NDArray[np.int64]
    points: Floats  # (N, 3) mm, view frame
    normals: Floats  # (N, 3) unit length
    openness: Floats  # (N,) 0 in a deep crease .. 1 in the open
    owner: NDArray[np.int64]  # (N,) the nearest capsule


def trace(camera: Camera, capsules: Sequence[Capsule], flesh: Flesh) -> Surface:
    """The surface of the joined capsules seen from the front; no capsule in view gives empty arrays.

    Works tile by tile, each with the few capsules that can matter there.
    """
    found: list[Surface] = []
    for top in range(0, camera.height, TILE):
        for left in range(0, camera.width, TILE):
            rows, columns = np.meshgrid(
                np.arange(top, min(top + TILE, camera.height)),
                np.arange(left, min(left + TILE, camera.width)),
                indexing="ij",
            )
            x = ((columns.ravel() + 0.5 - camera.cx) / camera.scale).astype(np.float32)
            y = ((camera.cy - rows.ravel() - 0.5) / camera.scale).astype(np.float32)
            gaps = {index: capsule.beside(x, y) for index, capsule in enumerate(capsules)}
            local = {index: capsules[index] for index, gap in gaps.items() if gap.min() < MARGIN}
            if local:
                pixels = (rows * camera.width + columns).ravel()
                touched = np.min([gaps[index] for index in local], axis=0) < SWELL
                tile = _trace_tile(x[touched], y[touched], pixels[touched], local, flesh, camera.scale)
                found.extend([tile] if tile is not None else [])
    if not found:
        nothing = np.zeros((0, 3), np.float32)
        return Surface(np.zeros(0, np.int64), nothing, nothing, nothing[:, 0], np.zeros(0, np.int64))
    return Surface(
        np.concatenate([part.pixels for part in found]),
        np.concatenate([part.points for part in found]),
        np.concatenate([part.normals for part in found]),
        np.concatenate([part.openness for part in found]),
        np.concatenate([part.owner for part in found]),
    )


def _trace_tile(
    x: Floats, y: Floats, pixels: NDArray[np.int64], local: dict[int, Capsule], flesh: Flesh, scale: float
) -> Surface | None:
    def single(px: Floats, py: Floats, pz: Floats) -> dict[int, Floats]:
        return {index: capsule.distance(px, py, pz) for index, capsule in local.items()}

    def field(px: Floats, py: Floats, pz: Floats) -> Floats:
        return flesh.join(single(px, py, pz))

    floor = min(min(c.a[2], c.b[2]) - max(c.ra, c.rb) for c in local.values())
    start = np.full(x.size, -FAR, np.float32)
    for capsule in local.values():
        start = np.maximum(start, _ceiling(capsule, x, y))
    z, close = start, np.float32(0.2 / scale)
    alive = np.arange(x.size)
    if not alive.size:
        return None
    for _ in range(STEPS):
        gap = field(x[alive], y[alive], z[alive])
        z[alive] -= gap * np.float32(0.97)
        alive = alive[(gap > close) & (z[alive] > floor)]
        if not alive.size:
            break
    hit = z > floor
    if alive.size:  # rays that graze: they count where they came within half a pixel
        hit[alive] = field(x[alive], y[alive], z[alive]) < 0.5 / scale
    if not hit.any():
        return None
    x, y, z = x[hit], y[hit], z[hit]
    normals = _gradient(field, x, y, z)
    openness = _openness(field, x, y, z, normals)
    alone = single(x, y, z)
    numbers = np.array(list(alone))
    owner = numbers[np.argmin(np.stack(list(alone.values())), axis=0)]
    return Surface(pixels[hit], np.stack([x, y, z], axis=1), normals, openness, owner)


def _ceiling(capsule: Capsule, x: Floats, y: Floats) -> Floats:
    """A height that is surely above the shape on each ray, yet close to it: saves half the steps."""
    reach = max(capsule.ra, capsule.rb) + SWELL
    ux, uy = float(capsule.b[0] - capsule.a[0]), float(capsule.b[1] - capsule.a[1])
    flat2 = max(ux * ux + uy * uy, 1e-6)
    dx, dy = x - np.float32(capsule.a[0]), y - np.float32(capsule.a[1])
    t = (dx * ux + dy * uy) / flat2
    slack = reach / np.sqrt(flat2)
    rise = float(capsule.b[2] - capsule.a[2])
    ends = [np.clip(t + sign * slack, 0, 1) * rise for sign in (-1, 1)]
    return (np.maximum(*ends) + np.float32(capsule.a[2] + reach)).astype(np.float32)


def _gradient(field: Field, x: Floats, y: Floats, z: Floats, step: float = 0.5) -> Floats:
    """Unit normals by four samples on the corners of a tetrahedron: (N, 3)."""
    corners = np.array([[1, -1, -1], [-1, -1, 1], [-1, 1, -1], [1, 1, 1]], np.float32)
    total = np.zeros((x.size, 3), np.float32)
    for corner in corners:
        ox, oy, oz = corner * np.float32(step)
        total += corner * field(x + ox, y + oy, z + oz)[:, None]
    return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-6)


def _openness(field: Field, x: Floats, y: Floats, z: Floats, normals: Floats) -> Floats:
    """How much sky a point sees: the field sampled along the normal, as in ambient occlusion."""
    closed = np.zeros_like(x)
    for reach, weight in ((3.0, 0.35), (6.5, 0.35), (10.0, 0.3)):
        out = np.float32(reach)
        value = field(x + normals[:, 0] * out, y + normals[:, 1] * out, z + normals[:, 2] * out)
        closed += np.float32(weight) * np.clip(1 - value / out, 0, 1)
    return 1 - closed

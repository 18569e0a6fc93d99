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

from .vectors import Floats, Vector

Field = Callable[[Floats, Floats, Floats], Floats]
FAR = np.float32(1e3)
MARGIN = 20.0  # mm around a shape within which it matters: the widest look around a point, twice
SWELL = 4.0  # mm by which blending can thicken a shape: a quarter of the blend width, a few times over
STEPS = 90  # most rays need ten; those that graze an edge and go on need the rest
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


class Bundle:
    """Several capsules, measured at once: K rows of everything."""

    def __init__(self, numbers: Sequence[int], capsules: Sequence[Capsule]) -> None:
        """`numbers` are the places of the capsules in the whole figure."""
        self.numbers = list(numbers)
        self.a = np.array([c.a for c in capsules], np.float32)
        self.way = np.array([c.b - c.a for c in capsules], np.float32)
        self.ra, self.rb, self.waist = (
            np.array([getattr(c, name) for c in capsules], np.float32)[:, None]
            for name in ("ra", "rb", "waist")
        )
        self.thick = np.maximum(self.ra, self.rb)
        self.flat = np.flatnonzero([c.flat for c in capsules])
        self.capsules = list(capsules)

    def distances(self, x: Floats, y: Floats, z: Floats) -> Floats:
        """Signed distances in mm (close to it where the taper is steep): (N,) x3 -> (K, N)."""
        ux, uy, uz = (self.way[:, axis, None] for axis in range(3))
        dx, dy, dz = (p[None] - self.a[:, axis, None] for axis, p in enumerate((x, y, z)))
        length2 = ux * ux + uy * uy + uz * uz
        dot = dx * ux + dy * uy + dz * uz
        from_a2 = dx * dx + dy * dy + dz * dz
        share = dot / length2
        t = np.minimum(np.maximum(share, 0), 1)
        radius = self.ra + (self.rb - self.ra) * t - 4 * self.waist * t * (1 - t)
        out = np.sqrt(np.maximum(from_a2 - t * (2 * dot - t * length2), 0)) - radius
        if self.flat.size:
            rows = self.flat
            radial = np.sqrt(np.maximum(from_a2[rows] - share[rows] * dot[rows], 0)) - radius[rows]
            end = (np.abs(share[rows] - np.float32(0.5)) - np.float32(0.5)) * np.sqrt(length2[rows])
            outside = np.sqrt(np.maximum(radial, 0) ** 2 + np.maximum(end, 0) ** 2)
            out[rows] = outside + np.minimum(np.maximum(radial, end), 0)
        return out

    def beside(self, x: Floats, y: Floats) -> Floats:
        """How far rays along z pass from the shapes, in mm and never too much: (N,), (N,) -> (K, N)."""
        ux, uy = self.way[:, 0, None], self.way[:, 1, None]
        dx, dy = x[None] - self.a[:, 0, None], y[None] - self.a[:, 1, None]
        t = np.clip((dx * ux + dy * uy) / np.maximum(ux * ux + uy * uy, 1e-6), 0, 1)
        return np.sqrt((dx - ux * t) ** 2 + (dy - uy * t) ** 2) - self.thick

    def ceiling(self, x: Floats, y: Floats) -> Floats:
        """A height surely above the shapes on each ray, yet close to it: (N,), (N,) -> (N,)."""
        reach = self.thick + np.float32(SWELL)
        ux, uy, rise = (self.way[:, axis, None] for axis in range(3))
        flat2 = np.maximum(ux * ux + uy * uy, 1e-6)
        dx, dy = x[None] - self.a[:, 0, None], y[None] - self.a[:, 1, None]
        t = (dx * ux + dy * uy) / flat2
        slack = reach / np.sqrt(flat2)
        ends = np.maximum(np.clip(t - slack, 0, 1) * rise, np.clip(t + slack, 0, 1) * rise)
        # a shape that the ray passes at a distance sets no ceiling
        passed = self.beside(x, y) > SWELL
        return np.where(passed, -FAR, ends + self.a[:, 2, None] + reach).max(axis=0)

    def floor(self) -> float:
        """A depth that no part of the shapes lies behind."""
        ends = np.minimum(self.a[:, 2], self.a[:, 2] + self.way[:, 2])
        return float((ends - self.thick[:, 0]).min())

    def part(self, keep: NDArray[np.intp]) -> Bundle:
        """The rows `keep` alone."""
        return Bundle([self.numbers[row] for row in keep], [self.capsules[row] for row in keep])


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

    def join(self, numbers: Sequence[int], distances: Floats) -> Floats:
        """One distance out of those of the capsules `numbers` (at least one): (K, N) -> (N,)."""
        rows = dict(zip(numbers, distances, strict=True))
        body = _blend([rows[index] for index in self.body if index in rows], self.body_blend)
        joined = body
        for limb in self.limbs:
            joined = _union(joined, _blend([rows[index] for index in limb if index in rows], self.limb_blend))
            if body is not None and limb[0] in rows:
                joined = _union(joined, smooth_minimum(body, rows[limb[0]], self.root_blend))
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

    pixels: NDArray[np.intp]
    points: Floats  # (N, 3) mm, view frame
    normals: Floats  # (N, 3) unit length
    openness: Floats  # (N,) 0 in a deep crease .. 1 in the open
    owner: NDArray[np.intp]  # (N,) the nearest capsule


def trace(camera: Camera, capsules: Sequence[Capsule], flesh: Flesh) -> Surface:
    """The surface of the joined capsules seen from the front; no capsule in view gives empty arrays.

    Works tile by tile, each with the few capsules that can matter there.
    """
    found: list[Surface] = []
    everything = Bundle(range(len(capsules)), capsules)
    half = TILE / camera.scale * np.sqrt(0.5)
    for top in range(0, camera.height, TILE):
        for left in range(0, camera.width, TILE):
            x, y, pixels = _rays(camera, left, top)
            centre = np.array([x[0] + x[-1]]) / 2, np.array([y[0] + y[-1]]) / 2
            near = np.flatnonzero(everything.beside(*centre)[:, 0] < MARGIN + half)
            if not near.size:
                continue
            local = everything.part(near)
            touched = local.beside(x, y).min(axis=0) < SWELL
            if touched.any():
                tile = _trace_tile(x[touched], y[touched], pixels[touched], local, flesh, camera.scale)
                found.extend([tile] if tile is not None else [])
    if not found:
        nothing = np.zeros((0, 3), np.float32)
        return Surface(np.zeros(0, np.intp), nothing, nothing, nothing[:, 0], np.zeros(0, np.intp))
    return Surface(
        np.concatenate([part.pixels for part in found]),
        np.concatenate([part.points for part in found]),
        np.concatenate([part.normals for part in found]),
        np.concatenate([part.openness for part in found]),
        np.concatenate([part.owner for part in found]),
    )


def _rays(camera: Camera, left: int, top: int) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """The rays of one tile: x and y in mm, and their pixels."""
    rows, columns = np.meshgrid(
        np.arange(top, min(top + TILE, camera.height)),
        np.arange(left, min(left + TILE, camera.width)),
        indexing="ij",
    )
    x = ((columns.ravel() + 0.5 - camera.cx) / camera.scale).astype(np.float32)
    y = ((camera.cy - rows.ravel() - 0.5) / camera.scale).astype(np.float32)
    return x, y, (rows * camera.width + columns).ravel()


def _trace_tile(
    x: Floats, y: Floats, pixels: NDArray[np.intp], local: Bundle, flesh: Flesh, scale: float
) -> Surface | None:
    def field(px: Floats, py: Floats, pz: Floats) -> Floats:
        return flesh.join(local.numbers, local.distances(px, py, pz))

    floor = local.floor()
    z = local.ceiling(x, y)
    close = np.float32(0.2 / scale)
    alive = np.arange(x.size)
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
    owner = np.array(local.numbers)[np.argmin(local.distances(x, y, z), axis=0)]
    return Surface(pixels[hit], np.stack([x, y, z], axis=1), normals, openness, owner)


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

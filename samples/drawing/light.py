"""Light: surfaces gathered in one frame in, a picture with shading and cast shadows out.

Colours inside are linear RGB in 0..1; `to_screen` makes them sRGB-like (gamma 2.2).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from .solid import Camera, Surface
from .vectors import Colour, Floats, Vector, unit, vec

NOTHING = 0
EXPOSURE, VIGNETTE = np.float32(1.08), np.float32(0.2)


@dataclass(frozen=True)
class Light:
    """One soft lamp and the glow of the surroundings, both linear RGB."""

    direction: Vector = field(default_factory=lambda: unit(vec(-0.5, 0.6, 0.65)))  # towards the lamp
    key: Colour = (1.0, 0.97, 0.9)
    ambient: Colour = (0.45, 0.47, 0.5)


def to_linear(colour: Floats | Colour) -> Floats:
    return np.power(np.asarray(colour, np.float32), np.float32(2.2))


def to_screen(colour: Floats) -> Floats:
    return np.power(np.clip(colour, 0, 1), np.float32(1 / 2.2))


class Frame:
    """The nearest surface of every pixel: depth, normal, colour and what it belongs to."""

    def __init__(self, camera: Camera) -> None:
        shape = (camera.height, camera.width)
        self.camera = camera
        self.depth = np.full(shape, -np.inf, np.float32)
        self.normal = np.zeros((*shape, 3), np.float32)
        self.albedo = np.zeros((*shape, 3), np.float32)
        self.glow = np.zeros((*shape, 3), np.float32)
        self.open = np.ones(shape, np.float32)
        self.gloss = np.zeros(shape, np.float32)
        self.soft = np.zeros(shape, np.float32)
        self.label = np.zeros(shape, np.int32)

    def add(
        self,
        surface: Surface,
        albedo: Floats,
        label: Floats | int,
        gloss: Floats | float = 0.0,
        soft: float = 0.0,
        glow: Floats | None = None,
        normals: Floats | None = None,
    ) -> None:
        """Put a surface into the frame where it is in front; `soft` is how far light creeps under it."""
        front = surface.points[:, 2] > self.depth.ravel()[surface.pixels]
        at = surface.pixels[front]
        self.depth.reshape(-1)[at] = surface.points[front, 2]
        self.normal.reshape(-1, 3)[at] = (surface.normals if normals is None else normals)[front]
        self.albedo.reshape(-1, 3)[at] = albedo[front]
        self.open.reshape(-1)[at] = surface.openness[front]
        self.gloss.reshape(-1)[at] = gloss if np.isscalar(gloss) else np.asarray(gloss)[front]
        self.label.reshape(-1)[at] = label if np.isscalar(label) else np.asarray(label)[front]
        self.soft.reshape(-1)[at] = soft
        self.glow.reshape(-1, 3)[at] = 0 if glow is None else glow[front]

    def shadow(self, light: Light) -> Floats:
        """How much of the lamp reaches each pixel, by walking over the depth map: (H, W) in 0..1."""
        camera, direction = self.camera, light.direction
        depth = np.where(np.isfinite(self.depth), self.depth, np.float32(-1e4))
        lit = np.ones_like(depth)
        for reach in (4.0, 7.0, 11.0, 16.0, 22.0, 29.0, 37.0, 46.0):
            dx, dy = direction[0] * reach * camera.scale, -direction[1] * reach * camera.scale
            shift = np.array([[1, 0, -dx], [0, 1, -dy]], np.float32)
            over = cv2.warpAffine(
                depth, shift, (camera.width, camera.height), flags=cv2.INTER_NEAREST, borderValue=-1e4
            )
            excess = over - (depth + np.float32(direction[2] * reach))
            # a thing far above the ray does not touch it: depth maps know no backs
            blocked = np.clip(excess / np.float32(2.5 + 0.12 * reach), 0, 1)
            blocked *= np.clip((np.float32(55.0) - excess) / np.float32(20.0), 0, 1)
            lit = np.minimum(lit, 1 - blocked)
        return cv2.GaussianBlur(lit, (0, 0), 1.1 * camera.scale)

    def shade(self, light: Light) -> tuple[Floats, Floats]:
        """The lit surfaces, linear (H, W, 3), and where there are any, (H, W) of 0 or 1."""
        covered = (self.label != NOTHING).astype(np.float32)
        direction = light.direction.astype(np.float32)
        slope = self.normal @ direction
        lit = self.shadow(light)
        half = unit(light.direction + vec(0, 0, 1)).astype(np.float32)
        shine = np.power(np.clip(self.normal @ half, 0, 1), 22.0) * self.gloss * lit
        sky = 0.72 + 0.28 * self.normal[..., 1]
        edge = np.clip(1 - self.normal[..., 2], 0, 1) ** 3
        out = np.empty((*slope.shape, 3), np.float32)
        for channel, creep in enumerate((0.42, 0.2, 0.13)):
            wrap = self.soft * np.float32(creep)
            direct = np.clip((slope + wrap) / (1 + wrap), 0, 1)
            # red light leaks a little into the shadow of flesh, blue does not
            direct *= lit + (1 - lit) * self.soft * np.float32(creep * 0.25)
            shut = self.open ** np.float32(1.25 - 0.45 * creep)
            around = light.ambient[channel] * sky * shut
            out[..., channel] = self.albedo[..., channel] * (light.key[channel] * direct + around)
            rim = 0.16 * edge * np.sqrt(self.albedo[..., channel]) * light.ambient[channel] * shut
            out[..., channel] += shine * light.key[channel] + rim
        return (out + self.glow) * covered[..., None], covered


def composite(behind: Floats, shaded: Floats, covered: Floats) -> Floats:
    """The lit frame, reduced to the size of `behind` (sRGB, (H, W, 3)), laid over it."""
    size = (behind.shape[1], behind.shape[0])
    coverage = cv2.resize(covered, size, interpolation=cv2.INTER_AREA)[..., None]
    colour = cv2.resize(shaded, size, interpolation=cv2.INTER_AREA)
    mean = colour / np.maximum(coverage, 1e-4)
    return behind * (1 - coverage) + to_screen(mean) * coverage


def cast_on_wall(behind: Floats, covered: Floats, light: Light, distance: float, strength: float) -> Floats:
    """Darken `behind` where a hand `distance` pixels in front of it keeps the lamp away."""
    size = (behind.shape[1], behind.shape[0])
    mask = cv2.resize(covered, size, interpolation=cv2.INTER_AREA)
    dx, dy = -light.direction[0] * distance, light.direction[1] * distance
    shift = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
    moved = cv2.warpAffine(mask, shift, size)
    moved = cv2.GaussianBlur(moved, (0, 0), 1.5 + distance * 0.22)
    return behind * (1 - np.float32(strength) * moved[..., None])


def develop(picture: Floats, rng: np.random.Generator, blur: float, grain: float) -> Floats:
    """What a camera adds: exposure, a little blur, darker corners, grain."""
    height, width = picture.shape[:2]
    out = cv2.GaussianBlur(picture, (0, 0), blur) if blur > 0.05 else picture
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    radius2 = ((xs / width - 0.5) ** 2 + (ys / height - 0.5) ** 2) * 2
    out = out * (EXPOSURE * (1 - VIGNETTE * radius2[..., None]))
    noise = rng.normal(0, 1, (height, width, 1)) + 0.35 * rng.normal(0, 1, (height, width, 3))
    noise = cv2.GaussianBlur(noise, (0, 0), 0.6)
    return np.clip(out + noise.astype(np.float32) * np.float32(grain), 0, 1)

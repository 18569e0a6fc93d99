"""What a picture is like around a host: light, tint, sharpness, grain. Measured once a host."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.arrays import Pixels
from curate.paste.hosts.model import Host
from curate.paste.sharpness import edge_width
from curate.paste.skin import skin_likelihood

_OWN_VARIANCE = 0.6  # of the difference and the pixel, see sharpness.py


@dataclass(frozen=True)
class Surroundings:
    """Lengths in pixels, lightness and tint in Lab units (L 0..100)."""

    edge: float  # blur of the sharpest edges
    edge_x: float  # the same along x alone, as a level motion blurs, and along y
    edge_y: float
    grain: float  # standard deviation of the noise of smooth parts, grey levels
    skin: float | None  # mean lightness of the skin of the host
    brightest: float  # lightness of the brightest things of the picture
    bright: float  # of the brighter fifth around the host
    dark: float  # of its darkest tenth: haze and exposure
    tint: tuple[float, float]  # a, b of the brighter fifth around the host: the colour of the light


def look(image: Pixels, host: Host) -> Surroundings:
    """Measure the window of a host in an image, (H, W, 3) RGB."""
    x0, y0, x1, y1 = host.window
    near = image[y0:y1, x0:x1]
    every = max(1, max(near.shape[:2]) // 160)
    sparse = np.ascontiguousarray(near[::every, ::every])
    lab = cv2.cvtColor(sparse.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    lightness = lab[..., 0]
    grey_plane = cv2.cvtColor(near, cv2.COLOR_RGB2GRAY).astype(np.float32)
    edge_x, edge_y = _directed(grey_plane)
    dark, high, top = np.percentile(lightness, (10, 80, 99))
    bright = lightness >= high
    skin = _skin_lightness(sparse, lightness, host)
    everything = image[:: max(1, image.shape[0] // 128), :: max(1, image.shape[1] // 128)]
    overall = cv2.cvtColor(np.ascontiguousarray(everything), cv2.COLOR_RGB2LAB)[..., 0]
    brightest = max(float(np.percentile(overall, 99)) * 100 / 255, float(top))
    return Surroundings(
        edge=edge_width(grey_plane),
        edge_x=edge_x,
        edge_y=edge_y,
        grain=_grain(grey_plane),
        skin=skin,
        brightest=brightest if skin is None else max(brightest, min(1.25 * skin, 100.0)),
        bright=float(lightness[bright].mean()),
        dark=float(dark),
        tint=(float(lab[..., 1][bright].mean()), float(lab[..., 2][bright].mean())),
    )


def _skin_lightness(image: Pixels, lightness: NDArray[np.float32], host: Host) -> float | None:
    mask = cv2.resize(host.mask, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_NEAREST) > 0
    if mask.mean() < 0.02:
        mask = skin_likelihood(image) > 0.4
    return float(lightness[mask].mean()) if mask.mean() >= 0.02 else None


def _directed(grey: NDArray[np.float32]) -> tuple[float, float]:
    """Blur along x and along y: a hand that moves is sharp in one direction only.

    As `sharpness.edge_width`, but derivatives and the test blur run along one axis, at the steepest places
    of edges that stand across it. 1.0 where there are too few of those.
    """
    if min(grey.shape) < 8:
        return 1.0, 1.0
    found = []
    for blurred, (dx, dy) in (
        (cv2.GaussianBlur(grey, (0, 1), sigmaX=1.0, sigmaY=0.01), (1, 0)),
        (cv2.GaussianBlur(grey, (1, 0), sigmaX=0.01, sigmaY=1.0), (0, 1)),
    ):
        along = np.abs(cv2.Sobel(grey, cv2.CV_32F, dx, dy, ksize=1)) / 2
        across = np.abs(cv2.Sobel(grey, cv2.CV_32F, dy, dx, ksize=1)) / 2
        steep = along > 2 * across
        values = along[steep]
        if values.size < 64:
            found.append(1.0)
            continue
        top = values >= np.partition(values, -max(values.size // 33, 16))[-max(values.size // 33, 16)]
        peak = float(values[top].mean())
        if peak < 4.0:  # grey levels a pixel; below that it is noise
            found.append(1.0)
            continue
        after = np.abs(cv2.Sobel(blurred, cv2.CV_32F, dx, dy, ksize=1))[steep][top] / 2
        ratio = min(float(after.mean()) / peak, 0.99)
        variance = ratio * ratio / (1 - ratio * ratio) - _OWN_VARIANCE
        found.append(float(np.clip(np.sqrt(max(variance, 0.0)), 0.3, 8.0)))
    return found[0], found[1]


def _grain(grey: NDArray[np.float32]) -> float:
    """Noise of the smooth parts: the median of what a small blur takes away, as a standard deviation.

    For Gaussian noise the blur of 1.2 pixels takes away 0.94 of it, and the median of its absolute values is
    0.6745 standard deviations.
    """
    residue = np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 1.2))
    return float(min(np.median(residue) / (0.6745 * 0.94), 8.0))

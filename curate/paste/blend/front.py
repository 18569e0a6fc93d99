"""What lies before a thing: fingers, as a matte with crisp outlines, or lips, as a line."""

from __future__ import annotations

import cv2
import numpy as np

from curate.arrays import Pixels, Plane
from curate.paste.blend.warp import Window
from curate.paste.hosts.model import Host
from curate.paste.placement.model import Cut

_REGULAR = 1e-3  # epsilon of the guided filter, squared shares of full scale
_CRISP = 9.0  # slope of the outline; a soft one makes fingers of glass


def hand_matte(image: Pixels, hand: Host, window: Window, part: int = 0) -> Plane:
    """How far each pixel of the window belongs to the hand (or one finger), (h, w) in [0, 1].

    The coarse mask is drawn to the edges of the picture by a guided filter (He, Sun, Tang, PAMI 2013) and
    then taken in by about half a pixel, so that the old background does not shine around the fingers.
    """
    x0, y0, x1, y1 = window
    hx0, hy0, hx1, hy1 = hand.window
    height, width = hand.mask.shape
    sx, sy = (hx1 - hx0) / width, (hy1 - hy0) / height
    move = np.array([[sx, 0, hx0 - x0 + (sx - 1) / 2], [0, sy, hy0 - y0 + (sy - 1) / 2]], np.float64)
    coarse = cv2.warpAffine(hand.front(part), move, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR)
    plane = coarse.astype(np.float32) / 255
    if not plane.any():
        return plane
    guide = (image[y0:y1, x0:x1] / np.float32(255)).astype(np.float32)
    radius = max(2, round(1.5 * max(sx, sy)) + 1)
    fine = guided(guide, plane, radius, _REGULAR)
    return np.clip((fine - 0.5) * _CRISP + 0.4, 0, 1).astype(np.float32)


def cut_matte(cut: Cut, window: Window, softness: float) -> Plane:
    """1 on the hidden side of a line, 0 on the visible one, with a soft step of that many pixels."""
    x = (np.arange(window[0], window[2], dtype=np.float32) + 0.5 - cut.x)[None, :]
    y = (np.arange(window[1], window[3], dtype=np.float32) + 0.5 - cut.y)[:, None]
    side = x * cut.dx + y * cut.dy
    return np.clip(0.5 - side / max(softness, 0.5), 0, 1).astype(np.float32)


def guided(guide: Plane, plane: Plane, radius: int, epsilon: float) -> Plane:
    """Colour guided filter: in each window the plane is a linear function of the three colours.

    The 3 x 3 systems are solved by Cramer's rule, all at once: guide (h, w, 3), plane (h, w) -> (h, w).
    """
    size = (2 * radius + 1, 2 * radius + 1)
    r, g, b = (np.ascontiguousarray(guide[..., i]) for i in range(3))
    planes = [r, g, b, plane, r * r, r * g, r * b, g * g, g * b, b * b, r * plane, g * plane, b * plane]
    means = [cv2.blur(p, size) for p in planes]
    mr, mg, mb, mp, rr, rg, rb, gg, gb, bb, rp, gp, bp = means
    rr, gg, bb = rr - mr * mr + epsilon, gg - mg * mg + epsilon, bb - mb * mb + epsilon
    rg, rb, gb = rg - mr * mg, rb - mr * mb, gb - mg * mb
    rp, gp, bp = rp - mr * mp, gp - mg * mp, bp - mb * mp
    i_rr, i_rg, i_rb = gg * bb - gb * gb, gb * rb - rg * bb, rg * gb - gg * rb
    i_gg, i_gb, i_bb = rr * bb - rb * rb, rg * rb - rr * gb, rr * gg - rg * rg
    determinant = rr * i_rr + rg * i_rg + rb * i_rb
    a_r = (i_rr * rp + i_rg * gp + i_rb * bp) / determinant
    a_g = (i_rg * rp + i_gg * gp + i_gb * bp) / determinant
    a_b = (i_rb * rp + i_gb * gp + i_bb * bp) / determinant
    rest = mp - a_r * mr - a_g * mg - a_b * mb
    s_r, s_g, s_b, s_rest = (cv2.blur(p, size) for p in (a_r, a_g, a_b, rest))
    filtered: Plane = (s_r * r + s_g * g + s_b * b + s_rest).astype(np.float32)
    return filtered

"""Every place by its name."""

from __future__ import annotations

from collections.abc import Callable

from . import surfaces, vistas
from .backdrop import Place, Random

PLACES: dict[str, Callable[[Random, int, int], Place]] = {
    "wall": surfaces.wall,
    "brick": surfaces.brick,
    "planks": surfaces.planks,
    "desk": surfaces.desk,
    "tiles": surfaces.tiles,
    "curtain": surfaces.curtain,
    "bookshelf": vistas.bookshelf,
    "cloth": surfaces.cloth,
    "concrete": surfaces.concrete,
    "window": vistas.window,
    "street": vistas.night_street,
    "foliage": vistas.foliage,
    "sky": vistas.sky,
    "park": vistas.park,
    "office": vistas.office,
}

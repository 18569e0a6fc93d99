"""Files as yolov5 writes them: a whole network, pickled as objects of classes that are not here.

The classes are ours; what they share with the originals is what a file shows of them: their names, the names
of their parts, and which layer reads which. `write` puts them where the originals lived while it saves, and
nowhere else.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

CLASSES: dict[str, list[type]] = {"models.common": [], "models.yolo": []}
ANCHORS = ((10, 13, 16, 30, 33, 23), (30, 61, 62, 45, 59, 119), (116, 90, 156, 198, 373, 326))  # pixels


def lives_in(module: str) -> Callable[[type], type]:
    def mark(cls: type) -> type:
        cls.__module__, cls.__qualname__ = module, cls.__name__
        CLASSES[module].append(cls)
        return cls

    return mark


@lives_in("models.common")
class Conv(nn.Module):
    def __init__(self, c1: int, c2: int, k: int = 1, s: int = 1, p: int | None = None, act: Any = nn.SiLU):
        super().__init__()
        self.conv = nn.Conv2d(c1, c2, k, s, k // 2 if p is None else p, bias=False)
        self.bn = nn.BatchNorm2d(c2, eps=1e-3, momentum=0.03)
        self.act = act()

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.bn(self.conv(x)))


@lives_in("models.common")
class Focus(nn.Module):
    def __init__(self, c1: int, c2: int, act: Any):
        super().__init__()
        self.conv = Conv(4 * c1, c2, 3, act=act)

    def forward(self, x: Tensor) -> Tensor:
        pixels = (x[..., 0::2, 0::2], x[..., 1::2, 0::2], x[..., 0::2, 1::2], x[..., 1::2, 1::2])
        return self.conv(torch.cat(pixels, 1))


@lives_in("models.common")
class Bottleneck(nn.Module):
    def __init__(self, c: int, add: bool, act: Any):
        super().__init__()
        self.cv1, self.cv2, self.add = Conv(c, c, act=act), Conv(c, c, 3, act=act), add

    def forward(self, x: Tensor) -> Tensor:
        y = self.cv2(self.cv1(x))
        return x + y if self.add else y


@lives_in("models.common")
class C3(nn.Module):
    def __init__(self, c1: int, c2: int, n: int, add: bool, act: Any):
        super().__init__()
        half = c2 // 2
        self.cv1, self.cv2 = Conv(c1, half, act=act), Conv(c1, half, act=act)
        self.cv3 = Conv(2 * half, c2, act=act)
        self.m = nn.Sequential(*(Bottleneck(half, add, act) for _ in range(n)))

    def forward(self, x: Tensor) -> Tensor:
        return self.cv3(torch.cat((self.m(self.cv1(x)), self.cv2(x)), 1))


@lives_in("models.common")
class BottleneckCSP(nn.Module):
    def __init__(self, c1: int, c2: int, n: int, add: bool, act: Any):
        super().__init__()
        half = c2 // 2
        self.cv1, self.cv4 = Conv(c1, half, act=act), Conv(2 * half, c2, act=act)
        self.cv2, self.cv3 = nn.Conv2d(c1, half, 1, bias=False), nn.Conv2d(half, half, 1, bias=False)
        self.bn, self.act = nn.BatchNorm2d(2 * half, eps=1e-3), act()
        self.m = nn.Sequential(*(Bottleneck(half, add, act) for _ in range(n)))

    def forward(self, x: Tensor) -> Tensor:
        both = torch.cat((self.cv3(self.m(self.cv1(x))), self.cv2(x)), 1)
        return self.cv4(self.act(self.bn(both)))


@lives_in("models.common")
class SPP(nn.Module):
    def __init__(self, c: int, act: Any):
        super().__init__()
        self.cv1, self.cv2 = Conv(c, c // 2, act=act), Conv(2 * c, c, act=act)
        self.m = nn.ModuleList(nn.MaxPool2d(k, 1, k // 2) for k in (5, 9, 13))

    def forward(self, x: Tensor) -> Tensor:
        x = self.cv1(x)
        return self.cv2(torch.cat([x, *(m(x) for m in self.m)], 1))


@lives_in("models.common")
class SPPF(nn.Module):
    def __init__(self, c: int, act: Any):
        super().__init__()
        self.cv1, self.cv2, self.m = Conv(c, c // 2, act=act), Conv(2 * c, c, act=act), nn.MaxPool2d(5, 1, 2)

    def forward(self, x: Tensor) -> Tensor:
        steps = [self.cv1(x)]
        for _ in range(3):
            steps.append(self.m(steps[-1]))
        return self.cv2(torch.cat(steps, 1))


@lives_in("models.common")
class Concat(nn.Module):
    def forward(self, x: list[Tensor]) -> Tensor:
        return torch.cat(x, 1)


@lives_in("models.yolo")
class Detect(nn.Module):
    def __init__(self, nc: int, channels: Sequence[int]):
        super().__init__()
        self.nc, self.stride = nc, torch.tensor([8.0, 16.0, 32.0])
        pixels = torch.tensor(ANCHORS, dtype=torch.float32).view(3, 3, 2)
        self.register_buffer("anchors", pixels / self.stride.view(3, 1, 1))
        self.m = nn.ModuleList(nn.Conv2d(c, 3 * (5 + nc), 1) for c in channels)

    def forward(self, maps: list[Tensor]) -> Tensor:
        """cx, cy, w, h in pixels, objectness, classes: (B, N, 5 + nc), as the published formula has them."""
        rows = []
        for x, conv, anchors, stride in zip(maps, self.m, self.anchors, self.stride, strict=True):
            out = conv(x)
            b, _, h, w = out.shape
            s = out.view(b, 3, 5 + self.nc, h, w).permute(0, 1, 3, 4, 2).sigmoid()
            for a in range(3):
                for i in range(h):
                    for j in range(w):
                        t = s[:, a, i, j]
                        xy = (2 * t[:, :2] - 0.5 + torch.tensor([float(j), float(i)])) * stride
                        rows.append(torch.cat((xy, (2 * t[:, 2:4]) ** 2 * anchors[a] * stride, t[:, 4:]), 1))
        return torch.stack(rows, 1)


@lives_in("models.yolo")
class DetectionModel(nn.Module):
    def __init__(self, layers: Sequence[tuple[Any, nn.Module]], names: Any):
        super().__init__()
        self.names = names
        for i, (reads, layer) in enumerate(layers):
            layer.f, layer.i, layer.type = reads, i, type(layer).__name__
        self.model = nn.Sequential(*(layer for _, layer in layers))
        self.yaml = {"nc": len(names)}

    def forward(self, x: Tensor) -> Tensor:
        outs: list[Any] = []
        for layer in self.model:
            if layer.f != -1:
                wanted = [layer.f] if isinstance(layer.f, int) else layer.f
                read = [x if f == -1 else outs[f] for f in wanted]
                x = read[0] if isinstance(layer.f, int) else read
            x = layer(x)
            outs.append(x)
        return x


def network(names: Any, *, old: str = "", act: Any = nn.SiLU) -> DetectionModel:
    """A narrow yolov5 of v6 and v7, or with `old` its ancestor: "c3" as v4 and v5, "csp" before them."""
    a, nc = {"act": act}, len(names)
    block: Any = BottleneckCSP if old == "csp" else C3
    c = (8, 16, 16, 24, 32)  # channels at strides 2, 4, 8, 16, 32
    pool = (
        [(-1, SPP(c[4], **a)), (-1, block(c[4], c[4], 1, False, **a))]
        if old
        else [(-1, block(c[4], c[4], 1, True, **a)), (-1, SPPF(c[4], **a))]
    )
    layers = [
        (-1, Focus(3, c[0], **a) if old else Conv(3, c[0], 6, 2, 2, **a)),
        (-1, Conv(c[0], c[1], 3, 2, **a)),
        (-1, block(c[1], c[1], 1, True, **a)),
        (-1, Conv(c[1], c[2], 3, 2, **a)),
        (-1, block(c[2], c[2], 2, True, **a)),
        (-1, Conv(c[2], c[3], 3, 2, **a)),
        (-1, block(c[3], c[3], 1, True, **a)),
        (-1, Conv(c[3], c[4], 3, 2, **a)),
        *pool,
        (-1, Conv(c[4], c[3], **a)),
        (-1, nn.Upsample(scale_factor=2, mode="nearest")),
        ([-1, 6], Concat()),
        (-1, block(2 * c[3], c[3], 1, False, **a)),
        (-1, Conv(c[3], c[2], **a)),
        (-1, nn.Upsample(scale_factor=2, mode="nearest")),
        ([-1, 4], Concat()),
        (-1, block(2 * c[2], c[2], 1, False, **a)),
        (-1, Conv(c[2], c[2], 3, 2, **a)),
        ([-1, 14], Concat()),
        (-1, block(2 * c[2], c[3], 1, False, **a)),
        (-1, Conv(c[3], c[3], 3, 2, **a)),
        ([-1, 10], Concat()),
        (-1, block(2 * c[3], c[4], 1, False, **a)),
        ([17, 20, 23], Detect(nc, (c[2], c[3], c[4]))),
    ]
    model = DetectionModel(layers, names)
    with torch.no_grad():
        for tensor in (*model.parameters(), *model.buffers()):
            if tensor.is_floating_point() and tensor.ndim == 1:  # norms that have seen something
                tensor.copy_(0.5 + torch.rand_like(tensor))
    return model.eval()


@contextmanager
def importable() -> Iterator[None]:
    """The classes where the originals lived."""
    modules = {"models": ModuleType("models"), **{name: ModuleType(name) for name in CLASSES}}
    for name, classes in CLASSES.items():
        for cls in classes:
            setattr(modules[name], cls.__name__, cls)
    before = {name: sys.modules.get(name) for name in modules}
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


def write(path: Path, model: nn.Module, *, zipped: bool = True, **more: Any) -> Path:
    """A checkpoint as the trainer leaves it: the averaged network in half precision, and what it noted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "epoch": -1,
        "best_fitness": None,
        "model": model,
        "ema": None,
        "updates": None,
        "optimizer": None,
        "opt": argparse.Namespace(weights="", data="coco.yaml"),
        "git": {"branch": "master"},
        "date": "2022-11-22T10:00:00",
        **more,
    }
    with importable():
        torch.save(content, path, _use_new_zipfile_serialization=zipped)
    return path

"""Where training runs and in what precision."""

from __future__ import annotations

import ctypes
import sys

import torch

from trainer.errors import TrainerError

# glibc's mallopt parameters (malloc.h)
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3


def pick_device(name: str) -> torch.device:
    """The device of that name; `auto` is the first of cuda, mps, cpu that is there."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if not there[name]:
        raise TrainerError(f"there is no {name} device for torch here", "use --device auto or --device cpu")
    return torch.device(name)


def pick_precision(amp: str, device: torch.device) -> str:
    """off, bf16 or fp16; `auto` is the one that helps on that device."""
    if amp != "auto":
        if amp == "fp16" and device.type == "cpu":
            raise TrainerError("fp16 does not train on a CPU", "use --amp bf16 or --amp off")
        return amp
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported() else "fp16"
    return "bf16" if device.type == "cpu" and _multiplies_bf16() else "off"


def _multiplies_bf16() -> bool:
    """Whether the processor has bf16 products of its own; emulated ones are slower than fp32."""
    asks = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return any(getattr(torch.cpu, ask, lambda: False)() for ask in asks)


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out, on whatever device."""
    if isinstance(error, torch.cuda.OutOfMemoryError | MemoryError):
        return True
    words = ("out of memory", "DefaultCPUAllocator", "not enough memory")
    return isinstance(error, RuntimeError) and any(word in str(error) for word in words)


def keep_freed_memory() -> None:
    """Let the process keep freed memory for the next step.

    glibc hands large blocks back to the system at once, and each step of a training on the CPU then waits for
    the same pages to be cleared again. Does nothing where the C library is another.
    """
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_MMAP_THRESHOLD, 1 << 30)
        libc.mallopt(_TRIM_THRESHOLD, (1 << 31) - 1)

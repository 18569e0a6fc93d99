"""Files of `torch.save` that hold whole objects, read without running any of their code.

A pickle names the classes it wants; `torch.load` would import and call them. Here every name is either one of
the few that rebuild tensors, for which our own functions stand in, or an empty shell that keeps what the file
says of the object, or refused. The zip layout (torch 1.6 and later) and the stream before it are read; sizes
are checked against the file before memory is taken.
"""

from __future__ import annotations

import io
import math
import pickle
import re
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from trainer.errors import TrainerError

LARGEST_PICKLE = 64 * 2**20  # bytes without tensors: a model of a thousand layers has under one of them
_MAGIC = 0x1950A86A20F9469CFC6C  # of the stream before the zip layout

_DTYPES = {
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "DoubleStorage": torch.float64,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}

# what may be named without being run: modules of networks, and what trainers note beside them
_SHELLS = re.compile(
    r"(models|utils|ultralytics|torch\.nn\.modules|torch\.optim)(\.\w+)+"
    r"|pathlib|pathlib\._local|argparse|datetime"
)
_SHELL_NAMES = {
    ("torch", "device"),
    ("torch", "dtype"),
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("_codecs", "encode"),
    ("torch.nn.parallel.distributed", "DistributedDataParallel"),
    *(("torch", str(kind).removeprefix("torch.")) for kind in _DTYPES.values()),
}
_HARMLESS: dict[tuple[str, str], Callable[..., Any]] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch", "Size"): tuple,
    ("builtins", "set"): set,
    ("builtins", "frozenset"): frozenset,
    ("builtins", "slice"): slice,
    ("builtins", "complex"): complex,
    ("__builtin__", "set"): set,
}


class Shell:
    """What a file says of an object: its class's name and its attributes, without any of its code."""

    origin = ""  # module.name of the class

    def __new__(cls, *_: Any, **__: Any) -> Shell:
        return object.__new__(cls)

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        if isinstance(state, Mapping):
            self.__dict__.update({str(key): value for key, value in state.items()})

    @property
    def kind(self) -> str:
        """The name of the class, without its module."""
        return type(self).origin.rpartition(".")[2]


@dataclass(frozen=True)
class _Storage:
    """The numbers that tensors are views of."""

    key: str
    dtype: torch.dtype
    count: int


class _Refused(pickle.UnpicklingError):
    """The file asks for what is not allowed."""


def read_objects(path: Path) -> Any:
    """What a file of `torch.save` holds: plain values, tensors on the CPU, `Shell`s.

    Raises TrainerError where there is no such file, it is damaged, or it asks for more than tensors.
    """
    if not path.is_file():
        raise TrainerError(f"no weights at {path}", "name a .pt file")
    try:
        if zipfile.is_zipfile(path):
            return _read_zip(path)
        return _read_stream(path)
    except _Refused as error:
        raise TrainerError(
            f"{path} is refused: {error}", "a file of weights needs no such thing; ask who gave it to you"
        ) from error
    except (
        pickle.UnpicklingError,
        zipfile.BadZipFile,
        struct.error,
        # whatever a damaged pickle makes of the interpreter's own checks, and of torch's
        EOFError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        ArithmeticError,
        RuntimeError,
        MemoryError,
    ) as error:
        reason = str(error).strip().splitlines()[0][:120] if str(error).strip() else type(error).__name__
        raise TrainerError(f"{path} cannot be read as weights ({reason})", "name a whole .pt file") from error


def _read_zip(path: Path) -> Any:
    with zipfile.ZipFile(path) as archive:
        entries = {info.filename: info for info in archive.infolist()}
        pickles = [name for name in entries if name.count("/") == 1 and name.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise pickle.UnpicklingError("it holds no data.pkl")
        root = pickles[0].removesuffix("data.pkl")
        for info in entries.values():
            if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
                raise _Refused(f"{info.filename} is compressed, which torch.save never does")
        if entries[pickles[0]].file_size > LARGEST_PICKLE:
            raise _Refused(f"its description alone has {entries[pickles[0]].file_size:,} bytes")
        order = root + "byteorder"
        if order in entries and archive.read(order).strip() != b"little":
            raise pickle.UnpicklingError("it was written on a big-endian machine")

        def numbers(storage: _Storage) -> bytes:
            name = f"{root}data/{storage.key}"
            if name not in entries:
                raise _Refused(f"it lacks the numbers {storage.key!r}")
            size = storage.count * _width(storage.dtype)
            if entries[name].file_size != size:
                raise _Refused(f"numbers {storage.key} have {entries[name].file_size} bytes, not {size}")
            return archive.read(name)

        return _Reader(io.BytesIO(archive.read(pickles[0])), numbers).load()


def _read_stream(path: Path) -> Any:
    """The layout before torch 1.6: pickles one after the other, then the numbers of each storage."""
    data = path.read_bytes()
    file = io.BytesIO(data)
    if _plain(file) != _MAGIC:
        raise pickle.UnpicklingError("it is no file of torch.save")
    _plain(file)  # protocol
    if not _plain(file).get("little_endian", True):
        raise pickle.UnpicklingError("it was written on a big-endian machine")
    begin = file.tell()
    # numbers come after the description: it is read twice, first to learn what storages there are
    seen: dict[str, _Storage] = {}

    def note(storage: _Storage) -> bytes:
        seen[storage.key] = storage
        if storage.count * _width(storage.dtype) > len(data):
            raise _Refused(f"numbers {storage.key} are said to be larger than the file")
        return bytes(storage.count * _width(storage.dtype))

    _Reader(file, note).load()
    keys = _plain(file)
    found: dict[str, bytes] = {}
    for key in keys:
        (count,) = struct.unpack("<q", file.read(8))
        storage = seen.get(key)
        if storage is None or count != storage.count:
            raise _Refused(f"numbers {key!r} are not those it describes")
        found[key] = file.read(count * _width(storage.dtype))
        if len(found[key]) != count * _width(storage.dtype):
            raise EOFError("it ends too early")

    def numbers(storage: _Storage) -> bytes:
        if storage.key not in found:
            raise _Refused(f"it lacks the numbers {storage.key!r}")
        return found[storage.key]

    file.seek(begin)
    return _Reader(file, numbers).load()


def _plain(file: io.BytesIO) -> Any:
    """A pickle of numbers, texts, lists and dicts."""
    return _Reader(file, _no_numbers).load()


def _no_numbers(storage: _Storage) -> bytes:
    raise _Refused(f"numbers {storage.key} where none belong")


class _Reader(pickle.Unpickler):
    """Rebuilds tensors with our own functions, everything else as shells."""

    def __init__(self, file: io.BytesIO, numbers: Callable[[_Storage], bytes]) -> None:
        super().__init__(file, encoding="utf-8")
        self._numbers = numbers
        self._kept: dict[str, Tensor] = {}
        self._shells: dict[str, type[Shell]] = {}

    def find_class(self, module: str, name: str) -> Any:
        if module == "torch._utils":
            ours = {
                "_rebuild_tensor": self._tensor,
                "_rebuild_tensor_v2": self._tensor,
                "_rebuild_parameter": self._parameter,
                "_rebuild_parameter_with_state": self._parameter,
            }
            if name in ours:
                return ours[name]
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        if (module, name) in _HARMLESS:
            return _HARMLESS[module, name]
        if (module, name) in _SHELL_NAMES or (_SHELLS.fullmatch(module) and name.isidentifier()):
            origin = f"{module}.{name}"
            if origin not in self._shells:
                self._shells[origin] = type(name, (Shell,), {"origin": origin})
            return self._shells[origin]
        raise _Refused(f"it wants to run {module}.{name}")

    def persistent_load(self, pid: Any) -> _Storage | type[Shell]:
        # the old stream keeps the source of a module's class beside it, which nobody reads
        if (
            isinstance(pid, tuple)
            and len(pid) == 4
            and pid[0] == "module"
            and pid[1] in self._shells.values()
        ):
            shell: type[Shell] = pid[1]
            return shell
        if not isinstance(pid, tuple) or len(pid) < 5 or pid[0] != "storage":
            raise _Refused(f"it names an unknown thing {str(pid)[:60]!r}")
        _, dtype, key, _, count = pid[:5]
        if len(pid) > 5 and pid[5] is not None:
            raise _Refused("a view of a storage, which torch gave up in 2018")
        if not isinstance(dtype, torch.dtype):
            raise _Refused("numbers of no known kind")
        if not isinstance(key, str) or not key.isdecimal():
            raise _Refused(f"numbers by the name of {str(key)[:60]!r}")
        if type(count) is not int or count < 0:
            raise _Refused(f"{count!r} numbers")
        return _Storage(key, dtype, count)

    def _tensor(self, storage: Any, offset: Any, size: Any, stride: Any, *_: Any) -> Tensor:
        """A view of a storage, copied, once it is sure that it lies inside."""
        if not isinstance(storage, _Storage):
            raise _Refused("a tensor of no storage")
        size, stride = tuple(size), tuple(stride)
        whole = (offset, *size, *stride)
        if len(size) != len(stride) or any(type(n) is not int or n < 0 for n in whole):
            raise _Refused("a tensor of no shape")
        count = math.prod(size)
        last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True)) if count else 0
        if count > storage.count or last >= max(storage.count, 1):
            raise _Refused(f"a tensor {size} reaches beyond its {storage.count} numbers")
        if storage.key not in self._kept:
            data = self._numbers(storage)
            flat = torch.frombuffer(bytearray(data), dtype=storage.dtype) if data else torch.empty(0)
            self._kept[storage.key] = flat.to(storage.dtype)
        flat = self._kept[storage.key]
        if flat.dtype != storage.dtype:
            raise _Refused(f"numbers {storage.key} are of two kinds")
        return flat.as_strided(size, stride, offset).clone()

    def _parameter(self, tensor: Any, *_: Any) -> Tensor:
        if not isinstance(tensor, Tensor):
            raise _Refused("a parameter that is no tensor")
        return tensor


def _width(dtype: torch.dtype) -> int:
    return torch.empty(0, dtype=dtype).element_size()

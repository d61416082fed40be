"""Read a state_dict file of PyTorch before 1.6, without PyTorch and without running its code.

The file is not a ZIP archive, but: pickle(magic) pickle(protocol) pickle(system)
pickle(state_dict) pickle(storage keys), then for each key the number of elements (int64) and the
raw elements. A pickle can call any function; a file that calls others than four is refused.

Source: https://github.com/pytorch/pytorch/blob/v1.5.0/torch/serialization.py (_legacy_save)
"""

import pickle
from collections import OrderedDict
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
DTYPES = {"FloatStorage": "<f4", "LongStorage": "<i8"}


class RefusedPickleError(Exception):
    """The file has more than a state_dict, or another layout."""


@dataclass(frozen=True, slots=True)
class _Tensor:
    storage: str
    offset: int  # in elements, as the strides
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_state_dict(file: BinaryIO) -> dict[str, NDArray[np.generic]]:
    """Return all tensors of the file by name, as float32 or int64.

    Raises:
        RefusedPickleError: the file calls other functions, or has another layout.
    """
    try:
        return _read(file)
    except (pickle.UnpicklingError, AttributeError, EOFError, LookupError, TypeError) as error:
        raise RefusedPickleError(str(error)) from error
    except (ValueError, OverflowError, MemoryError) as error:
        raise RefusedPickleError(f"sizes: {error}") from error


def _read(file: BinaryIO) -> dict[str, NDArray[np.generic]]:
    if (_Unpickler(file).load(), _Unpickler(file).load()) != (MAGIC, PROTOCOL):
        raise pickle.UnpicklingError("not a state_dict of PyTorch before 1.6")
    _Unpickler(file).load()  # byte order and integer sizes of the machine that wrote it
    unpickler = _Unpickler(file)
    tensors: OrderedDict[str, _Tensor] = unpickler.load()
    storages = {}
    for key in _Unpickler(file).load():
        count = int.from_bytes(file.read(8), "little")
        dtype = np.dtype(unpickler.dtypes[key])
        storages[key] = np.frombuffer(file.read(count * dtype.itemsize), dtype, count)
    return {name: _view(storages[tensor.storage], tensor) for name, tensor in tensors.items()}


def _view(storage: NDArray[np.generic], tensor: _Tensor) -> NDArray[np.generic]:
    size = storage.itemsize
    strides = [step * size for step in tensor.strides]
    # ndarray() refuses an offset, shape or stride outside of the storage.
    return np.ndarray(tensor.shape, storage.dtype, storage, tensor.offset * size, strides)


def _rebuild_tensor(
    storage: str, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object
) -> _Tensor:
    return _Tensor(storage, offset, shape, strides)


class _Unpickler(pickle.Unpickler):
    """Builds ordered dictionaries of tensors, and nothing else."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.dtypes: dict[str, str] = {}

    def find_class(self, module: str, name: str) -> object:
        """Return a replacement for one of the names that a state_dict needs."""
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild_tensor
        if module == "torch" and name in DTYPES:
            return name
        raise pickle.UnpicklingError(f"refused: {module}.{name}")

    def persistent_load(self, pid: tuple[str, str, str, str, int, object]) -> str:
        """Remember the type of a storage; its elements follow after the pickles."""
        _kind, storage_type, key, *_ = pid
        self.dtypes[key] = DTYPES[storage_type]
        return key

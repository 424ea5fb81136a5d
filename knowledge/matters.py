"""How much a question sounds like what founders ask of programs, whatever any document holds.

"Wo seid ihr?" is asked of every program and "Will it rain?" of none, though neither shares a word with the
documents. A kernel machine over some five thousand example questions tells them apart: it weighs the
examples by their nearness to the question, in the vectors of both encoders or of the reader alone. The
numbers are in matters.npz, fitted by `python -m benchmarks fit_matters`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from knowledge.blas import one_thread
from knowledge.embeddings import BUNDLED_WIDTH

Rows = NDArray[np.float32]
FITTED = ("zh", "en", "de")
# How fast an example's say fades with its distance.
NEARNESS = 1.6


def matter(
    reading: Rows, vector: Rows, language: str, numbers: Mapping[str, Rows] | None = None
) -> tuple[float, float]:
    """From about -1 (asked of any bot, or of somebody else) to 1 (asked of programs), twice.

    The first comes from both encoders, the second from the reader's vector (512,) alone; they are the same
    where `vector` cannot be the bundled embedder's. Pass other `numbers` than those of matters.npz to fit.
    """
    numbers = _numbers() if numbers is None else numbers
    with one_thread():
        read = numbers["examples_reader"] @ _along(numbers, "reader", reading, language)
        alone = float(nearness(read) @ numbers["says_alone"])
        if vector.shape != (BUNDLED_WIDTH,):
            return alone, alone
        embedded = numbers["examples_embedder"] @ _along(numbers, "embedder", vector, language)
        return float(nearness((read + embedded) / 2) @ numbers["says"]), alone


def ready(stored: Mapping[str, NDArray[np.generic]]) -> dict[str, Rows]:
    """Numbers as they are stored, made ready to be used."""
    numbers = {name: np.asarray(rows, dtype=np.float32) for name, rows in stored.items()}
    for name in ("examples_reader", "examples_embedder"):
        numbers[name] /= np.linalg.norm(numbers[name], axis=1, keepdims=True)
    return numbers


def nearness(cosines: NDArray[np.floating]) -> NDArray[np.floating]:
    """How much an example at that cosine says, from 0 to 1."""
    return np.asarray(np.exp(NEARNESS * (cosines - 1)))


def fitted(language: str) -> str:
    """The language whose mean is taken off: its own, or that of all examples."""
    code = language.split("-")[0].casefold()
    return code if code in FITTED else "any"


def _along(numbers: Mapping[str, Rows], encoder: str, vector: Rows, language: str) -> Rows:
    """A vector without what its language adds, along the directions in which questions differ most."""
    along = (vector - numbers[f"{encoder}_{fitted(language)}"]) @ numbers[f"{encoder}_directions"]
    return np.asarray(along / (np.linalg.norm(along) or 1), dtype=np.float32)


@lru_cache(maxsize=1)
def _numbers() -> dict[str, Rows]:
    with files("knowledge").joinpath("matters.npz").open("rb") as stream, np.load(stream) as stored:
        return ready({name: stored[name] for name in stored.files})

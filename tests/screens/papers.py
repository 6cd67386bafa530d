"""What reps photograph besides chats: quotations, cards, documents, sites; and how a photo spoils a picture."""

import html
import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from tests.screens import drawings
from tests.screens.script import Paper


@dataclass(frozen=True)
class Drawn:
    html: str
    truth: dict[str, Any]
    finish: Callable[[Image.Image], Image.Image] | None = None
    """What the camera does to the picture."""


def draw(paper: Paper) -> Drawn:
    seed = sum(map(ord, paper.name))
    match paper.kind:
        case "table":
            body, truth = _table(paper)
        case "card":
            body, truth = _card(paper)
        case "document":
            body, truth = _document(paper)
        case "photo":
            wide, high = round(paper.width / paper.scale), round(paper.height / paper.scale)
            body = f"<div>{drawings.photo(paper.name, wide, high)}</div>"
            truth = {"kind": "photo", "lines": []}
    finish: Callable[[Image.Image], Image.Image] | None = None
    if paper.kind == "photo":
        finish = lambda picture: spoil(weather(picture, seed), seed, noise=9)  # noqa: E731
    elif paper.kind == "document" or paper.tilt:
        finish = lambda picture: spoil(lay_on_desk(picture, paper.tilt, seed), seed, noise=3)  # noqa: E731
    page = (
        f'<!doctype html><meta charset="utf-8"><style>{_CSS}</style>'
        f"<body style=\"font-family:'{paper.font}','Noto Sans CJK SC'\">"
        f'<div class="paper {paper.kind} {paper.design}">{body}</div>'
    )
    return Drawn(page, {"image": "", **truth, "sent_at": paper.sent_at.isoformat()}, finish)


_CSS = (Path(__file__).parent / "papers.css").read_text("utf-8")


def _esc(words: str) -> str:
    return html.escape(words, quote=False)


def _rows(rows: list[list[str]]) -> str:
    """Sums stand at the right edge of their cells, all else where the design puts it."""
    head = "".join(f"<th>{_esc(cell)}</th>" for cell in rows[0])
    sums = [any(word in cell for word in ("价", "额", "小计")) for cell in rows[0]]
    body = "".join(
        "<tr>"
        + "".join(
            f'<td class="{"number" if is_sum else ""}">{_esc(cell)}</td>'
            for cell, is_sum in zip(row, sums, strict=True)
        )
        + "</tr>"
        for row in rows[1:]
    )
    return f"<tr>{head}</tr>{body}"


def _table(paper: Paper) -> tuple[str, dict[str, Any]]:
    given = paper.content
    rows: list[list[str]] = given["rows"]
    columns = len(rows[0])
    before, after = given.get("before", []), given.get("after", [])
    chrome: list[str] = []
    if paper.design == "sheet":
        letters = "".join(f'<th class="edge">{chr(65 + place)}</th>' for place in range(columns))
        lines = [f'<td class="title" colspan="{columns}">{_esc(given["title"])}</td>']
        lines += [f'<td class="wide" colspan="{columns}">{_esc(line)}</td>' for line in before]
        lines += [
            "".join(f'<td class="{"head" if row is rows[0] else ""}">{_esc(cell)}</td>' for cell in row) for row in rows
        ]
        lines += [f'<td class="wide" colspan="{columns}">{_esc(line)}</td>' for line in (given["total_words"], *after)]
        numbered = "".join(f'<tr><td class="edge">{place}</td>{line}</tr>' for place, line in enumerate(lines, 1))
        name = f"{given['title']}.xlsx"
        body = (
            f'<div class="app">{_esc(name)}</div><div class="cellbar">A1　fx　{_esc(given["title"])}</div>'
            f'<table><tr><th class="edge"></th>{letters}</tr>{numbered}</table>'
        )
        chrome = [
            name,
            f"A1　fx　{given['title']}",
            *(chr(65 + place) for place in range(columns)),
            *(str(place + 1) for place in range(len(lines))),
        ]
    else:
        info = "".join(f"<div>{_esc(line)}</div>" for line in before)
        ends = "".join(f"<p>{_esc(line)}</p>" for line in after)
        total = f'<tr class="sum"><td colspan="{columns}">{_esc(given["total_words"])}</td></tr>'
        body = (
            f'<h1>{_esc(given["title"])}</h1><div class="info">{info}</div><table>{_rows(rows)}{total}</table>'
            f'<div class="after">{ends}</div>'
        )
    other = [*before, given["total_words"], *after]
    truth = {
        "kind": "table",
        "title": given["title"],
        "rows": rows,
        "other": other,
        "total": given["total"],
        "chrome": chrome,
    }
    return body, truth


def _card(paper: Paper) -> tuple[str, dict[str, Any]]:
    fields: Mapping[str, str] = paper.content["fields"]
    labels: Mapping[str, str] = paper.content.get("labels", {})
    mark = drawings.svg(
        "0 0 40 40",
        '<path d="M4 34 20 4l16 30H26l-6-12-6 12z" fill="#d8a544"/><circle cx="20" cy="30" r="4" fill="#d8a544"/>',
        'class="mark"',
    )
    name = f'<div class="name">{_esc(fields["name"])}<span class="title">{_esc(fields["title"])}</span></div>'
    dept = f'<div class="dept">{_esc(fields["dept"])}</div>' if "dept" in fields else ""
    company = f'<div class="company">{_esc(fields["company"])}</div>'
    low = "".join(
        f"<div>{_esc(labels.get(key, ''))}{_esc(fields[key])}</div>"
        for key in ("mobile", "tel", "email", "web", "address")
        if key in fields
    )
    order = f"{mark}{name}{dept}{company}" if paper.design in {"band", "tall"} else f"{mark}{company}{name}{dept}"
    return f'{order}<div class="lines">{low}</div>', {"kind": "business_card", "fields": dict(fields)}


def _star(wide: float, narrow: float) -> str:
    """The corners of a star of five points around 64, 64."""
    reach = (wide, narrow) * 5
    turns = [turn * math.pi / 5 for turn in range(10)]
    return " ".join(f"{64 + r * math.sin(t):.1f},{64 - r * math.cos(t):.1f}" for r, t in zip(reach, turns, strict=True))


_SEAL = (
    '<circle cx="64" cy="64" r="58" fill="none" stroke="#cf2b2b" stroke-width="4"/>'
    f'<polygon points="{_star(22, 9)}" fill="#cf2b2b"/>'
)


def _document(paper: Paper) -> tuple[str, dict[str, Any]]:
    given = paper.content
    pairs: list[list[str]] = given["pairs"]
    ends: list[str] = given.get("end", [])
    lines = "".join(f'<div class="pair"><b>{_esc(key)}</b><span>{_esc(words)}</span></div>' for key, words in pairs)
    seal = drawings.svg("0 0 128 128", _SEAL, 'class="seal"')
    body = (
        f'<div class="frame"><h1>{_esc(given["title"])}</h1><div class="code">{_esc(given["code"])}</div>{lines}'
        f'<div class="end">{"".join(f"<div>{_esc(line)}</div>" for line in ends)}</div>{seal}</div>'
    )
    told = [given["title"], given["code"], *(f"{key}{words}" for key, words in pairs), *ends]
    return body, {"kind": "text", "title": given["title"], "lines": told}


# what a camera does


def spoil(picture: Image.Image, seed: int, noise: float = 6, dim: float = 0.28) -> Image.Image:
    """Light that falls off towards a corner, and grain. `dim`: share of light lost there; `noise` in grey levels."""
    rng = np.random.default_rng(seed)
    pixels = np.asarray(picture.convert("RGB"), dtype=np.float32)
    high, wide, _ = pixels.shape
    rows, columns = np.mgrid[0:high, 0:wide].astype(np.float32)
    light = 1.04 - dim * (0.6 * columns / wide + 0.4 * rows / high) ** 1.4
    pixels = pixels * light[..., None] * np.array([1.0, 0.985, 0.95], dtype=np.float32)
    pixels += rng.normal(0, noise, (high, wide, 1)).astype(np.float32)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.6))


def weather(picture: Image.Image, seed: int) -> Image.Image:
    """Stains, folds and uneven surfaces, which a drawing lacks."""
    rng = np.random.default_rng(seed)
    pixels = np.asarray(picture.convert("RGB"), dtype=np.float32)
    for cells, strength in ((6, 0.16), (24, 0.12), (90, 0.1), (260, 0.07)):
        rough = rng.normal(0, 1, (cells, cells)).astype(np.float32)
        pixels *= (
            1 + strength * np.asarray(Image.fromarray(rough).resize(picture.size, Image.Resampling.BICUBIC))[..., None]
        )
    seen = Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).rotate(2.2, Image.Resampling.BICUBIC)
    edge = int(min(picture.size) * 0.05)
    return seen.crop((edge, edge, picture.width - edge, picture.height - edge))


def lay_on_desk(picture: Image.Image, tilt: float, seed: int) -> Image.Image:
    """The paper on a wooden desk, turned by `tilt` degrees, with its shadow."""
    rng = random.Random(seed)
    margin = int(min(picture.size) * 0.12) + 20
    paper = picture.convert("RGBA").rotate(tilt, resample=Image.Resampling.BICUBIC, expand=True)
    wide, high = paper.width + 2 * margin, paper.height + 2 * margin
    grain = np.random.default_rng(seed).normal(0, 1, (high, 8))
    grain = np.asarray(Image.fromarray(grain.astype(np.float32)).resize((wide, high), Image.Resampling.BICUBIC))
    wood = np.array(rng.choice(((150, 112, 78), (96, 84, 76), (178, 150, 116))), dtype=np.float32)
    desk = (
        Image.fromarray((wood + 7 * grain[..., None]).clip(0, 255).astype(np.uint8))
        .filter(ImageFilter.GaussianBlur(1.4))
        .convert("RGBA")
    )
    shadow = Image.new("RGBA", desk.size)
    shadow.paste((0, 0, 0, 120), (margin + 8, margin + 12), paper.getchannel("A"))
    desk.alpha_composite(shadow.filter(ImageFilter.GaussianBlur(12)))
    desk.alpha_composite(paper, (margin, margin))
    return desk.convert("RGB")


def photograph_screen(picture: Image.Image) -> Image.Image:
    """A phone's photo of a screen: askew, seen from the side, stripes of the screen, a reflection, grain."""
    wide, high = picture.size
    margin = int(wide * 0.09)
    corners = ((0.02, 0.035), (0.97, 0.0), (1.0, 0.965), (0.055, 1.0))
    target = [(margin + x * wide, margin + y * high) for x, y in corners]
    size = (wide + 2 * margin, high + 2 * margin)
    source = [(0, 0), (wide, 0), (wide, high), (0, high)]
    seen = picture.convert("RGBA").transform(
        size, Image.Transform.PERSPECTIVE, _perspective(target, source), Image.Resampling.BICUBIC
    )
    room = Image.new("RGBA", size, (38, 36, 35, 255))
    room.alpha_composite(seen)
    pixels = np.asarray(room.convert("RGB"), dtype=np.float32)
    rows, columns = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float32)
    stripes = 1 + 0.035 * np.sin(rows * 0.9 + 0.11 * columns) * np.sin(columns * 0.021)
    glare = 62 * np.exp(
        -(((columns - size[0] * 0.78) / (size[0] * 0.2)) ** 2) - ((rows - size[1] * 0.3) / (size[1] * 0.16)) ** 2
    )
    lit = Image.fromarray((pixels * stripes[..., None] + glare[..., None]).clip(0, 255).astype(np.uint8))
    return spoil(lit.filter(ImageFilter.GaussianBlur(0.9)), seed=7, noise=8, dim=0.42)


def _perspective(target: list[tuple[float, float]], source: list[tuple[int, int]]) -> list[float]:
    """The eight numbers by which Pillow finds, for a pixel of the target, that of the source."""
    rows, wanted = [], []
    for (x, y), (u, v) in zip(target, source, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        wanted += [u, v]
    return list(np.linalg.solve(np.array(rows), np.array(wanted)))

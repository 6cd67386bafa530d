"""Headless Chromium takes the pictures, and tells what can be seen in them."""

import io
import json
import math
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from tests.screens import papers
from tests.screens.page import draw_chat
from tests.screens.script import Chat, Paper

_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    "--font-render-hinting=none",
]
_LOOK = r"""
() => {
  const flow = document.querySelector('.flow').getBoundingClientRect();
  const inside = (box) => Math.min(box.bottom, flow.bottom) - Math.max(box.top, flow.top);
  const seen = (node) => {
    let words = '';
    const range = document.createRange();
    for (let place = 0; place < node.data.length; place++) {
      const pair = node.data.codePointAt(place) > 0xffff ? 2 : 1;
      range.setStart(node, place); range.setEnd(node, place + pair);
      const box = range.getBoundingClientRect();
      if (!box.height || inside(box) > 0.85 * box.height) words += node.data.substr(place, pair);
      place += pair - 1;
    }
    return words;
  };
  const texts = (element, wanted) => {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    let words = '';
    for (let node = walker.nextNode(); node; node = walker.nextNode())
      if (!node.parentElement.closest('[data-chrome]')) words += wanted(node);
    return words;
  };
  const messages = [...document.querySelectorAll('[data-m]')].map((element) => {
    const box = (element.closest('.bubble') || element).getBoundingClientRect();
    const nick = element.closest('.row')?.querySelector('.nick')?.getBoundingClientRect();
    return { number: +element.dataset.m, text: texts(element, seen).trim(), seen: inside(box), high: box.height,
             nicked: !!nick && inside(nick) > 0.6 * nick.height };
  });
  const chrome = [...document.querySelectorAll('[data-chrome]')].filter((element) => {
    const box = element.getBoundingClientRect();
    return !element.closest('.flow') ? box.height : inside(box) > 0.5 * box.height;
  }).map((element) => element.textContent.trim()).filter(Boolean);
  return { messages, chrome };
}
"""


class FontMissingError(Exception):
    """No such font family is installed; the message says which and how to get it."""


def installed_fonts() -> frozenset[str]:
    """Families that fontconfig knows; none where it is not installed."""
    if shutil.which("fc-list") is None:
        return frozenset()
    listing = subprocess.run(["fc-list", "--format=%{family}\n"], capture_output=True, text=True, check=True).stdout
    return frozenset(name.strip() for line in listing.splitlines() for name in line.split(","))


def require_font(family: str) -> None:
    if family not in installed_fonts():
        raise FontMissingError(
            f"font family {family!r} is not installed; Debian has Chinese ones in fonts-noto-cjk, fonts-wqy-microhei, "
            "fonts-wqy-zenhei, fonts-lxgw-wenkai, fonts-smiley-sans and fonts-arphic-uming"
        )


class Camera:
    """Takes pictures one after another with one browser."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    def take(self, script: Chat | Paper) -> tuple[Image.Image, dict[str, Any]]:
        """The picture (RGB) and its ground truth. Raises FontMissingError."""
        if isinstance(script, Chat):
            return self._take_chat(script)
        require_font(script.font)
        drawn = papers.draw(script)
        picture, _ = self._shoot(drawn.html, script.width, script.height, script.scale)
        if drawn.finish is not None:
            picture = drawn.finish(picture)
        return picture, drawn.truth

    def _take_chat(self, chat: Chat) -> tuple[Image.Image, dict[str, Any]]:
        style = chat.style
        require_font(style.font)
        page = draw_chat(chat)
        picture, found = self._shoot(page.html, style.width, style.height, style.scale, style.scrolled)
        messages = []
        for one in found["messages"]:
            said, kind = page.spoken[one["number"]]
            if one["seen"] < 6 or (kind != "image" and not one["text"]):
                continue
            message: dict[str, Any] = {"speaker": said.side, "kind": kind, "text": one["text"]}
            if said.nick and one["nicked"]:
                message["nick"] = said.nick
            if one["seen"] < one["high"] - 1:
                message["partial"] = True
            if said.at and self._time_is_shown(page.spoken, found["messages"], one["number"]):
                message["sent_at"] = said.at.isoformat()
            messages.append(message)
        truth: dict[str, Any] = {
            "image": "",
            "app": style.app,
            "platform": style.device,
            "theme": style.scheme,
            "chat": "group" if any(said.nick for said in chat.said) else "single",
            "title": chat.title,
            "sent_at": chat.sent_at.isoformat(),
            "chrome": found["chrome"],
            "messages": messages,
        }
        if style.photographed:
            picture = papers.photograph_screen(picture)
            truth["needs_review"] = True
        return picture, truth

    @staticmethod
    def _time_is_shown(spoken: Any, found: list[dict[str, Any]], number: int) -> bool:
        """Whether the time that counts for a message can still be seen above it."""
        for one in reversed(found[: number + 1]):
            if spoken[one["number"]][1] == "time":
                return bool(one["seen"] > 0.6 * one["high"])
        return False

    def _shoot(
        self, page_html: str, width: int, height: int, scale: float, scrolled: float = 0
    ) -> tuple[Image.Image, Any]:
        css_wide, css_high = math.ceil(width / scale), math.ceil((height or 1200) / scale)
        context = self._browser.new_context(
            viewport={"width": css_wide, "height": css_high},
            device_scale_factor=scale,
            java_script_enabled=True,
            offline=True,
        )
        page = context.new_page()
        try:
            page.set_content(page_html, wait_until="load")
            page.evaluate("document.fonts.ready.then(() => true)")
            if not height:
                css_high = page.evaluate(
                    "Math.ceil(Math.max(...[...document.body.children].map(e => e.getBoundingClientRect().bottom)))"
                )
                page.set_viewport_size({"width": css_wide, "height": css_high})
            page.evaluate(
                "(up) => document.querySelectorAll('.flow').forEach("
                "(flow) => { flow.scrollTop = flow.scrollHeight - flow.clientHeight - up })",
                scrolled,
            )
            found = page.evaluate(_LOOK) if page.query_selector(".flow") else None
            picture = self._pixels(page, css_wide, css_high, scale)
            return picture.crop((0, 0, width, height or picture.height)), found
        finally:
            context.close()

    @staticmethod
    def _pixels(page: Any, css_wide: int, css_high: int, scale: float) -> Image.Image:
        """In strips: Chromium cannot paint more than 16384 pixels at a time."""
        step = int(3000 // scale)
        strips = []
        for top in range(0, css_high, step):
            clip = {"x": 0, "y": top, "width": css_wide, "height": min(step, css_high - top)}
            strips.append(np.asarray(Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB")))
        return Image.fromarray(np.concatenate(strips))


def chromium() -> str | None:
    """Where the system's Chromium is; None where there is none."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextmanager
def camera() -> Iterator[Camera]:
    """With the Chromium on the path, else with the one that playwright brought."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), args=_ARGUMENTS)
        try:
            yield Camera(browser)
        finally:
            browser.close()


def in_256_colours(picture: Image.Image) -> Image.Image:
    """The flat colours stay exactly as they are (a quote is hardly darker than the ground), the rest comes near."""
    pixels = np.asarray(picture.convert("RGB"), dtype=np.uint32)
    packed = (pixels[..., 0] << 16) | (pixels[..., 1] << 8) | pixels[..., 2]
    colours, places, counts = np.unique(packed, return_inverse=True, return_counts=True)
    common = colours[np.argsort(counts)[::-1][:128]]
    triples = np.stack([common >> 16 & 255, common >> 8 & 255, common & 255], axis=1)
    rest = picture.quantize(256 - len(triples), method=Image.Quantize.MEDIANCUT).getpalette() or []
    palette = np.array([*triples.ravel().tolist(), *rest][:768], dtype=np.int32).reshape(-1, 3)
    wanted = np.stack([colours >> 16 & 255, colours >> 8 & 255, colours & 255], axis=1).astype(np.int32)
    nearest = np.empty(len(wanted), dtype=np.uint8)
    for start in range(0, len(wanted), 4096):
        apart = ((wanted[start : start + 4096, None] - palette[None]) ** 2).sum(axis=2)
        nearest[start : start + 4096] = apart.argmin(axis=1)
    result = Image.fromarray(nearest[places].reshape(packed.shape), "P")
    result.putpalette(palette.astype(np.uint8).ravel().tolist())
    return result


def save(
    picture: Image.Image, truth: dict[str, Any], folder: Path, name: str, quality: int = 0, pictures: Path | None = None
) -> Path:
    """As JPEG of that quality, as a PNG of 256 colours where it is 0. Returns the picture's path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = (pictures or folder) / f"{name}.{'jpg' if quality else 'png'}"
    if quality:
        picture.save(path, quality=quality, optimize=True)
    else:
        in_256_colours(picture).save(path, optimize=True)
    written = json.dumps(truth | {"image": path.name}, ensure_ascii=False, indent=1)
    (folder / f"{name}.json").write_text(written + "\n", "utf-8")
    return path

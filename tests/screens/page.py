"""A chat as a page of HTML: every message carries its number, everything else that can be read is marked as chrome."""

import html
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tests.screens import drawings
from tests.screens.script import Chat, Said, Style, words_for_time

_CSS = (Path(__file__).parent / "chat.css").read_text("utf-8")
_LINKED = re.compile(r"https?://[\w./?=&%#-]+|[\w.-]+@[\w-]+(?:\.[\w-]+)+|\b1[3-9]\d{9}\b|\b0\d{2,3}-\d{7,8}\b")
_MENTION = re.compile(r"@[^\s@,，。:：]+")
_DOC_TINTS = {
    "pdf": "#e5544b",
    "doc": "#3d7eff",
    "docx": "#3d7eff",
    "xls": "#2fa866",
    "xlsx": "#2fa866",
    "zip": "#f0a63a",
}
_PLACEHOLDERS = {"wechat": "", "wecom": "发消息…", "dingtalk": "请输入消息"}

_THEMES = tomllib.loads((Path(__file__).parent / "themes.toml").read_text("utf-8"))


@dataclass(frozen=True)
class Page:
    html: str
    spoken: tuple[tuple[Said, str], ...]
    """Every message by its number, with the kind that the ground truth gives it."""


def draw_chat(chat: Chat) -> Page:
    return _Drawing(chat).page()


def fonts(style: Style) -> str:
    return f'"{style.latin}", "{style.font}", "Noto Color Emoji", "Noto Sans CJK SC"'


def _esc(words: str) -> str:
    return html.escape(words, quote=False)


def _chrome(words: str, name: str = "", tag: str = "span") -> str:
    return f'<{tag} class="{name}" data-chrome>{_esc(words)}</{tag}>'


class _Drawing:
    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self.style = chat.style
        self.spoken: list[tuple[Said, str]] = []
        self.css_wide = self.style.width / self.style.scale
        self.css_high = self.style.height / self.style.scale

    def page(self) -> Page:
        style = self.style
        desk = style.device == "desktop"
        rows = "".join(self.row(said) for said in self.chat.said)
        banner = f'<div class="banner">{_chrome(style.banner)}</div>' if style.banner else ""
        floating = _chrome(style.floating, "floating") if style.floating else ""
        flow = f'{banner}<div class="flow"><div class="inner">{rows}</div></div>{floating}'
        body = self.desktop(flow) if desk else self.phone(flow)
        names = [
            style.app,
            style.device,
            style.scheme,
            style.system,
            "desk" if desk else "",
            "walled" if style.wallpaper else "",
        ]
        names += ["tailed" if style.app == "wechat" and style.tail else "", "pills" if style.time_pill else ""]
        names += ["break-all" if style.break_all else ""]
        wall = drawings.wallpaper(style.wallpaper, int(self.css_wide), int(self.css_high or 4000))
        high = f"height:{self.css_high}px" if style.height else ""
        text = (
            f'<!doctype html><meta charset="utf-8"><style>{_CSS}</style><body style="{html.escape(self.variables())}">'
            f'<div class="screen {" ".join(filter(None, names))}" style="width:{self.css_wide}px;{high}">'
            f"{wall}{body}</div>"
        )
        return Page(text, tuple(self.spoken))

    def variables(self) -> str:
        style = self.style
        tints = dict(_THEMES[style.app][style.scheme])
        own = {"ground": style.ground, "bar": style.bar, "left": style.left, "right": style.right}
        own |= {"left-ink": style.left_ink, "right-ink": style.right_ink, "card": style.left if style.border else ""}
        tints |= {name: tint for name, tint in own.items() if tint}
        dark = style.scheme == "dark"
        tailed = style.app == "wechat"
        desk = style.device == "desktop"
        wide = self.css_wide - 2 * (style.face_size + 22) - (0 if tailed else -20)
        values = {
            "fonts": fonts(style),
            "size": f"{style.size}px",
            "line": style.line,
            "gap": f"{style.gap}px",
            "face": f"{style.face_size}px",
            "face-radius": style.face_radius,
            "bubble-radius": style.bubble_radius or ("5px" if tailed else "8px"),
            "near": "2px",
            "pad": "9px 12px" if tailed else "9px 12px 10px",
            "low": f"{style.face_size if tailed else 0}px",
            "wide": "62%" if desk else f"{wide:.0f}px",
            "card-wide": f"{min(250, wide):.0f}px",
            "border": f"1px solid {style.border}" if style.border else "0",
            "quote": "#1e1e1e" if dark else "#e1e1e1",
            "badge": "#2a2a2a" if dark else "#dadada",
            "pill": "#ffffff14" if dark else "#00000014",
            "pill-ink": "#9a9a9a" if dark else "#fff" if style.wallpaper else "#8c8c8c",
            "bar-ink": style.bar_ink or tints["ink"],
            "input-ink": tints["ink"],
            "card-ink": tints["ink"],
            "tag": "#e98b2a" if style.app == "wecom" else tints["accent"],
            "rail": "#1b1b1b" if dark else "#2e2f31" if tailed else "#e4eaf3",
            "list": "#191919" if dark else "#f1f0ef" if tailed else "#fafbfc",
            "find": "#2a2a2a" if dark else "#e3e2e1",
            "chosen": "#2f2f2f" if dark else "#d4d3d2" if tailed else "#e2edfb",
        } | tints
        return ";".join(f"--{name}:{value}" for name, value in values.items())

    # around the chat

    def phone(self, flow: str) -> str:
        style = self.style
        icons = drawings.status_icons(style.system, style.battery)
        status = f'<div class="status">{_chrome(style.clock)}<span class="right" data-chrome>{icons}</span></div>'
        unread = _chrome(style.unread, "unread") if style.unread else ""
        end = drawings.icon("phone") if style.app != "wechat" else ""
        bar = (
            f'<div class="bar">{drawings.icon("back")}{unread}<div class="names">{self.names()}</div>'
            f'<div class="end">{end}{drawings.icon("more")}</div></div>'
        )
        return f"{status}{bar}{flow}{self.input()}"

    def names(self) -> str:
        style = self.style
        tag = _chrome(style.tag, "tag") if style.tag else ""
        low = f'<div class="subtitle" data-chrome>{_esc(style.subtitle)}</div>' if style.subtitle else ""
        return f'<div class="name">{_chrome(self.chat.title)}{tag}</div>{low}'

    def input(self) -> str:
        style = self.style
        tools = ""
        if style.app == "dingtalk":
            tools = "".join(_chrome(word) for word in ("语音通话", "待办", "日程", "文件", "日志"))
        elif style.app == "wecom" and style.tag:
            tools = "".join(_chrome(word) for word in ("快捷回复", "商品图册", "收款", "日程"))
        row = f'<div class="tools">{tools}</div>' if tools else ""
        hint = _chrome(_PLACEHOLDERS[style.app]) if _PLACEHOLDERS[style.app] else ""
        fields = (
            f'{drawings.icon("voice", 28)}<div class="field">{hint}</div>'
            f"{drawings.icon('smile', 28)}{drawings.icon('plus', 28)}"
        )
        return f'<div class="input">{row}<div class="fields">{fields}</div><div class="home"></div></div>'

    def desktop(self, flow: str) -> str:
        style = self.style
        wechat = style.app == "wechat"
        rail = "".join(drawings.icon(name, 22) for name in ("chat", "people", "star", "folder", "picture"))
        ones = "".join(self.session(one, place == 0) for place, one in enumerate(style.sessions))
        find = f'<div class="find">{drawings.icon("search", 13)}{_chrome("搜索")}</div>'
        side = (
            f'<div class="rail">{self.face("me", style.me)}{rail}</div><div class="list">{find}{ones}</div>'
            if ones
            else ""
        )
        end = (
            drawings.icon("more", 22)
            if wechat
            else drawings.icon("phone", 20) + drawings.icon("search", 20) + drawings.icon("more", 20)
        )
        tray = "".join(drawings.icon(name, 20) for name in ("smile", "folder", "cut", "picture", "chat"))
        send = _chrome("发送(S)" if wechat else "发送", "send")
        bar = f'<div class="bar"><div class="names">{self.names()}</div><div class="end">{end}</div></div>'
        return f'{side}<div class="pane">{bar}{flow}<div class="input"><div class="tray">{tray}</div>{send}</div></div>'

    def session(self, one: str, chosen: bool) -> str:
        name, words, when = one.split(" | ")
        return (
            f'<div class="one{" on" if chosen else ""}">{self.face(name, name)}<div><p>{_chrome(name)}'
            f"{_chrome(when, tag='em')}</p><p>{_chrome(words)}</p></div></div>"
        )

    def face(self, seed: str, name: str) -> str:
        if self.style.faces == "pictures":
            return f'<div class="face">{drawings.face(f"{self.chat.name} {seed}")}</div>'
        tint = drawings.LETTER_TINTS[sum(map(ord, name)) % len(drawings.LETTER_TINTS)]
        short = re.sub(r"\W", "", name.partition("（")[0])[-2:]
        return f'<div class="face" style="background:{tint}" data-chrome>{_esc(short)}</div>'

    # what is said

    def mark(self, said: Said, kind: str) -> str:
        """The attribute by which the camera finds the message again."""
        self.spoken.append((said, kind))
        return f'data-m="{len(self.spoken) - 1}"'

    def row(self, said: Said) -> str:
        if said.piece == "time":
            assert said.at is not None
            words = said.parts[0] or words_for_time(said.at, self.chat.sent_at, self.style.times)
            return f'<div class="between time"><span {self.mark(said, "time")}>{_esc(words)}</span></div>'
        if said.piece == "system":
            words = _esc(said.parts[0]).replace("重新编辑", "<b>重新编辑</b>")
            return f'<div class="between notice"><span {self.mark(said, "system")}>{words}</span></div>'
        nick = f'<div class="nick">{_esc(said.nick)}</div>' if said.nick else ""
        name = self.style.me if said.side == "right" else said.nick or self.chat.title
        receipt = self.receipt(said)
        beside, below = (receipt, "") if self.style.receipt_place == "beside" else ("", receipt)
        dot = '<span class="dot"></span>' if said.piece == "voice" and said.side == "left" else ""
        bubble, after = self.bubble(said)
        return (
            f'<div class="row {said.side}{" nicked" if nick else ""}">{self.face(name, name)}<div class="stack">{nick}'
            f'<div class="level-line">{bubble}{beside}{dot}</div>{after}{below}</div></div>'
        )

    def receipt(self, said: Said) -> str:
        words = self.style.receipts
        if not words or said.side != "right":
            return ""
        last = [one for one in self.chat.said if one.side == "right"][-1]
        if said is last and words == "已读":
            words = "未读"
        new = " new" if "未读" in words else ""
        return _chrome(words, f"receipt {self.style.receipt_place}{new}")

    def bubble(self, said: Said) -> tuple[str, str]:
        """The bubble, and what hangs below it."""
        match said.piece:
            case "text":
                return f'<div class="bubble" {self.mark(said, "text")}>{self.words(said.parts[0])}</div>', ""
            case "quote":
                return self.quote(said)
            case "voice":
                seconds = int(said.parts[0])
                wide = min(70 + 3 * seconds, 210)
                sign = drawings.icon("wave", 20)
                inside = f'<div class="voice" style="width:{wide}px"><span>{seconds}"</span>{sign}</div>'
                return f'<div class="bubble" {self.mark(said, "voice")}>{inside}</div>', ""
            case "image":
                wide, high = (150, 200) if int(re.sub(r"\D", "", said.parts[0]) or 0) % 2 else (190, 140)
                taken = drawings.photo(said.parts[0], wide, high)
                return f'<div class="bubble bare" {self.mark(said, "image")}>{taken}</div>', ""
            case "transfer":
                return self.transfer(said), ""
            case "file":
                return self.file(said), ""
            case "link":
                return self.link(said), ""
            case _:
                return self.place(said), ""

    def words(self, words: str) -> str:
        written = _LINKED.sub(lambda found: f"<a>{found[0]}</a>", _esc(words))
        return _MENTION.sub(lambda found: f"<i>{found[0]}</i>", written) if self.style.app == "dingtalk" else written

    def quote(self, said: Said) -> tuple[str, str]:
        """WeChat hangs what is quoted below the bubble, the others put it inside, above the words."""
        words, quoted = said.parts
        if self.style.app == "wechat":
            bubble = f'<div class="bubble" {self.mark(said, "text")}>{self.words(words)}</div>'
            return bubble, f'<div class="quote" {self.mark(said, "quote")}>{_esc(quoted)}</div>'
        inset = f'<span class="inset" {self.mark(said, "quote")}>{_esc(quoted)}</span>'
        return f'<div class="bubble">{inset}<span {self.mark(said, "text")}>{self.words(words)}</span></div>', ""

    def transfer(self, said: Said) -> str:
        amount, note = said.parts
        ring = '<circle cx="18" cy="18" r="16.5" fill="none" stroke="#fff" stroke-width="2"/>'
        arrows = '<path d="M10 14h15l-4-4M26 22H11l4 4" fill="none" stroke="#fff" stroke-width="2.2"/>'
        foot = {"wechat": "微信转账", "wecom": "对外收款", "dingtalk": "转账"}[self.style.app]
        return (
            f'<div class="bubble pay" {self.mark(said, "transfer")}><div class="sum">'
            f"{drawings.svg('0 0 36 36', ring + arrows)}<div><div>¥{float(amount):,.2f}</div>"
            f'<div>{_esc(note)}</div></div></div><div class="foot">{foot}</div></div>'
        )

    def file(self, said: Said) -> str:
        name, size, *foot = said.parts
        ending = name.rpartition(".")[2].lower()
        letter = {"xls": "X", "xlsx": "X", "doc": "W", "docx": "W", "pdf": "P"}.get(ending, "Z")
        icon = f'<div class="doc" style="background:{_DOC_TINTS.get(ending, "#8a96a3")}" data-chrome>{letter}</div>'
        low = f'<div class="foot">{_esc(foot[0])}</div>' if foot else ""
        words = f'<div class="words"><div>{_esc(name)}</div><div>{_esc(size)}</div></div>'
        ordered = f"{icon}{words}" if self.style.app == "dingtalk" else f"{words}{icon}"
        return f'<div class="bubble card" {self.mark(said, "card")}><div class="file">{ordered}</div>{low}</div>'

    def link(self, said: Said) -> str:
        head, summary, source = said.parts
        thumb = f'<div class="thumb">{drawings.face(head)}</div>'
        return (
            f'<div class="bubble card" {self.mark(said, "card")}><div class="link"><div class="head">{_esc(head)}</div>'
            f'<div class="body"><span>{_esc(summary)}</span>{thumb}</div></div>'
            f'<div class="foot">{_esc(source)}</div></div>'
        )

    def place(self, said: Said) -> str:
        name, address = said.parts
        chart = drawings.svg("0 0 250 96", drawings.CITY, 'preserveAspectRatio="none"')
        return (
            f'<div class="bubble card place" style="overflow:hidden" {self.mark(said, "card")}><div class="where">'
            f"<div>{_esc(name)}</div><div>{_esc(address)}</div></div>{chart}</div>"
        )

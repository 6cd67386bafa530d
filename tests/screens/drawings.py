"""What is drawn in a chat besides letters, as SVG: faces, photos, wallpapers, icons. One seed draws one thing."""

import random

FACE_TINTS = (
    "#7a9cc6",
    "#c98a6b",
    "#6aa384",
    "#8d7bb5",
    "#c2a14d",
    "#5f8f9e",
    "#b56a7f",
    "#7f8b95",
    "#4f7cac",
    "#a3785a",
)
LETTER_TINTS = ("#3b8cff", "#f5a623", "#2fb47c", "#7a6ff0", "#e8684a", "#2aa7c9", "#5b8def", "#c65fa8")
_SKY = (("#8fc4ee", "#e9f3fb"), ("#f3b27a", "#f9e6cf"), ("#6d84a8", "#c9d3e2"), ("#a7d3c3", "#eff7f1"))
_BOXES = ("#c69c6d", "#b98a58", "#d2ad80", "#a8794c")
_LEAVES = ("#7fb58a", "#94c39b", "#6aa37a")
CITY = (
    '<rect width="250" height="96" fill="#e8ebe4"/><path d="M0 60 250 30M70 0l40 96M180 0l-20 96" stroke="#fff" '
    'stroke-width="9"/><path d="M0 80c60-22 120 14 250-8v24H0z" fill="#b9d8ea"/>'
    '<circle cx="126" cy="44" r="9" fill="#22b04b"/>'
)
"""A piece of a map, 250 by 96."""
_GROUND = ("#6f8f5a", "#8a7b62", "#5d7f86", "#9c8a55")


def svg(view: str, body: str, extra: str = "") -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view}" {extra}>{body}</svg>'


def face(seed: str) -> str:
    """A picture as people choose for an avatar: a person, a landscape, a flower, a shape."""
    rng = random.Random(f"face {seed}")
    tint, other = rng.sample(FACE_TINTS, 2)
    back = f'<rect width="40" height="40" fill="{tint}"/>'
    match rng.randrange(5):
        case 0 | 1:
            skin = rng.choice(("#f3cfb3", "#e8b996", "#f7dcc4"))
            hair = rng.choice(("#2b2522", "#4a342a", "#1d1d24"))
            body = (
                f'<path d="M4 42c1-12 8-16 16-16s15 4 16 16z" fill="{other}"/><rect x="17" y="22" width="6" height="7" '
                f'fill="{skin}"/><ellipse cx="20" cy="17" rx="7.4" ry="8.6" fill="{skin}"/>'
                f'<path d="M12 17c-1-9 4-12 9-12s9 4 7 12c-1-4-3-6-7-6-5 0-7 2-9 6z" fill="{hair}"/>'
            )
        case 2:
            sky, low = rng.choice(_SKY)
            body = (
                f'<rect width="40" height="40" fill="{low}"/><rect width="40" height="20" fill="{sky}"/>'
                f'<circle cx="{rng.randrange(8, 32)}" cy="11" r="4" fill="#fff6d8"/>'
                f'<path d="M0 28 12 16l9 10 7-6 12 11v9H0z" fill="{rng.choice(_GROUND)}"/>'
                f'<path d="M0 34c12-5 24 3 40-2v8H0z" fill="{other}"/>'
            )
        case 3:
            petals = "".join(
                f'<ellipse cx="20" cy="11" rx="5" ry="8" fill="#fff" opacity=".85" transform="rotate({turn} 20 20)"/>'
                for turn in range(0, 360, 60)
            )
            body = f'{petals}<circle cx="20" cy="20" r="5" fill="{other}"/>'
        case _:
            body = (
                f'<circle cx="{rng.randrange(10, 30)}" cy="{rng.randrange(10, 30)}" r="15" fill="{other}"/>'
                f'<path d="M0 40 40 {rng.randrange(0, 24)}v40z" fill="#fff" opacity=".35"/>'
            )
    return svg("0 0 40 40", back + body, 'preserveAspectRatio="none"')


def photo(seed: str, wide: int, high: int) -> str:
    """A photo as customers send: a hall with machines, a building site, a shelf with boxes, a landscape."""
    rng = random.Random(f"photo {seed}")
    sky, low = rng.choice(_SKY)
    ground = rng.choice(_GROUND)
    shade = (
        f'<defs><linearGradient id="g{seed}" x1="0" y1="0" x2=".4" y2="1"><stop offset="0" stop-color="{sky}"/>'
        f'<stop offset="1" stop-color="{low}"/></linearGradient></defs>'
        f'<rect width="{wide}" height="{high}" fill="url(#g{seed})"/>'
    )
    match rng.randrange(4):
        case 0:
            beams = "".join(
                f'<path d="M{x} 0 {wide // 2 + (x - wide // 2) // 4} {high // 2}" stroke="#6b7280" stroke-width="3"/>'
                for x in range(0, wide + 1, wide // 6)
            )
            boxes = "".join(
                f'<rect x="{rng.randrange(0, wide - 30)}" y="{rng.randrange(high // 2, high - 26)}" '
                f'width="{rng.randrange(22, 46)}" height="{rng.randrange(20, 40)}" fill="{rng.choice(FACE_TINTS)}" '
                f'stroke="#333" stroke-opacity=".4"/>'
                for _ in range(9)
            )
            body = f'{beams}<path d="M0 {high * 0.55}h{wide}v{high}H0z" fill="#8d8f92"/>{boxes}'
        case 1:
            towers = "".join(
                f'<rect x="{x}" y="{(top := rng.randrange(high // 6, high // 2))}" width="{wide // 7}" '
                f'height="{high - top}" fill="#a79f93"/>'
                + "".join(
                    f'<rect x="{x + 4 + 9 * c}" y="{top + 6 + 12 * r}" width="5" height="7" fill="#56606b"/>'
                    for r in range((high - top) // 14)
                    for c in range(max(1, wide // 70))
                )
                for x in range(8, wide - 20, wide // 5)
            )
            body = (
                f'{towers}<path d="M{wide * 0.7} {high}V{high * 0.1}M{wide * 0.45} {high * 0.14}h{wide * 0.5}" '
                f'stroke="#d8a02c" stroke-width="4"/><path d="M0 {high * 0.88}h{wide}v{high}H0z" fill="{ground}"/>'
            )
        case 2:
            shelves = "".join(
                f'<rect x="0" y="{y}" width="{wide}" height="5" fill="#3f5f8a"/>'
                + "".join(
                    f'<rect x="{x + 3}" y="{y - high // 5}" width="{wide // 7 - 8}" height="{high // 5}" '
                    f'fill="{rng.choice(_BOXES)}" stroke="#7c5a36" stroke-width=".7"/>'
                    for x in range(0, wide, wide // 7)
                    if rng.random() < 0.85
                )
                for y in range(high // 4 + 6, high, high // 4)
            )
            body = f'<rect width="{wide}" height="{high}" fill="#5d6570" opacity=".55"/>{shelves}'
        case _:
            body = (
                f'<circle cx="{wide * 0.72}" cy="{high * 0.22}" r="{high * 0.09}" fill="#fff3cf"/>'
                f'<path d="M0 {high * 0.62} {wide * 0.3} {high * 0.3} {wide * 0.52} {high * 0.55} '
                f"{wide * 0.7} {high * 0.42} "
                f'{wide} {high * 0.66}V{high}H0z" fill="#71839a"/>'
                f'<path d="M0 {high * 0.74}c{wide * 0.3}-{high * 0.12} {wide * 0.6} {high * 0.1} '
                f'{wide}-{high * 0.04}V{high}H0z" '
                f'fill="{ground}"/>'
            )
    return svg(f"0 0 {wide} {high}", shade + body, f'width="{wide}" height="{high}" preserveAspectRatio="none"')


def wallpaper(name: str, wide: int, high: int) -> str:
    """A chat's background picture; empty where `name` is empty."""
    if not name:
        return ""
    rng = random.Random(f"wallpaper {name}")
    if name == "dusk":
        stops = (
            '<stop offset="0" stop-color="#2e4a73"/><stop offset=".55" stop-color="#c98b7b"/>'
            '<stop offset="1" stop-color="#f2d7a6"/>'
        )
        hills = "".join(
            f'<path d="M0 {high * f}C{wide * 0.25} {high * (f - 0.08)} {wide * 0.5} {high * (f + 0.05)} {wide} '
            f'{high * (f - 0.04)}V{high}H0z" fill="{tint}"/>'
            for f, tint in ((0.58, "#6c5d7e"), (0.7, "#4d4a68"), (0.84, "#2f3550"))
        )
        body = f'<circle cx="{wide * 0.7}" cy="{high * 0.42}" r="22" fill="#ffe9c0"/>{hills}'
    elif name == "leaves":
        stops = '<stop offset="0" stop-color="#dcefd9"/><stop offset="1" stop-color="#a9cfae"/>'
        body = "".join(
            f'<path d="M0 0C18-16 42-16 60 0 42 16 18 16 0 0zM0 0H60" fill="{rng.choice(_LEAVES)}" '
            f'stroke="#5c9069" stroke-width="1" opacity=".75" transform="translate({rng.randrange(-20, wide)} '
            f'{rng.randrange(0, high)}) rotate({rng.randrange(360)}) scale({rng.uniform(0.7, 1.9):.2f})"/>'
            for _ in range(34)
        )
    elif name == "sea":
        stops = (
            '<stop offset="0" stop-color="#bfe3f5"/><stop offset=".45" stop-color="#5fa8cf"/>'
            '<stop offset="1" stop-color="#1f5f86"/>'
        )
        body = "".join(
            f'<path d="M{rng.randrange(-80, wide)} {y}q30-9 60 0t60 0 60 0" fill="none" stroke="#e9f7ff" '
            f'stroke-width="2" opacity="{rng.uniform(0.15, 0.5):.2f}"/>'
            for y in range(int(high * 0.4), high, 17)
        )
    else:  # "bricks"
        stops = '<stop offset="0" stop-color="#e8d8c8"/><stop offset="1" stop-color="#cdb49c"/>'
        body = "".join(
            f'<rect x="{x + (24 if (y // 22) % 2 else 0) - 24}" y="{y}" width="45" height="19" rx="2" '
            f'fill="{rng.choice(("#d6bfa8", "#c9ae94", "#dfcab5"))}"/>'
            for y in range(0, high, 22)
            for x in range(0, wide + 48, 48)
        )
    shade = f'<defs><linearGradient id="wall" x1="0" y1="0" x2="0" y2="1">{stops}</linearGradient></defs>'
    sheet = f'<rect width="{wide}" height="{high}" fill="url(#wall)"/>'
    return svg(f"0 0 {wide} {high}", shade + sheet + body, f'class="wall" width="{wide}" height="{high}"')


def icon(name: str, size: float = 24) -> str:
    """A line icon in the colour of the text around it."""
    line = 'fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round"'
    body = {
        "back": f'<path d="M15 4 7 12l8 8" {line}/>',
        "more": '<circle cx="5" cy="12" r="1.9"/><circle cx="12" cy="12" r="1.9"/><circle cx="19" cy="12" r="1.9"/>',
        "plus": f'<circle cx="12" cy="12" r="9.5" {line}/><path d="M12 7.5v9M7.5 12h9" {line}/>',
        "smile": f'<circle cx="12" cy="12" r="9.5" {line}/><path d="M8 14c1.6 2.6 6.4 2.6 8 0" {line}/>'
        '<circle cx="9" cy="9.6" r="1.2"/><circle cx="15" cy="9.6" r="1.2"/>',
        "voice": f'<circle cx="12" cy="12" r="9.5" {line}/><path d="M8.6 10.4v3.2M11.6 8.8c1.6 2 1.6 4.4 0 6.4M14.4 '
        f'7.4c2.6 2.8 2.6 6.4 0 9.2" {line}/>',
        "wave": f'<path d="M6 10.6v2.8M10 8c2.2 2.6 2.2 5.4 0 8M14.4 5.4c4 4.2 4 9 0 13.2" {line}/>',
        "phone": f'<path d="M6 4c-2 2-1 7 3.5 11.5S18 20 20 18l-3.5-3.5-2.5 1.5c-2-1-4-3-5-5L10.5 8.5z" {line}/>',
        "search": f'<circle cx="11" cy="11" r="6.5" {line}/><path d="m16 16 4.5 4.5" {line}/>',
        "folder": f'<path d="M3 7V5h6l2 2h10v12H3z" {line}/>',
        "cut": f'<circle cx="7" cy="17" r="3" {line}/><circle cx="17" cy="17" r="3" {line}/>'
        f'<path d="M8.5 14.5 17 4M15.5 14.5 7 4" {line}/>',
        "picture": f'<rect x="3" y="5" width="18" height="14" rx="2" {line}/><path d="m4 17 5-6 4 4 3-3 4 5" {line}/>',
        "chat": f'<path d="M4 5h16v11H12l-5 4v-4H4z" {line}/>',
        "people": f'<circle cx="12" cy="8.5" r="3.8" {line}/><path d="M4.5 20c.8-9 14.2-9 15 0" {line}/>',
        "star": f'<path d="m12 4 2.4 5.2 5.6.6-4.2 3.8 1.2 5.6-5-2.9-5 2.9 1.2-5.6L4 9.8l5.6-.6z" {line}/>',
        "menu": f'<path d="M4 7h16M4 12h16M4 17h16" {line}/>',
        "arrow": f'<path d="M4 8h15l-4-4M20 16H5l4 4" {line}/>',
    }[name]
    return svg("0 0 24 24", body, f'class="icon" width="{size}" height="{size}" fill="currentColor"')


def status_icons(system: str, battery: int) -> str:
    """Signal, Wi-Fi and battery; `battery` in percent."""
    signal = "".join(
        f'<rect x="{x * 4.4:.1f}" y="{11 - 2.6 * (x + 1):.1f}" width="3" height="{2.6 * (x + 1):.1f}" rx=".8"/>'
        for x in range(4)
    )
    wifi = '<path d="M1 4.2C5 .4 11 .4 15 4.2L13.3 6C10.3 3.2 5.7 3.2 2.7 6zM4.2 7.4c2-2 5.6-2 7.6 0L8 11.2z"/>'
    level = battery / 100 * 19
    cell = (
        f'<rect x=".6" y=".6" width="22" height="10.8" rx="3.2" fill="none" stroke="currentColor" opacity=".45"/>'
        f'<rect x="2.2" y="2.2" width="{level:.1f}" height="7.6" rx="1.9"/>'
        f'<path d="M24 4v4c1.6-.6 1.6-3.4 0-4z" opacity=".5"/>'
    )
    cells = svg("0 0 27 12", cell, 'width="25" height="11.5" fill="currentColor"')
    if system == "android":
        cells += f'<span class="level">{battery}%</span>'
    return (
        svg("0 0 17 11", signal, 'width="17" height="11" fill="currentColor"')
        + svg("0 0 16 12", wifi, 'width="16" height="12" fill="currentColor"')
        + cells
    )

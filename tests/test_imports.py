"""The house plan's one rule: bot → handlers → nlp, storage, and nothing the other way."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {
    "nlp": {"nlp"},
    "storage": {"storage"},
    "handlers": {"handlers", "nlp", "storage"},
    "bot": {"bot", "handlers", "nlp", "storage"},
}
PLATFORMS = {"bot.wecom", "bot.wecom_bot", "bot.dingtalk", "bot.groups", "bot.playground"}
OUTSIDE = {"aiohttp", "wechatpy"}
"""What talks HTTP or a platform's dialect has no business below bot/."""


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of everything that a module imports, wherever in it the statement stands."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text("utf-8"), path.name)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join((*above, *filter(None, [node.module])))
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def platform_of(name: str) -> str | None:
    return next((platform for platform in PLATFORMS if name == platform or name.startswith(platform + ".")), None)


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_point_one_way(package: str) -> None:
    assert modules(package)
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in modules(package)
        for line, name in imported(path)
        if (top := name.partition(".")[0]) in MAY_IMPORT and top not in MAY_IMPORT[package]
    ]

    assert wrong == []


def test_platforms_do_not_know_each_other() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in modules("bot")
        if (own := platform_of(".".join(path.relative_to(ROOT).with_suffix("").parts)))
        for line, name in imported(path)
        if platform_of(name) not in (None, own)
    ]

    assert wrong == []


@pytest.mark.parametrize("package", ["handlers", "storage", "nlp"])
def test_nothing_below_bot_speaks_a_platforms_dialect(package: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in modules(package)
        for line, name in imported(path)
        if name.partition(".")[0] in OUTSIDE
    ]

    assert wrong == []


def test_handlers_hold_no_sql() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in modules("handlers")
        for line, name in imported(path)
        if name.partition(".")[0] == "sqlalchemy"
    ]

    assert wrong == []


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("import bot.config", "bot.config"),
        ("from bot import config", "bot.config"),
        ("def f():\n    from bot.config import load", "bot.config.load"),
        ("if True:\n    import bot", "bot"),
        ("from . import rows", "storage.migrations.rows"),
        ("from ..jobs import Jobs", "storage.jobs.Jobs"),
    ],
)
def test_the_walk_finds_every_form_of_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, name: str
) -> None:
    module = tmp_path / "storage" / "migrations" / "m.py"
    module.parent.mkdir(parents=True)
    module.write_text(source, "utf-8")
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)

    assert [found for _, found in imported(module)] == [name]

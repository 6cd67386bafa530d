"""What must hold of the repository as a whole: its example configuration, its README, what is committed."""

import ast
import re
import subprocess
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from bot.__main__ import COMMANDS, TRIALS
from bot.config import Config, Section, load

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "config.example.toml"
READMES = ("README.md", "README.zh-CN.md")
DOCUMENTS = (
    "architecture",
    "calendar",
    "channels",
    "completeness",
    "deployment",
    "dingtalk-setup",
    "evidence",
    "people",
    "requests",
    "rules",
    "todos",
    "visibility",
    "wecom-setup",
)
IGNORED = {".git", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", "__pycache__", "data", "dist"}
TEXTS = {
    ".py",
    ".md",
    ".toml",
    ".txt",
    ".html",
    ".css",
    ".js",
    ".svg",
    ".csv",
    ".json",
    ".mako",
    ".service",
    ".yml",
    "",
}


def committed() -> list[Path]:
    """All files of ours; where there is no git, whatever lies here that is not made by running it."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listing.returncode == 0:
        return [path for name in listing.stdout.split("\0") if name and (path := ROOT / name).is_file()]
    return [
        path
        for path in ROOT.rglob("*")
        if path.is_file() and not IGNORED.intersection(path.relative_to(ROOT).parts) and ".egg-info" not in str(path)
    ]


def texts() -> Iterator[tuple[str, str]]:
    for path in committed():
        if path.suffix in TEXTS:
            yield str(path.relative_to(ROOT)), path.read_text("utf-8", errors="replace")


# Our own modules


def test_no_name_of_a_module_is_given_twice() -> None:
    twice = [
        f"{path.relative_to(ROOT)}: {name}"
        for package in ("bot", "handlers", "nlp", "storage")
        for path in sorted((ROOT / package).rglob("*.py"))
        for name, count in Counter(names_given_in(path)).items()
        if count > 1
    ]

    assert twice == []


def names_given_in(path: Path) -> Iterator[str]:
    for statement in ast.parse(path.read_text("utf-8")).body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        targets += [statement.target] if isinstance(statement, ast.AnnAssign) else []
        yield from (target.id for target in targets if isinstance(target, ast.Name))
        if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield statement.name


# config.example.toml


ANY_NAME = "sales"
"""How the example names the one group that it shows."""


def keys_of(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        kinds = get_args(field.annotation)
        sections = [kind for kind in (field.annotation, *kinds) if isinstance(kind, type)]
        section = next((kind for kind in sections if issubclass(kind, Section)), None)
        if section is None:
            yield f"{prefix}{name}"
        elif get_origin(field.annotation) is dict:
            yield from keys_of(section, f"{prefix}{name}.{ANY_NAME}.")
        elif get_origin(field.annotation) is tuple:
            yield f"{prefix}{name}"
        else:
            yield from keys_of(section, f"{prefix}{name}.")


def switched_on(text: str) -> str:
    """The example with the lines of the real platforms no longer commented out."""
    return re.sub(r"(?m)^# (?=\[{1,2}[a-z_.]+\]{1,2}$|[a-z_]+ = |# )", "", text)


def keys_in(tables: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in tables.items():
        if isinstance(value, dict) and value:
            yield from keys_in(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def test_the_example_configuration_loads_as_it_stands_and_starts_the_playground() -> None:
    config = load(EXAMPLE, {})

    assert config.playground.enabled
    assert not config.has_real_platform
    assert config.groups == {}


def test_the_example_shows_the_defaults() -> None:
    shown = tomllib.loads(EXAMPLE.read_text("utf-8"))
    shown["playground"].pop("enabled")

    assert Config.model_validate(shown) == Config()


def test_the_example_holds_every_key_there_is(tmp_path: Path) -> None:
    shown = switched_on(EXAMPLE.read_text("utf-8"))

    assert sorted(keys_in(tomllib.loads(shown))) == sorted(keys_of(Config))


def test_every_key_of_the_example_is_explained_above_it() -> None:
    unexplained, explained = [], False
    for line in switched_on(EXAMPLE.read_text("utf-8")).splitlines():
        if line.startswith("#"):
            explained = True
        elif not line.strip():
            explained = False
        elif not line.startswith("[") and not explained:
            unexplained.append(line)

    assert unexplained == []


def test_the_example_with_everything_switched_on_loads_too_and_shows_the_defaults(tmp_path: Path) -> None:
    text = switched_on(EXAMPLE.read_text("utf-8")).replace("enabled = true", "enabled = false", 1)
    (tmp_path / "config.toml").write_text(text, "utf-8")

    config = load(tmp_path / "config.toml", {})

    wrong = []
    sections = {**dict(config), f"groups.{ANY_NAME}": config.groups[ANY_NAME]}
    for place in ("model", "wecom", "wecom_bot", "dingtalk", f"groups.{ANY_NAME}"):
        section = sections[place]
        assert isinstance(section, Section)
        given = GIVEN[place]
        fields = type(section).model_fields
        assert {name for name, field in fields.items() if field.is_required()} <= given
        wrong += [
            f"{place}.{name}"
            for name, field in fields.items()
            if name not in given and getattr(section, name) != field.default
        ]
    assert wrong == []


GIVEN: Mapping[str, set[str]] = {
    "model": {"base_url", "model", "api_key", "consent"},
    "wecom": {"corp_id", "agent_id", "secret", "token", "encoding_aes_key"},
    "wecom_bot": {"bot_id", "secret"},
    "dingtalk": {"client_id", "client_secret"},
    f"groups.{ANY_NAME}": {"platform", "key"},
}
"""What has no default, or none that works."""


# READMEs


def code_in(text: str) -> str:
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL))


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


@pytest.mark.parametrize("name", [*READMES, *(f"docs/{name}.md" for name in DOCUMENTS)])
def test_commands_in_the_documents_exist(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    code = code_in(text)

    assert set(re.findall(r"\bmake ([a-z][a-z-]*)", code)) <= make_targets()
    assert set(re.findall(r"\bvisitbot ([a-z]+)", code)) <= {*COMMANDS, "try", "version"}
    assert set(re.findall(r"\bvisitbot try ([a-z]+)", code)) <= set(TRIALS)


@pytest.mark.parametrize("name", READMES)
def test_a_readmes_first_screen_shows_a_picture_and_the_two_commands(name: str) -> None:
    first_screen = (ROOT / name).read_text("utf-8").split("\n## ")[0]

    assert "docs/images/playground.png" in first_screen
    assert "make test" in first_screen
    assert "make demo" in first_screen


def test_both_readmes_have_the_same_sections_and_commands() -> None:
    english, chinese = ((ROOT / name).read_text("utf-8") for name in READMES)

    assert english.count("\n## ") == chinese.count("\n## ")
    assert english.count("\n### ") == chinese.count("\n### ")
    for pattern in (r"\bmake [a-z-]+", r"\bvisitbot [a-z]+(?: [a-z]+)?"):
        assert set(re.findall(pattern, code_in(english))) == set(re.findall(pattern, code_in(chinese)))
    links = [set(re.findall(r"\]\(([^)]+)\)", text)) - set(READMES) for text in (english, chinese)]
    assert links[0] == links[1]


def test_links_inside_the_repository_lead_somewhere() -> None:
    dead = [
        f"{name}: {target}"
        for name, text in texts()
        if name.endswith(".md")
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text)
        if not re.match(r"[a-z]+:", target) and not (ROOT / name).parent.joinpath(target).exists()
    ]

    assert dead == []


def test_links_to_a_heading_find_it() -> None:
    headings = {
        (ROOT / name).resolve(): {anchor_of(line) for line in re.findall(r"(?m)^#+ (.+)$", text)}
        for name, text in texts()
        if name.endswith(".md")
    }
    dead = [
        f"{name}: {target}#{anchor}"
        for name, text in texts()
        if name.endswith(".md")
        for target, anchor in re.findall(r"\]\(([^)#\s:]*)#([^)\s]+)\)", text)
        if anchor not in headings.get((ROOT / name).parent.joinpath(target or Path(name).name).resolve(), set())
    ]

    assert dead == []


def anchor_of(heading: str) -> str:
    """As Markdown pages are given anchors: lower case, without punctuation, a hyphen for each space."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


# What is committed


def test_no_package_index_is_named_anywhere() -> None:
    # put together here, or this file would be its own finding
    hosts = [
        "py" + "pi.org",
        "python" + "hosted",
        "npm" + "js.",
        "tuna.tsing" + "hua",
        "mirrors.ali" + "yun",
    ]
    options = ["--index" + "-url", "--extra-index" + "-url", "--find" + "-links", "--trusted" + "-host"]

    found = [f"{name}: {word}" for name, text in texts() for word in (*hosts, *options) if word in text]

    assert found == []


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    extras = [name for names in project["project"]["optional-dependencies"].values() for name in names]
    wanted = [*project["project"]["dependencies"], *extras, *project["build-system"]["requires"]]
    pinned = {
        plain(line.partition("==")[0])
        for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    }

    assert {plain(re.split(r"[\[<>=!~]", name)[0]) for name in wanted} <= pinned


def plain(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()


def test_scripts_can_be_run() -> None:
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


def test_nothing_is_left_for_later() -> None:
    marks = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b")

    left = [f"{name}: {found[0]}" for name, text in texts() if name.endswith(".py") and (found := marks.search(text))]

    assert left == []

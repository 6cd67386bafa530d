import argparse
import stat
from collections import deque
from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.commands import init
from bot.commands.init import Console, Terminal, random_aes_key, run
from bot.config import load
from bot.errors import ConfigError

ANSWERS = {
    "连接到哪里": "1",
    "企业ID": "ww0123456789abcdef",
    "AgentId": "1000002",
    "Secret": "app-secret",
    "手机能访问": "https://visits.example.com/",
}
DINGTALK = {"连接到哪里": "2", "Client ID": "ding0123456789", "Client Secret": "robot-secret"}
BOT = {"连接到哪里": "3", "Bot ID": "aib0123456789", "长连接的 Secret": "bot-secret"}


class Asked:
    """Answers by the first words of the question; what it does not know, with the default."""

    def __init__(self, answers: Mapping[str, str | list[str]]) -> None:
        self._answers = {key: deque([one] if isinstance(one, str) else one) for key, one in answers.items()}
        self.told: list[str] = []
        self.hidden: list[str] = []

    def ask(self, question: str, *, default: str = "", hidden: bool = False) -> str:
        if hidden:
            self.hidden.append(question)
        for words, answers in self._answers.items():
            if words in question and answers:
                return answers.popleft()
        return default

    def tell(self, text: str) -> None:
        self.told.append(text)


_: Console = Asked({})


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    init.add_parser(parser.add_subparsers())
    return parser.parse_args(["init", *words])


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_few_answers_make_a_working_configuration() -> None:
    console = Asked(ANSWERS)

    assert run(arguments(), console, {}) == 0

    config = load(Path("config.toml"), {})
    assert config.wecom is not None
    assert (config.wecom.corp_id, config.wecom.agent_id) == ("ww0123456789abcdef", 1000002)
    assert config.wecom.secret.get_secret_value() == "app-secret"
    assert config.server.public_url == "https://visits.example.com"
    assert not config.playground.enabled


def test_the_file_is_readable_by_its_owner_only() -> None:
    run(arguments(), Asked(ANSWERS), {})

    assert stat.S_IMODE(Path("config.toml").stat().st_mode) == 0o600
    assert [path.name for path in Path().iterdir()] == ["config.toml"]


def test_the_next_steps_name_what_to_paste_where() -> None:
    console = Asked(ANSWERS)
    run(arguments(), console, {})

    wecom = load(Path("config.toml"), {}).wecom
    assert wecom is not None
    [told] = console.told
    assert "https://visits.example.com/wecom/callback" in told
    assert wecom.token.get_secret_value() in told
    assert wecom.encoding_aes_key.get_secret_value() in told
    assert "可信IP" in told
    assert "app-secret" not in told


def test_the_secret_is_typed_unseen() -> None:
    console = Asked(ANSWERS)
    run(arguments(), console, {})

    [question] = console.hidden
    assert "Secret" in question


def test_two_runs_propose_different_keys() -> None:
    run(arguments(), Asked(ANSWERS), {})
    first = load(Path("config.toml"), {}).wecom
    run(arguments("--force"), Asked(ANSWERS), {})
    second = load(Path("config.toml"), {}).wecom

    assert first is not None
    assert second is not None
    assert first.token != second.token
    assert first.encoding_aes_key != second.encoding_aes_key


def test_an_impossible_answer_is_asked_for_again() -> None:
    console = Asked({**ANSWERS, "AgentId": ["一千", "1000002"]})

    assert run(arguments(), console, {}) == 0
    assert any("AgentId 是一个数字" in told for told in console.told)


def test_a_secret_of_the_environment_is_neither_asked_for_nor_written() -> None:
    environment = {"VISITBOT_WECOM__SECRET": "from-outside"}
    console = Asked(ANSWERS)

    run(arguments(), console, environment)

    assert console.hidden == []
    assert "secret =" not in Path("config.toml").read_text("utf-8")
    assert load(Path("config.toml"), environment).wecom is not None


@pytest.mark.parametrize(("answer", "kept"), [("", True), ("n", True), ("y", False)])
def test_a_configuration_that_is_there_is_replaced_only_when_told(answer: str, kept: bool) -> None:
    Path("config.toml").write_text("# mine\n", "utf-8")
    console = Asked({"已存在": answer or "n", **ANSWERS})

    if kept:
        with pytest.raises(ConfigError, match="--force"):
            run(arguments(), console, {})
    else:
        run(arguments(), console, {})

    assert (Path("config.toml").read_text("utf-8") == "# mine\n") == kept


def test_the_playground_needs_two_answers() -> None:
    run(arguments(), Asked({"连接到哪里": "4"}), {})

    config = load(Path("config.toml"), {})
    assert config.playground.enabled
    assert config.wecom is None


def test_a_choice_that_is_not_there_is_asked_for_again() -> None:
    console = Asked({"连接到哪里": ["5", "4"]})

    assert run(arguments(), console, {}) == 0
    assert any("1 到 4" in told for told in console.told)


def test_dingtalk_needs_no_address_of_ours() -> None:
    console = Asked(DINGTALK)

    assert run(arguments(), console, {}) == 0

    config = load(Path("config.toml"), {})
    assert config.dingtalk is not None
    assert (config.dingtalk.client_id, config.dingtalk.mode) == ("ding0123456789", "stream")
    assert config.dingtalk.client_secret.get_secret_value() == "robot-secret"
    assert config.server.public_url == ""
    assert [question.split("（")[0] for question in console.hidden] == ["Client Secret"]


def test_the_steps_for_dingtalk_name_what_to_apply_for_and_what_is_missing() -> None:
    console = Asked(DINGTALK)
    run(arguments(), console, {})

    [told] = console.told
    for words in ("Stream 模式", "qyapi_robot_sendmsg", "Card.Instance.Write", "Todo.Todo.Write", "版本管理与发布"):
        assert words in told
    assert "card_template_id" in told
    assert "server.public_url" in told
    assert "robot-secret" not in told


def test_what_dingtalk_can_have_more_is_written_too() -> None:
    template = "0a1b2c3d-0000-1111-2222-333344445555.schema"
    console = Asked({**DINGTALK, "卡片模板": ["no-id", template], "手机能访问": "https://v.example.com"})

    run(arguments(), console, {})

    config = load(Path("config.toml"), {})
    assert config.dingtalk is not None
    assert config.dingtalk.card_template_id == template
    assert config.server.public_url == "https://v.example.com"
    assert "card_template_id" not in console.told[-1]


@pytest.mark.parametrize(
    ("answers", "variable", "key"),
    [
        (DINGTALK, "VISITBOT_DINGTALK__CLIENT_SECRET", "client_secret ="),
        (BOT, "VISITBOT_WECOM_BOT__SECRET", "secret ="),
    ],
    ids=["dingtalk", "bot"],
)
def test_no_secret_of_the_environment_is_written(answers: dict[str, str], variable: str, key: str) -> None:
    console = Asked(answers)

    run(arguments(), console, {variable: "from-outside"})

    assert console.hidden == []
    assert key not in Path("config.toml").read_text("utf-8")


def test_the_ai_bot_holds_its_own_connection() -> None:
    console = Asked(BOT)

    run(arguments(), console, {})

    bot = load(Path("config.toml"), {}).wecom_bot
    assert bot is not None
    assert (bot.mode, bot.secret.get_secret_value()) == ("socket", "bot-secret")
    assert "长连接" in console.told[-1]


# One more platform


def test_a_second_platform_is_added_to_what_is_there() -> None:
    run(arguments(), Asked(ANSWERS), {})
    path = Path("config.toml")
    path.write_text(path.read_text("utf-8") + "# a remark of ours\n", "utf-8")

    console = Asked({**DINGTALK, "手机能访问": "https://other.example.com", "数据库": "sqlite:///other.db"})

    assert run(arguments("--add"), console, {}) == 0

    config = load(path, {})
    assert config.wecom is not None
    assert config.dingtalk is not None
    assert config.server.public_url == "https://visits.example.com"
    assert config.storage.database.endswith("data/visitbot.db")
    assert "# a remark of ours" in path.read_text("utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_same_platform_is_not_added_twice() -> None:
    run(arguments(), Asked(DINGTALK), {})
    before = Path("config.toml").read_text("utf-8")

    with pytest.raises(ConfigError, match=r"\[dingtalk\]"):
        run(arguments("--add"), Asked(DINGTALK), {})

    assert Path("config.toml").read_text("utf-8") == before


def test_nothing_can_be_added_where_there_is_nothing() -> None:
    with pytest.raises(ConfigError, match="not found"):
        run(arguments("--add"), Asked(DINGTALK), {})


def test_a_real_platform_is_not_added_beside_an_open_playground() -> None:
    run(arguments("--platform", "playground"), Asked({}), {})
    before = Path("config.toml").read_text("utf-8")

    with pytest.raises(ConfigError, match="playground"):
        run(arguments("--add"), Asked(DINGTALK), {})

    assert Path("config.toml").read_text("utf-8") == before


# Without anybody there


def test_it_can_be_run_without_anybody_there(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("app-secret\n", "utf-8")
    words = ["--yes", "--corp-id", "ww0123456789", "--agent-id", "7", "--public-url", "https://v.example.com"]

    assert main(["init", *words, "--secret-file", "secret", "--config", "etc/visitbot.toml"]) == 0

    assert "visitbot serve --config etc/visitbot.toml" in capsys.readouterr().out
    assert load(Path("etc/visitbot.toml"), {}).wecom is not None


def test_dingtalk_can_be_set_up_without_anybody_there(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("robot-secret\n", "utf-8")
    words = ["--yes", "--platform", "dingtalk", "--client-id", "ding0123456789"]

    assert main(["init", *words]) == 2
    assert "--secret-file" in capsys.readouterr().err
    assert main(["init", *words, "--secret-file", "secret"]) == 0
    assert load(Path("config.toml"), {}).dingtalk is not None


def test_unattended_it_names_what_is_missing_and_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--yes"]) == 2

    assert "--corp-id" in capsys.readouterr().err
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("words", [["--agent-id", "x"], ["--token", "with a space"], ["--encoding-aes-key", "short"]])
def test_a_faulty_argument_is_named(words: list[str]) -> None:
    with pytest.raises(ConfigError, match=words[0]):
        run(arguments("--platform", "wecom", *words), Asked(ANSWERS), {})


def test_a_secret_file_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match="--secret-file"):
        run(arguments("--secret-file", "none"), Asked(ANSWERS), {})


def test_nobody_at_the_terminal_is_told_how_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(_prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", nobody)

    with pytest.raises(ConfigError, match="--yes"):
        Terminal().ask("企业ID")


def test_proposed_keys_are_what_wecom_makes() -> None:
    keys = {random_aes_key() for _ in range(50)}

    assert len(keys) == 50
    assert all(len(key) == 43 and key.isalnum() for key in keys)

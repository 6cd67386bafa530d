"""The shape of config.toml; every key is explained in config.example.toml.

Any plain value may also come from the environment (`VISITBOT_WECOM__SECRET` for `secret` in `[wecom]`), or from a file
that the environment names (`VISITBOT_WECOM__SECRET_FILE`). An unknown key stops the start and is named, wherever it is.
"""

import base64
import json
import os
import re
import tomllib
from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from bot.addresses import is_loopback
from bot.errors import ConfigError
from handlers.record_rules import Required
from nlp.behaviours import BEHAVIOURS
from nlp.help_words import bare_name

ENVIRONMENT_PREFIX = "VISITBOT_"
SQLITE = "sqlite:///"


class Section(BaseModel):
    # Without hide_input_in_errors a traceback would print what was typed, that is, at times, a secret.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Server(Section):
    host: str = "127.0.0.1"
    port: int = Field(default=8400, ge=0, le=65535)
    public_url: str = ""
    """How phones reach this server; needed for links in cards and in DingTalk's to-dos."""

    @field_validator("public_url")
    @classmethod
    def address(cls, url: str) -> str:
        return _http(url).rstrip("/")


class Storage(Section):
    database: str = "sqlite:///data/visitbot.db"
    media_dir: Path = Path("data/media")
    keep_done_jobs_days: int = Field(default=14, ge=7)

    @field_validator("database")
    @classmethod
    def supported(cls, url: str) -> str:
        if not url.startswith((SQLITE, "postgresql://")):
            raise ValueError("an address starting with sqlite:/// or postgresql:// is wanted")
        return url


class Speech(Section):
    engine: Literal["faster-whisper", "openai"] = "faster-whisper"
    model: str = "auto"
    hub: str = ""
    language: str = "zh"
    max_duration_s: int = Field(default=300, ge=10, le=3600)
    cpu_threads: int = Field(default=1, ge=1)
    models_dir: Path = Path("data/models")
    endpoint: str = ""
    api_key: SecretStr = SecretStr("")
    timeout_s: float = Field(default=120.0, gt=0)

    @model_validator(mode="after")
    def reachable(self) -> Self:
        if self.engine == "openai" and not _http(self.endpoint):
            raise ValueError('engine = "openai" needs an endpoint')
        return self


class Pictures(Section):
    """How screenshots and photos are read; `vision` lets the language model see those that cannot be trusted."""

    engine: Literal["auto", "rapidocr", "faster-paddle", "off"] = "auto"
    timeout_s: float = Field(default=60.0, ge=5, le=600)
    vision: bool = False
    vision_model: str = ""
    vision_timeout_s: float = Field(default=20.0, gt=0, le=60)


class Service(Section):
    """An endpoint with one of OpenAI's interfaces; none where `base_url` is empty."""

    base_url: str = ""
    api_key: SecretStr = SecretStr("")
    model: str = ""
    consent: bool = False
    """Whether words may leave this machine; an address on it needs none."""
    extra_body: dict[str, Any] = {}

    @field_validator("base_url")
    @classmethod
    def address(cls, url: str) -> str:
        if re.search(r"[\s\\@?#]", url):
            raise ValueError("a plain address is wanted, up to and including /v1, without a password or a query")
        return _http(url).rstrip("/")

    @property
    def is_local(self) -> bool:
        return is_loopback(urlsplit(self.base_url).hostname or "")

    @field_validator("api_key")
    @classmethod
    def sendable(cls, key: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[!-~]*", key.get_secret_value()):
            raise ValueError("letters, digits and signs of ASCII without spaces are wanted")
        return key

    @field_validator("extra_body")
    @classmethod
    def as_json(cls, body: dict[str, Any]) -> dict[str, Any]:
        try:
            json.dumps(body, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise ValueError(
                "only what JSON knows can be sent: texts, numbers, true, false, lists and tables"
            ) from error
        return body

    @model_validator(mode="after")
    def allowed(self) -> Self:
        if self.base_url and not self.model:
            raise ValueError("base_url needs the name of a model as well")
        if self.base_url and not self.consent and not self.is_local:
            raise ValueError(
                "base_url leads off this machine, and what your reps write and say would be sent there; if your "
                "company allows that, write consent = true, otherwise use a model on this machine (http://127.0.0.1:…)"
            )
        return self


class Model(Service):
    """A language model beside the rules."""

    redact: bool = True
    timeout_s: float = Field(default=12.0, gt=0, le=60)
    max_input_chars: int = Field(default=6000, ge=100, le=100_000)
    max_output_tokens: int = Field(default=2000, ge=200)
    daily_tokens: int = Field(default=0, ge=0)


class Scripts(Service):
    """How scripts are found, by words and sounds and with `semantic` by what is meant, too; and how they are said."""

    semantic: Literal["off", "packaged", "endpoint"] = "off"
    timeout_s: float = Field(default=5.0, gt=0, le=60)
    batch: int = Field(default=64, ge=1, le=2048)
    """Texts in one request."""
    least: float | None = Field(default=None, gt=0, lt=1)
    """How near a script must come to answer; None: the words decide."""
    adapt: bool = True
    """Whether the language model of [model], where there is one, says scripts for the customer in question."""
    adapt_timeout_s: float = Field(default=6.0, gt=0, le=30)

    @model_validator(mode="after")
    def reachable(self) -> Self:
        if self.semantic == "endpoint" and not self.base_url:
            raise ValueError('semantic = "endpoint" needs a base_url')
        return self


class Conversation(Section):
    timezone: str = "Asia/Shanghai"
    merge_window_min: int = Field(default=10, ge=0)
    draft_reminder_min: int = Field(default=120, ge=1)
    card_life_h: int = Field(default=72, ge=1)
    gap_notice_s: int = Field(default=60, ge=10)
    """After so long without a connection people are told that their messages may not have reached us."""
    auto_register: bool = True

    @field_validator("timezone")
    @classmethod
    def known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, OSError) as error:  # what zoneinfo raises for a name it does not find, and for a folder
            raise ValueError("no such time zone; a name such as Asia/Shanghai is wanted") from error
        return name


class Calendar(Section):
    """When the company works."""

    opens: time = time(9)
    closes: time = time(18)
    morning: time = time(8, 30)
    file: str = ""
    """The company's own days off and make-up days (docs/calendar.md); none where it is empty."""

    @field_validator("opens", "closes", "morning")
    @classmethod
    def of_the_clock_on_the_wall(cls, moment: time) -> time:
        if moment.tzinfo is not None:
            raise ValueError("a time without a zone is wanted, such as 09:00; conversation.timezone says where")
        return moment

    @model_validator(mode="after")
    def in_order(self) -> Self:
        if not self.morning <= self.opens < self.closes:
            raise ValueError("morning, opens and closes must follow one another")
        return self


class Vocabulary(Section):
    """Additions to and replacements of the built-in lists (`nlp.lexicon`); an empty one keeps the default."""

    stages: tuple[str, ...] = ()
    pain_points: dict[str, tuple[str, ...]] = {}
    risks: dict[str, tuple[str, ...]] = {}
    positives: dict[str, tuple[str, ...]] = {}
    competitors: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    documents: dict[str, tuple[str, ...]] = {}
    stage_hints: dict[str, Annotated[str, Field(max_length=60)]] = {}


class Evidence(Section):
    """`points` changes and adds to `nlp.documents.POINTS`."""

    points: dict[str, Annotated[int, Field(ge=0, le=1000)]] = {}


class FunnelStage(Section):
    name: str = Field(min_length=1, max_length=32)
    cues: tuple[str, ...] = ()
    needs: tuple[Annotated[str, Field(min_length=1, max_length=32)], ...] | None = None
    """The documents that it takes to enter; None: those that are usual for a stage of that name."""
    days: int | None = Field(default=None, ge=1, le=365)
    weight: int | None = Field(default=None, ge=0, le=100)


class Funnel(Section):
    """The stages of a deal; the fields are explained in `handlers.funnel`."""

    template: Literal["A", "B"] = "A"
    stages: tuple[FunnelStage, ...] = ()
    gates: bool = True
    leads: bool = True
    pushed_days: int = Field(default=15, ge=1, le=365)
    hours_a_level: float = Field(default=8, gt=0, le=80)

    @field_validator("stages")
    @classmethod
    def told_apart(cls, stages: tuple[FunnelStage, ...]) -> tuple[FunnelStage, ...]:
        names = [stage.name for stage in stages]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"named twice: {', '.join(sorted(twice))}")
        if len(stages) == 1:
            raise ValueError("a funnel has two stages at least")
        return stages


class Grading(Section):
    """How a deal's scores become a grade; the fields are those of `handlers.scoring.GradeRules`."""

    a_from: int = Field(default=14, ge=1, le=20)
    b_from: int = Field(default=8, ge=0, le=20)
    urgent_days: int = Field(default=90, ge=1, le=3650)

    @model_validator(mode="after")
    def in_order(self) -> Self:
        if self.b_from >= self.a_from:
            raise ValueError("a_from must be more than b_from")
        return self


class LeadBehaviour(Section):
    name: str = Field(min_length=1, max_length=32)
    points: int = Field(ge=0, le=1000)
    cues: tuple[Annotated[str, Field(min_length=2, max_length=60)], ...] = ()


class Leads(Section):
    """What leads earn points by; the fields are those of `handlers.funnel.LeadRules`."""

    senior_from: int = Field(default=30, ge=1)
    senior_group: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    behaviours: tuple[LeadBehaviour, ...] = tuple(
        LeadBehaviour(name=one.name, points=one.points, cues=one.cues) for one in BEHAVIOURS
    )

    @field_validator("behaviours")
    @classmethod
    def told_apart(cls, behaviours: tuple[LeadBehaviour, ...]) -> tuple[LeadBehaviour, ...]:
        names = [one.name for one in behaviours]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"named twice: {', '.join(sorted(twice))}")
        return behaviours


class EscalationRule(Section):
    on: bool = True
    hours_a_level: float = Field(default=8, gt=0, le=80)
    remind_after_days: int = Field(default=3, ge=1, le=60)


class TodoRule(Section):
    on: bool = True
    nudge_after_h: float = Field(default=2, gt=0, le=80)
    manager_after_days: int = Field(default=1, ge=1, le=60)


class FollowUpRule(Section):
    on: bool = True
    within_h: float = Field(default=4, gt=0, le=80)


class QuestionnaireRule(Section):
    on: bool = True
    remind_after_h: float = Field(default=2, gt=0, le=80)


class StalledRule(Section):
    on: bool = True
    days: int = Field(default=5, ge=1, le=250)


class SampleTestRule(Section):
    on: bool = True
    stage: str = Field(default="样品测试", min_length=1, max_length=200)
    days: int = Field(default=14, ge=1, le=365)
    countdown_days: int = Field(default=3, ge=0, le=30)


class SilenceRule(Section):
    on: bool = True
    wake_up_days: int = Field(default=7, ge=1, le=365)
    downgrade_days: int = Field(default=14, ge=1, le=365)

    @model_validator(mode="after")
    def in_order(self) -> Self:
        if self.downgrade_days < self.wake_up_days:
            raise ValueError("downgrade_days must not be less than wake_up_days")
        return self


class PaymentRule(Section):
    on: bool = True
    remind_days: int = Field(default=1, ge=0, le=365)
    overdue_days: int = Field(default=30, ge=1, le=3650)
    silent_days: int = Field(default=60, ge=1, le=3650)


class SameCustomerRule(Section):
    on: bool = True
    within_days: int = Field(default=30, ge=1, le=365)


class RefusedDemoRule(Section):
    on: bool = True
    times: int = Field(default=2, ge=1, le=10)


class WeeklyPlanRule(Section):
    on: bool = True
    deviation_percent: float = Field(default=15, ge=0, lt=100)
    weeks: int = Field(default=2, ge=1, le=12)


class NewLeadRule(Section):
    on: bool = True
    within_h: float = Field(default=2, gt=0, le=80)


class FirstSummaryRule(Section):
    on: bool = True


class SpotCheckRule(Section):
    on: bool = False
    percent: float = Field(default=10, gt=0, le=100)


class CadenceRule(Section):
    on: bool = True
    a_per_week: int = Field(default=2, ge=1, le=7)
    b_every_weeks: int = Field(default=2, ge=1, le=12)
    executive_every_weeks: int = Field(default=4, ge=0, le=52)


class ImportedRule(Section):
    on: bool = True
    days: int = Field(default=30, ge=0, le=365)
    review_days: int = Field(default=5, ge=1, le=60)


class AbnormalRule(Section):
    on: bool = True
    weekday: int = Field(default=1, ge=1, le=7)
    hour: int = Field(default=8, ge=0, le=23)


class Rules(Section):
    """What the assistant does by itself; the fields of each are those of `handlers.rulebook`."""

    escalation: EscalationRule = EscalationRule()
    todo: TodoRule = TodoRule()
    follow_up: FollowUpRule = FollowUpRule()
    questionnaire: QuestionnaireRule = QuestionnaireRule()
    stalled: StalledRule = StalledRule()
    sample_test: SampleTestRule = SampleTestRule()
    silence: SilenceRule = SilenceRule()
    payment: PaymentRule = PaymentRule()
    same_customer: SameCustomerRule = SameCustomerRule()
    refused_demo: RefusedDemoRule = RefusedDemoRule()
    weekly_plan: WeeklyPlanRule = WeeklyPlanRule()
    new_lead: NewLeadRule = NewLeadRule()
    first_summary: FirstSummaryRule = FirstSummaryRule()
    spot_check: SpotCheckRule = SpotCheckRule()
    cadence: CadenceRule = CadenceRule()
    imported: ImportedRule = ImportedRule()
    abnormal: AbnormalRule = AbnormalRule()


class Records(Section):
    """What a confirmed record has to tell; the fields are explained in `handlers.record_rules`."""

    required: tuple[Required, ...] = ("customer", "contact", "step", "stage_or_amount")
    low_credibility_percent: int = Field(default=20, ge=0, le=100)
    waiting_days: int = Field(default=5, ge=1, le=250)

    @field_validator("required")
    @classmethod
    def named_once(cls, required: tuple[Required, ...]) -> tuple[Required, ...]:
        if twice := {name for name in required if required.count(name) > 1}:
            raise ValueError(f"named twice: {', '.join(sorted(twice))}")
        return required


class Department(Section):
    """Of whom people ask help; the names are those of the list of members."""

    name: str = Field(min_length=1, max_length=32)
    people: tuple[str, ...] = Field(min_length=1)
    vice_president: str = ""


class Requests(Section):
    """求助 of colleagues; the fields are those of `handlers.help_rules`."""

    answer_within_h: float = Field(default=48, gt=0, le=720)
    reminders: int = Field(default=5, ge=1, le=20)
    departments: tuple[Department, ...] = ()
    on_document: dict[str, tuple[str, ...]] = {}
    on_stage: dict[str, tuple[str, ...]] = {}

    @field_validator("departments")
    @classmethod
    def told_apart(cls, departments: tuple[Department, ...]) -> tuple[Department, ...]:
        names = [bare_name(one.name) for one in departments]
        if len(set(names)) < len(names) or not all(names):
            raise ValueError("each department needs a name of its own: 技术 and 技术部 are the same")
        return departments


ApproverLevel = Literal["manager", "director", "general"]


class Tier(Section):
    """Amounts below `up_to` yuan; the last tier has none."""

    up_to: float | None = Field(default=None, gt=0)
    levels: tuple[ApproverLevel, ...] = ()


class Approvals(Section):
    """Who agrees to quotes and discounts; the fields are those of `handlers.approval_rules`."""

    on: bool = True
    hours_a_node: float = Field(default=8, gt=0, le=80)
    reminders: int = Field(default=5, ge=1, le=20)
    tiers: tuple[Tier, ...] = (
        Tier(up_to=50_000, levels=("manager",)),
        Tier(up_to=200_000, levels=("manager", "director")),
        Tier(levels=("manager", "director", "general")),
    )
    discount_over: float = Field(default=15, ge=0, lt=100)
    discount_levels: tuple[ApproverLevel, ...] = ("manager",)
    general_manager: str = ""
    countersign_over: float = Field(default=0, ge=0)
    countersign: tuple[str, ...] = ()
    tell: tuple[str, ...] = ()

    @field_validator("tiers")
    @classmethod
    def ascending(cls, tiers: tuple[Tier, ...]) -> tuple[Tier, ...]:
        limits = [tier.up_to for tier in tiers]
        closed = [limit for limit in limits[:-1] if limit is not None]
        if not limits or limits[-1] is not None or len(closed) < len(limits) - 1 or closed != sorted(set(closed)):
            raise ValueError("up_to must rise from tier to tier, and the last tier has none: it holds for all above")
        return tiers


class WeCom(Section):
    corp_id: str = Field(min_length=1)
    agent_id: int
    secret: SecretStr = Field(min_length=1)
    token: SecretStr
    encoding_aes_key: SecretStr
    api_base: str = "https://qyapi.weixin.qq.com"
    proxy: str = ""
    timeout_s: float = Field(default=10.0, gt=0)
    media_timeout_s: float = Field(default=30.0, gt=0)
    media_max_bytes: int = Field(default=20 * 1024 * 1024, ge=1024, le=20 * 1024 * 1024)
    """WeCom hands out larger files in pieces only."""
    callback_path: str = "/wecom/callback"
    replay_window_s: int = Field(default=600, ge=60)
    per_member_per_minute: int = Field(default=30, ge=1, le=30)

    @field_validator("token")
    @classmethod
    def speakable(cls, token: SecretStr) -> SecretStr:
        return _speakable(token)

    @field_validator("encoding_aes_key")
    @classmethod
    def decodes_to_a_key(cls, key: SecretStr) -> SecretStr:
        return _decodes_to_a_key(key)

    @field_validator("api_base", "proxy")
    @classmethod
    def address(cls, url: str) -> str:
        return _http(url).rstrip("/")

    @field_validator("callback_path")
    @classmethod
    def rooted(cls, path: str) -> str:
        return _rooted(path)


class DingTalk(Section):
    client_id: str = Field(min_length=1)
    client_secret: SecretStr = Field(min_length=1)
    corp_id: str = ""
    robot_code: str = ""
    """Of our robot; the Client ID where it is empty."""
    mode: Literal["stream", "http"] = "stream"
    card_template_id: str = ""
    card_style: Literal["own", "general"] = "own"
    """Which variables the template has: those of docs/dingtalk-setup.md, or those of DingTalk's general AI card."""
    native_todos: bool = True
    event_token: SecretStr = SecretStr("")
    event_aes_key: SecretStr = SecretStr("")
    card_callback_secret: SecretStr = SecretStr("")
    callback_path: str = "/dingtalk/callback"
    card_callback_path: str = "/dingtalk/card"
    event_path: str = "/dingtalk/events"
    api_base: str = "https://api.dingtalk.com"
    oapi_base: str = "https://oapi.dingtalk.com"
    proxy: str = ""
    reply_hosts: tuple[str, ...] = ("oapi.dingtalk.com", "api.dingtalk.com")
    media_hosts: tuple[str, ...] = (".dingtalk.com", ".aliyuncs.com", ".alicdn.com")
    """What a file's address may end in: DingTalk hands out signed addresses in object storage."""
    timeout_s: float = Field(default=10.0, gt=0)
    media_timeout_s: float = Field(default=30.0, gt=0)
    media_max_bytes: int = Field(default=20 * 1024 * 1024, ge=1024, le=100 * 1024 * 1024)
    per_member_per_minute: int = Field(default=20, ge=1, le=20)
    calls_per_s: int = Field(default=20, ge=1, le=60)
    """Of one API: 20 for a standard organisation, 60 with the add-on."""

    @property
    def robot(self) -> str:
        return self.robot_code or self.client_id

    @field_validator("event_token")
    @classmethod
    def speakable(cls, token: SecretStr) -> SecretStr:
        return _speakable(token) if token.get_secret_value() else token

    @field_validator("event_aes_key")
    @classmethod
    def decodes_to_a_key(cls, key: SecretStr) -> SecretStr:
        return _decodes_to_a_key(key) if key.get_secret_value() else key

    @field_validator("api_base", "oapi_base", "proxy")
    @classmethod
    def address(cls, url: str) -> str:
        return _http(url).rstrip("/")

    @field_validator("callback_path", "card_callback_path", "event_path")
    @classmethod
    def rooted(cls, path: str) -> str:
        return _rooted(path)


class WeComBot(Section):
    """WeCom's AI bot: over its long connection with `secret`, or by callbacks with `token` and `encoding_aes_key`."""

    bot_id: str = Field(min_length=1)
    mode: Literal["socket", "callback"] = "socket"
    secret: SecretStr = SecretStr("")
    token: SecretStr = SecretStr("")
    encoding_aes_key: SecretStr = SecretStr("")
    callback_path: str = "/wecom-bot/callback"
    socket_url: str = "wss://openws.work.weixin.qq.com"
    proxy: str = ""
    reply_hosts: tuple[str, ...] = ("qyapi.weixin.qq.com",)
    media_hosts: tuple[str, ...] = (".weixin.qq.com", ".qpic.cn", ".myqcloud.com")
    timeout_s: float = Field(default=10.0, gt=0)
    media_timeout_s: float = Field(default=30.0, gt=0)
    media_max_bytes: int = Field(default=20 * 1024 * 1024, ge=1024, le=100 * 1024 * 1024)
    replay_window_s: int = Field(default=600, ge=60)
    per_member_per_minute: int = Field(default=30, ge=1, le=30)

    @field_validator("token")
    @classmethod
    def speakable(cls, token: SecretStr) -> SecretStr:
        return _speakable(token) if token.get_secret_value() else token

    @field_validator("encoding_aes_key")
    @classmethod
    def decodes_to_a_key(cls, key: SecretStr) -> SecretStr:
        return _decodes_to_a_key(key) if key.get_secret_value() else key

    @field_validator("socket_url")
    @classmethod
    def socket(cls, url: str) -> str:
        if not re.match(r"wss?://[^/\s]", url):
            raise ValueError("an address starting with wss:// is wanted")
        return url

    @field_validator("proxy")
    @classmethod
    def address(cls, url: str) -> str:
        return _http(url).rstrip("/")

    @field_validator("callback_path")
    @classmethod
    def rooted(cls, path: str) -> str:
        return _rooted(path)

    @model_validator(mode="after")
    def complete(self) -> Self:
        if self.mode == "socket" and not self.secret.get_secret_value():
            raise ValueError('mode = "socket" needs the secret of the long connection')
        if self.mode == "callback" and not (self.token.get_secret_value() and self.encoding_aes_key.get_secret_value()):
            raise ValueError('mode = "callback" needs token and encoding_aes_key')
        return self


GroupPurpose = Literal["escalations", "digests"]


class Group(Section):
    """An existing group chat that we send into by its webhook; `[groups.<name>]`."""

    platform: Literal["wecom", "dingtalk"]
    key: SecretStr = Field(min_length=1)
    """WeCom: the key, DingTalk: the access_token of the webhook's address. Whoever has it can write to the group."""
    secret: SecretStr = SecretStr("")
    """DingTalk, with the security setting 加签: starts with SEC."""
    keyword: str = ""
    """DingTalk, with the security setting 自定义关键词."""
    purposes: tuple[GroupPurpose, ...] = ("escalations", "digests")
    managers: tuple[str, ...] = ()
    """Names of those whose teams the group is about; everybody's where it is empty."""
    api_base: str = ""
    proxy: str = ""
    timeout_s: float = Field(default=10.0, gt=0)

    @field_validator("api_base", "proxy")
    @classmethod
    def address(cls, url: str) -> str:
        return _http(url).rstrip("/")


class Playground(Section):
    enabled: bool = False
    beside_real_platforms: bool = False


class Config(Section):
    server: Server = Server()
    storage: Storage = Storage()
    speech: Speech = Speech()
    pictures: Pictures = Pictures()
    model: Model = Model()
    scripts: Scripts = Scripts()
    conversation: Conversation = Conversation()
    calendar: Calendar = Calendar()
    rules: Rules = Rules()
    records: Records = Records()
    funnel: Funnel = Funnel()
    grading: Grading = Grading()
    leads: Leads = Leads()
    requests: Requests = Requests()
    approvals: Approvals = Approvals()
    evidence: Evidence = Evidence()
    vocabulary: Vocabulary = Vocabulary()
    wecom: WeCom | None = None
    wecom_bot: WeComBot | None = None
    dingtalk: DingTalk | None = None
    groups: dict[str, Group] = {}
    playground: Playground = Playground()

    @model_validator(mode="after")
    def one_funnel(self) -> Self:
        if self.funnel.stages and self.vocabulary.stages:
            raise ValueError("name the stages in [[funnel.stages]] or in vocabulary.stages, not in both")
        return self

    @property
    def has_real_platform(self) -> bool:
        return any((self.wecom, self.wecom_bot, self.dingtalk))

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.conversation.timezone)


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """Read config.toml, then the environment over it. Raises ConfigError, naming every faulty key.

    Relative paths in it count from the folder of `path`: every command finds the same database, wherever it is run.
    """
    try:
        values = tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path} not found; `visitbot init` writes one") from error
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    _overlay(values, environment)
    try:
        config = Config.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"{path}: " + "; ".join(_faults(error))) from error
    if config.playground.enabled and config.has_real_platform and not config.playground.beside_real_platforms:
        raise ConfigError(
            "playground.enabled lets anybody on this machine speak as any member; beside a real platform it also needs "
            "playground.beside_real_platforms = true"
        )
    return _anchored(config, path.absolute().parent)


def _faults(error: ValidationError) -> list[str]:
    faults = []
    for fault in error.errors(include_input=False, include_url=False):
        key = ".".join(map(str, fault["loc"]))
        message = "unknown key" if fault["type"] == "extra_forbidden" else fault["msg"].removeprefix("Value error, ")
        faults.append(f"{key}: {message}")
    return faults


def _overlay(values: dict[str, Any], environment: Mapping[str, str]) -> None:
    for name, value in environment.items():
        if not name.startswith(ENVIRONMENT_PREFIX):
            continue
        *sections, key = name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
        if not sections:
            _refuse_single_underscore(name)
            continue
        if key.endswith("_file"):
            key, value = key.removesuffix("_file"), _secret_in(name, Path(value))
        table: Any = values
        for depth, section in enumerate(sections, start=1):
            table = table.setdefault(section, {})
            if not isinstance(table, dict):
                path = ".".join(sections[:depth])
                raise ConfigError(f"{path}: a table is wanted: [{path}]")
        table[key] = value


def _refuse_single_underscore(name: str) -> None:
    """VISITBOT_WECOM_SECRET would otherwise be ignored in silence."""
    section, _, key = name.removeprefix(ENVIRONMENT_PREFIX).lower().partition("_")
    if section in Config.model_fields and key:
        right = f"{ENVIRONMENT_PREFIX}{section}__{key}".upper()
        raise ConfigError(f"{name}: two underscores stand between section and key: {right}")


def _secret_in(name: str, path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{name}: {path} cannot be read") from error


def _anchored(config: Config, folder: Path) -> Config:
    database = config.storage.database
    if database.startswith(SQLITE):
        database = SQLITE + str(folder / database.removeprefix(SQLITE))
    storage = config.storage.model_copy(update={"database": database, "media_dir": folder / config.storage.media_dir})
    speech = config.speech.model_copy(update={"models_dir": folder / config.speech.models_dir})
    calendar = config.calendar
    if calendar.file:
        calendar = calendar.model_copy(update={"file": str(folder / calendar.file)})
    return config.model_copy(update={"storage": storage, "speech": speech, "calendar": calendar})


def _speakable(token: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[0-9A-Za-z]{1,32}", token.get_secret_value()):
        raise ValueError("1 to 32 letters and digits are wanted, as entered in the admin console")
    return token


def _decodes_to_a_key(key: SecretStr) -> SecretStr:
    # 43 characters and "=" are 32 bytes. The last character carries spare bits: never compare a re-encoded key.
    text = key.get_secret_value()
    if not re.fullmatch(r"[0-9A-Za-z+/]{43}", text) or len(base64.b64decode(text + "=")) != 32:
        raise ValueError("43 letters and digits are wanted, as entered in the admin console")
    return key


def _rooted(path: str) -> str:
    if not path.startswith("/"):
        raise ValueError("a path starting with / is wanted")
    return path


def _http(url: str) -> str:
    if url and not re.match(r"https?://[^/\s]", url):
        raise ValueError("an address starting with http:// or https:// is wanted")
    return url

"""Cards about people: who left and who takes over, who would like back, and changes that look wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from handlers import actions, wording
from handlers.actions import NOT_CHOSEN, TAKER_SELECT
from handlers.cards import MAX_OPTIONS
from handlers.messages import CardButton, CardField, CardOption, CardSelect, OutboundCard, PlatformName
from storage.models import Member

PLATFORMS: Mapping[str, str] = {
    "wecom": "企业微信",
    "wecom_bot": "企业微信智能机器人",
    "dingtalk": "钉钉",
    "playground": "试用页面",
}
ROLE_NAMES: Mapping[str, str] = {
    "sales": "销售",
    "manager": "主管",
    "director": "总监",
    "admin": "管理员",
    "colleague": "协作人",
}
MOST_NAMES = 8


@dataclass(frozen=True)
class Holdings:
    """What lies with somebody."""

    customers: int
    todos: int
    drafts: int = 0

    def __bool__(self) -> bool:
        return bool(self.customers or self.todos or self.drafts)

    @property
    def words(self) -> str:
        """23 家客户、5 个待办、2 条待确认记录; what there is none of is left out."""
        parts = (
            (self.customers, "家客户"),
            (self.todos, "个待办"),
            (self.drafts, "条待确认记录"),
        )
        return "、".join(f"{count} {what}" for count, what in parts if count) or "没有客户和待办"


def platform_name(platform: PlatformName | str) -> str:
    return PLATFORMS.get(platform, platform)


def roles(member: Member) -> str:
    return "、".join(ROLE_NAMES[role] for role in ROLE_NAMES if role in member.roles)


def leaver_card(
    member: Member, holdings: Holdings, card_id: str, *, takers: Sequence[Member], left_on: date, today: date
) -> OutboundCard:
    """Somebody left: who takes over?"""
    hand_over = actions.HandOver(member_id=member.member_id)
    select = CardSelect(
        name=TAKER_SELECT,
        title="交接给",
        options=(
            CardOption(option_id=NOT_CHOSEN, text="请选择"),
            *(CardOption(option_id=str(taker.member_id), text=taker.name) for taker in takers[:MAX_OPTIONS]),
        ),
        selected=NOT_CHOSEN,
        action=hand_over.model_dump_json(),
    )
    return OutboundCard(
        card_id=card_id,
        title="同事离职交接",
        subtitle=f"{member.name} 已离职：{holdings.words}",
        fields=(CardField(label="离职", value=wording.day(left_on, today)),),
        body="\n".join(
            [
                "交接给谁？也可以直接回复接手人的姓名。",
                *(["待确认的记录留在原处，没有入库。"] if holdings.drafts else []),
            ]
        ),
        selects=(select,) if takers else (),
        buttons=(
            *((_button("交接", hand_over, "primary"),) if takers else ()),
            _button("稍后", actions.HandOverLater(member_id=member.member_id)),
        ),
    )


def back_card(member: Member, card_id: str, *, line: str, left_on: date, today: date) -> OutboundCard:
    """Somebody who left is there again; nothing opens for them until an admin says so."""
    return OutboundCard(
        card_id=card_id,
        title="离职成员又出现了",
        subtitle=f"{member.name} 又加入了公司，或给我发了消息",
        fields=(
            CardField(label="角色", value=roles(member)),
            CardField(label="上级", value=line or "无"),
            CardField(label="离职", value=wording.day(left_on, today)),
        ),
        body="恢复前，对方看不到、也改不了任何内容。",
        buttons=(
            _button("恢复", actions.RestoreMember(member_id=member.member_id), "primary"),
            _button("不恢复", actions.KeepOut(member_id=member.member_id), "danger"),
        ),
    )


def departures_card(
    card_id: str, names: Sequence[str], *, count: int, up_to: int, minutes: int, applied: int, late: str = ""
) -> OutboundCard:
    """Too many left at once to believe it: an admin decides. `names` are the first of them."""
    shown = "、".join(names) + (f" 等 {count} 人" if count > len(names) else "")
    return OutboundCard(
        card_id=card_id,
        title="组织架构同步异常",
        subtitle=f"{minutes} 分钟内 {applied + count} 人离职，已暂停",
        tone="alert",
        fields=(
            *((CardField(label="已处理", value=f"{applied} 人"),) if applied else ()),
            CardField(label="已暂停", value=f"{count} 人"),
        ),
        body="\n".join(
            filter(None, [f"暂停的：{shown}", "确认：按离职处理。忽略：当作没有发生。决定前，这些人照常使用。", late])
        ),
        buttons=(
            _button("确认", actions.ApplyDepartures(up_to=up_to), "danger"),
            _button("忽略", actions.DropDepartures(up_to=up_to), "primary"),
        ),
    )


def _button(text: str, action: actions.PeopleAction, style: str = "secondary") -> CardButton:
    return CardButton.model_validate({"text": text, "action": action.model_dump_json(), "style": style})

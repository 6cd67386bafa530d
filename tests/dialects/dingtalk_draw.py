"""How a phone shows a chat, in characters."""

from collections.abc import Mapping, Sequence

from tests.dialects.dingtalk_records import Message, Person

ICONS = {"audio": "🎤 语音", "picture": "🖼 图片", "video": "🎬 视频", "file": "📎 ", "press": "👆 "}


def drawn(message: Message, face: Sequence[str], people: Mapping[str, Person]) -> list[str]:
    clock = message.at.strftime("%H:%M:%S")
    if message.state == "recalled":
        return [f"[{clock}] （消息已撤回）"]
    if message.user:
        name = people[message.user].name if message.user in people else message.user
        return [f"[{clock}] {name}: {ICONS.get(message.kind, '')}{face[0] if face else ''}"]
    mark = "bot(工作通知)" if message.via == "work notice" else "bot"
    if message.kind != "card":
        first, *rest = "\n".join(face).split("\n")
        return [f"[{clock}] {mark}: {first}", *rest]
    return [f"[{clock}] {mark}: ┌ {face[0] if face else ''}", *(f"│ {line}" for line in face[1:])]

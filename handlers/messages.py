"""What people send us and what we send them, the same on every platform.

A platform's adapter turns its own dialect into an `InboundMessage` and an `Outbound` back into its dialect; nothing
past the adapter meets a `dict`.
"""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

PlatformName = Literal["wecom", "wecom_bot", "dingtalk", "group", "playground"]
"""`wecom_bot` is WeCom's AI bot (智能机器人); `group` stands for existing group chats that we only send into."""


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


# What comes in


class Text(Frozen):
    kind: Literal["text"] = "text"
    text: str


class Voice(Frozen):
    kind: Literal["voice"] = "voice"
    media_ref: str | None
    """None where the platform hands out nothing but its own transcript."""
    media_format: str | None = None
    duration_ms: int | None = None
    platform_transcript: str | None = None
    """What the platform itself heard, where it says so."""


class Image(Frozen):
    kind: Literal["image"] = "image"
    media_ref: str


class Video(Frozen):
    kind: Literal["video"] = "video"
    media_ref: str


class File(Frozen):
    kind: Literal["file"] = "file"
    media_ref: str
    file_name: str | None = None


class Location(Frozen):
    kind: Literal["location"] = "location"
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    label: str = ""


class Link(Frozen):
    kind: Literal["link"] = "link"
    title: str = ""
    description: str = ""
    url: str = ""


class CardClick(Frozen):
    """A button pressed on a card of ours; `action` is the button's own text, still untrusted."""

    kind: Literal["card_click"] = "card_click"
    card_id: str
    action: str
    chosen: dict[str, tuple[str, ...]] = {}
    """Options picked in the card's selectors, by selector name."""
    response_ref: str | None = None
    """What the platform wants back in order to change this card, usable once."""


class Entered(Frozen):
    """Somebody opened the chat with us, or was newly given access to us."""

    kind: Literal["entered"] = "entered"
    first_time: bool = False


class Left(Frozen):
    """Somebody lost access to us."""

    kind: Literal["left"] = "left"


class Outsider(Frozen):
    """Somebody wrote whom the platform does not name to us: not of the company, or our robot is not published."""

    kind: Literal["outsider"] = "outsider"


class DirectoryChange(Frozen):
    """The platform's list of people changed; `user_ids` are accounts, or departments where `change` says so."""

    kind: Literal["directory_change"] = "directory_change"
    change: Literal["joined", "left", "modified", "departments"]
    user_ids: tuple[str, ...]
    new_user_id: str | None = None
    """What the one account is called from now on, where that changed."""
    name: str | None = None
    """The person's name, where the platform says it."""
    manager_user_id: str | None = None
    """The account of whom they report to, where the platform says it."""


class ApprovalChange(Frozen):
    """A form in the platform's own approvals moved on."""

    kind: Literal["approval_change"] = "approval_change"
    process_id: str
    change: Literal["started", "finished", "terminated", "deleted"]
    result: Literal["agreed", "refused"] | None = None
    title: str = ""


class Ignored(Frozen):
    """An event that nobody waits for an answer to (a menu click without meaning, an organisation change)."""

    kind: Literal["ignored"] = "ignored"
    name: str


class Unsupported(Frozen):
    """Something a person sent that we cannot read; they are told so."""

    kind: Literal["unsupported"] = "unsupported"
    name: str


class Withheld(Frozen):
    """A message that the platform told us of without what it says."""

    kind: Literal["withheld"] = "withheld"
    reason: str
    """Why, for the person who wrote it; without a full stop."""


Content = Annotated[
    Text
    | Voice
    | Image
    | Video
    | File
    | Location
    | Link
    | CardClick
    | Entered
    | Left
    | Outsider
    | DirectoryChange
    | ApprovalChange
    | Ignored
    | Unsupported
    | Withheld,
    Field(discriminator="kind"),
]


class ReplyRoute(Frozen):
    """A way to answer one message that the platform gave with it, and takes until a certain moment."""

    ref: str
    until: AwareDatetime


class Sender(Frozen):
    platform: PlatformName
    user_id: str
    name: str | None = None
    """How the platform calls them, where it says so."""
    reply: ReplyRoute | None = None
    group: str | None = None
    """The group chat in which they wrote; what concerns only them is answered in the chat of the two of us."""

    @property
    def lane(self) -> str:
        """The lane in which this person's messages are worked and answered, in order."""
        return f"{self.platform}:{self.user_id}"


class InboundMessage(Frozen):
    event_id: str
    sender: Sender
    sent_at: AwareDatetime
    content: Content

    @property
    def key(self) -> str:
        """This event among all events of all platforms; what follows from it is named after it."""
        return f"{self.sender.platform}:{self.event_id}"


# What goes out


class OutboundText(Frozen):
    kind: Literal["text"] = "text"
    text: str = Field(min_length=1)


FileSort = Literal["image", "voice", "video", "file"]
"""As what something is shown in a chat."""


class OutboundFile(Frozen):
    """A piece of evidence, to be sent as the thing itself; it is read from the media store when its turn comes."""

    kind: Literal["file"] = "file"
    evidence_id: int
    member_id: int
    """Whose it is to be; whether they may have it is asked once more when it goes out."""
    sha256: str
    size_bytes: int
    sort: FileSort
    """As what it came."""
    name: str = Field(min_length=1)
    """The file's, as its sender called it; without an ending where it came without a name."""
    instead: str = Field(min_length=1)
    """Said, after the reason, where it cannot be sent."""
    beside: str = ""
    """Said after it where a picture or a recording has to go as a plain file, which phones may not show or play."""


class CardField(Frozen):
    label: str
    """At most five characters where it can be helped: that is what WeCom shows."""
    value: str


class CardOption(Frozen):
    option_id: str
    text: str


class CardSelect(Frozen):
    name: str
    title: str
    options: tuple[CardOption, ...] = Field(min_length=1, max_length=10)
    selected: str | None = None
    action: str = ""
    """What picking an option does by itself where the card is numbered text; nothing when empty."""


class CardButton(Frozen):
    text: str
    """At most ten characters."""
    action: str
    """What comes back in `CardClick.action`; at most 1,024 bytes, unique on its card."""
    style: Literal["primary", "secondary", "neutral", "danger"] = "secondary"


class Task(Frozen):
    """What a platform with to-dos of its own shows in a person's list in place of a to-do card."""

    subject: str
    due_at: AwareDatetime | None = None
    url: str
    """The page where it can be looked at and ticked off."""


class OutboundCard(Frozen):
    """A card, described once; each platform renders it as it can, or as text with numbered answers.

    `buttons` and at most one select beside them become a row of buttons; `submit` makes a form of the selects.
    """

    kind: Literal["card"] = "card"
    card_id: str = Field(pattern=r"^[0-9A-Za-z_\-@]{1,64}$")
    title: str
    subtitle: str = ""
    tone: Literal["neutral", "good", "alert"] = "neutral"
    fields: tuple[CardField, ...] = ()
    body: str = ""
    """Lines below the fields: next steps, hints."""
    body_in_one: bool = False
    """The lines of `body` are read together: where not all of them fit on the card, none is, and all go before it."""
    body_is_fixed: bool = False
    """Every line of `body` is there whatever its length: where room is short the longest are shortened."""
    quote: str = ""
    """Words quoted from a person, shown as a quotation."""
    selects: tuple[CardSelect, ...] = Field(default=(), max_length=3)
    buttons: tuple[CardButton, ...] = Field(default=(), max_length=6)
    submit: CardButton | None = None
    url: str | None = None
    task: Task | None = None
    """Set on a to-do's card."""


class CardUpdate(Frozen):
    """Closes a card that was sent before: its buttons turn grey and read `closing`.

    `response_ref` is that of the click which caused it; without one the sender uses the reference kept from sending.
    """

    kind: Literal["card_update"] = "card_update"
    card_id: str
    closing: str
    response_ref: str | None = None
    done: bool = False
    """What the card asked for has been done: a to-do in the platform's own list is ticked off."""
    fallback: str = ""
    """Sent as a text where the card itself can no longer be changed; nothing is sent when empty."""


Outbound = Annotated[OutboundText | OutboundCard | OutboundFile | CardUpdate, Field(discriminator="kind")]

OUTBOUND: TypeAdapter[OutboundText | OutboundCard | OutboundFile | CardUpdate] = TypeAdapter(Outbound)

JsonObject = dict[str, JsonValue]

"""The funnel: its stages, what has to be there before a deal may enter each, and what a given step would leave out.

Pure. `handlers.stages` does what follows from it; a company puts its own funnel in `[funnel]`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from handlers.scoring import GradeRules
from nlp.behaviours import BEHAVIOURS, Behaviour

SQL = "转为SQL"
"""What stands in a list of what is missing for a lead that sales has not taken over yet."""


@dataclass(frozen=True)
class Stage:
    name: str
    cues: tuple[str, ...] = ()
    """Words that show it, beside its name and what the assistant knows of the usual stages."""
    needs: tuple[str, ...] = ()
    """The documents that a deal needs to enter it, by their labels."""
    days: int | None = None
    """Working days that a deal should take here at most; None: nobody has said."""
    weight: int | None = None
    """With how much of its amount a deal in it counts in a forecast, in percent; None: it does not count."""


@dataclass(frozen=True)
class Funnel:
    """Stages in their order."""

    name: str
    stages: tuple[Stage, ...]
    has_gates: bool = True
    """Whether a stage waits for what it needs."""
    checks_leads: bool = True
    """Whether whatever comes after the first stage waits until sales has taken the lead over."""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(stage.name for stage in self.stages)

    def place(self, name: str | None) -> int:
        """From 0; -1 before the first, and for a name that is none of the funnel's (a stage renamed since)."""
        return self.names.index(name) if name in self.names else -1

    def stage(self, name: str | None) -> Stage | None:
        place = self.place(name)
        return self.stages[place] if place >= 0 else None

    def passed(self, was: str | None, to: str) -> tuple[Stage, ...]:
        """The stages that a step enters, `to` being the last: several where it leaves some out, none going back."""
        return self.stages[self.place(was) + 1 : self.place(to) + 1]

    def left_out(self, was: str | None, to: str) -> tuple[str, ...]:
        """The stages that a step jumps over. A deal that was in none before has jumped over nothing,
        and where no stage waits for anything, jumps are nobody's business.

        >>> SIX.left_out("线索获取", "方案设计"), SIX.left_out(None, "方案设计"), SIX.left_out("报价审批", "线索获取")
        (('需求确认',), (), ())
        """
        if not self.has_gates or self.place(was) < 0:
            return ()
        return tuple(stage.name for stage in self.passed(was, to)[:-1])


@dataclass(frozen=True)
class Proof:
    """What is there for a deal."""

    documents: Collection[str] = ()
    is_sql: bool = False
    waived: Collection[str] = ()
    """What somebody entitled let pass."""


def missing(funnel: Funnel, was: str | None, to: str, proof: Proof) -> tuple[str, ...]:
    """What a deal lacks to go from one stage to another, in the order of the stages; empty where it may.

    A jump needs what the stages that it leaves out need, or else it would be the way around them. Going back needs
    nothing.

    >>> missing(SIX, "需求确认", "报价审批", Proof(is_sql=True)), missing(SIX, None, "需求确认", Proof(["需求调研表"]))
    (('技术部确认',), ('转为SQL',))
    """
    if not funnel.has_gates:
        return ()
    entered = funnel.passed(was, to)
    needs = [SQL] if funnel.checks_leads and not proof.is_sql and entered and funnel.place(to) > 0 else []
    needs += [need for stage in entered for need in stage.needs if need not in proof.documents]
    return tuple(need for need in dict.fromkeys(needs) if need not in proof.waived)


# What every team knows

_NEEDS: Mapping[str, tuple[str, ...]] = {
    "需求确认": ("需求调研表",),
    "需求诊断": ("需求调研表",),
    "报价审批": ("技术部确认",),
    "合同签订": ("营业执照", "采购意向书"),
    "样品测试": ("试用协议",),
    "报价": ("首次试用反馈录音",),
    "合同审核": ("双方签字页", "法务批注"),
    "签约回款": ("营业执照", "采购意向书"),
}
"""Source: the product's table of entry evidence. It asks a trial for its agreement and the recording of the first
feedback; the recording cannot exist before the trial, so it is what the stage behind it needs."""
_DAYS: Mapping[str, int] = {
    "线索获取": 5,
    "首次触达": 5,
    "需求确认": 10,
    "需求诊断": 10,
    "方案设计": 10,
    "方案演示": 10,
    "样品测试": 10,
    "报价审批": 5,
    "报价": 5,
    "商务谈判": 10,
    "合同签订": 10,
    "合同审核": 10,
}
"""Our own choice, for the shape of a funnel only; the rule on stalled stages has a threshold of its own."""
_WEIGHTS: Mapping[str, int] = {"方案设计": 40, "方案演示": 40, "报价审批": 70, "报价": 70}
"""Source: the product's forecast weights; the long funnel's stages by what they correspond to. Whatever lies beyond
takes proof (a passed trial, a letter of intent), which a stage alone is not."""


def known_stage(name: str, *, cues: Sequence[str] = ()) -> Stage:
    """A stage by its name, with what is usual where the name is one of ours."""
    return Stage(name, tuple(cues), _NEEDS.get(name, ()), _DAYS.get(name), _WEIGHTS.get(name))


def of_names(name: str, names: Sequence[str]) -> Funnel:
    return Funnel(name, tuple(known_stage(stage) for stage in names))


SIX = of_names("A", ("线索获取", "需求确认", "方案设计", "报价审批", "合同签订", "交付执行"))
EIGHT = of_names("B", ("首次触达", "需求诊断", "方案演示", "样品测试", "报价", "商务谈判", "合同审核", "签约回款"))
TEMPLATES: Mapping[str, Funnel] = {funnel.name: funnel for funnel in (SIX, EIGHT)}


@dataclass(frozen=True)
class LeadRules:
    """What leads earn points by, and from how many on they go to the senior group."""

    behaviours: tuple[Behaviour, ...] = BEHAVIOURS
    senior_from: int = 30
    senior_group: tuple[str, ...] = ()
    """Names of members; none: leads stay where they are."""

    def points(self, name: str) -> int:
        """Nothing for what the company does not count any more."""
        return next((one.points for one in self.behaviours if one.name == name), 0)

    def called(self, said: str) -> Behaviour | None:
        """The one that is called so, or the only one whose name holds the words.

        >>> LeadRules().called("白皮书").name
        '下载白皮书'
        """
        exact = [one for one in self.behaviours if one.name == said]
        found = exact or [one for one in self.behaviours if said and said in one.name]
        return found[0] if len(found) == 1 else None


@dataclass(frozen=True)
class DealRules:
    """What a company may choose about its deals; the defaults are those of config.toml."""

    funnel: Funnel = field(default=SIX)
    pushed_days: int = 15
    """Calendar days by which an expected signing day may move before it is frozen."""
    hours_a_level: float = 8
    """Working hours until a question to somebody up the line goes on up."""
    grading: GradeRules = field(default_factory=GradeRules)
    leads: LeadRules = field(default_factory=LeadRules)

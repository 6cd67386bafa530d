"""A note, the context it is read in, and answers to it: what the tests of the language model share."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from nlp.draft import CustomerEntry, ExtractionContext, VisitDraft
from nlp.extract import extract
from nlp.lexicon import default_vocabulary, merged
from nlp.llm_schema import Answer
from tests.dialects.openai_like import EMPTY

SHANGHAI = ZoneInfo("Asia/Shanghai")
SENT_AT = datetime(2026, 11, 20, 15, 30, tzinfo=SHANGHAI)
CUSTOMERS = (
    CustomerEntry("宁波恒力阀门有限公司", ("恒力", "恒力阀门"), ("王建国",)),
    CustomerEntry("宁波恒丽服饰有限公司", ("恒丽",)),
    CustomerEntry("绍兴宏达纺织有限公司", ("宏达", "宏达纺织")),
    CustomerEntry("杭州宏达机电有限公司", ("宏达", "宏达机电")),
)
NOTE = (
    "刚从恒力出来，见了采购部的王经理，预算大概八十万，不对，八十五万，他们嫌贵。"
    "我答应下周三前把安装排期表给他，电话13800138000。"
)


def context(competitors: tuple[str, ...] = ()) -> ExtractionContext:
    vocabulary = merged(default_vocabulary(), competitors=competitors)
    return ExtractionContext(SENT_AT, vocabulary, SHANGHAI, "text", CUSTOMERS)


def rules(text: str, within: ExtractionContext | None = None) -> VisitDraft:
    return extract(text, within or context())


def answer(**fields: Any) -> Answer:
    return Answer.model_validate({"customer": None, **fields})


def complete(**fields: Any) -> dict[str, Any]:
    """An answer with every key, as servers that enforce a schema give it."""
    return {**EMPTY, **fields}

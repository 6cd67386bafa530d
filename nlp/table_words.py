"""The words of a quotation's header and of the rows below its goods, and how letters are levelled before they are compared."""

import re
import unicodedata
from typing import Literal

__all__ = ["ADJUSTS", "IN_BRACKETS", "LONGEST_HEADER", "Role", "flat", "flat_line", "role_of"]

Role = Literal[
    "number",
    "name",
    "spec",
    "brand",
    "quantity",
    "unit",
    "price",
    "amount",
    "rate",
    "tax",
    "discount",
    "delivery",
    "note",
]
_WORDS_OF: dict[Role, str] = {
    "number": r"序号|序|编号|项次|项号|行号|NO\.?|№|#|ITEM(?:NO\.?)?",
    "rate": r"(?:增值|发票)?税率|税点|TAX(?:RATE)?|VAT",
    "tax": r"税额|税金|增值税额?",
    "discount": r"折扣率?|折率|优惠率|优惠|DISCOUNT",
    "quantity": r".{0,4}(?:数量|用量|台数|件数|套数|工程量|QTY\.?|QUANTITY)|数",
    "unit": r"(?:计量|计价|数量)?单位|UNITS?",
    "price": r".{0,6}(?:单价|价格|报价|原价|售价|折后价|优惠价|面价|市场价|标价|税价|净价|执行价|到手价|批发价|零售价|出厂价|PRICE)",
    "amount": r".{0,6}(?:金额|小计|合计|合价|总价|总额|总计|总金额|AMOUNT|TOTAL)",
    "delivery": r".{0,4}(?:交期|货期|交货期|交付期|工期|交货日期|交货时间|供货时间|供货周期|周期|LEADTIME|DELIVERY)",
    "note": r"备注(?:说明)?|说明|附注|注释?|REMARKS?|NOTES?|质保期?|保修期?|图片|图样|照片|用途",
    "brand": r"品牌.{0,4}|(?:生产)?厂[家商]|产地|制造商|供应商|BRAND|ORIGIN",
    "spec": r".{0,6}(?:规格|型号|参数|配置|尺寸|料号|编码|图号|货号|材质|材料|颜色|版本|系列|MODEL|SPECS?\.?|SPECIFICATIONS?|SKU|P/N|PARTNO\.?)(?:[/及和]?(?:规格|型号|参数|说明|要求|描述))?",
    "name": r".{0,4}(?:名称|品名|品种|类别|分类|内容|明细|描述|部位)(?:[/及和]?(?:规格|型号|描述|内容))?|产品|货物|商品|设备|物料|物品|项目|服务|货品|DESCRIPTION|NAME|PRODUCTS?",
}
"""In the order in which they are tried: 品牌型号 is a brand's column, 折扣率 no price's."""
_ROLES = tuple((role, re.compile(words)) for role, words in _WORDS_OF.items())
IN_BRACKETS = re.compile(r"[(\[【].{0,12}?[)\]】]")
_OPEN_BRACKET = re.compile(r"[(\[【][^)\]】]{0,8}$")
"""单价(元/ over 人): the line ends within the bracket."""
_MONEY_UNIT = re.compile(r"[:/,]?(?:人民币|RMB|CNY|万?元)$")
LONGEST_HEADER = 14
"""Characters of one header."""

ADJUSTS = re.compile(
    r"(?:整单|现金|商务|特别)?(?:优惠|折扣|折让|让利|抹零|税金|税额|增值税|税费|减免?)|(?:运|运输|物流|安装|调试|服务|管理|包装|其[他它]|规)费用?|(?:VAT|(?:SALES)?TAX|DISCOUNT)",
    re.IGNORECASE,
)
"""Rows that take off the sum or add to it."""


def flat(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).replace("￥", "¥").split())


def flat_line(line: str) -> str:
    """Level, but with spaces: they part the cells."""
    return unicodedata.normalize("NFKC", line).replace("￥", "¥").strip()


def role_of(words: str) -> Role | None:
    """What a column under these words holds; None where they are no header's.

    A bracket behind says in what it is counted: 单价(元), 金额（含税）.
    """
    written = flat(words).upper()
    if not written or len(written) > LONGEST_HEADER * 2:
        return None
    bare = _MONEY_UNIT.sub("", _OPEN_BRACKET.sub("", IN_BRACKETS.sub("", written)))
    if not bare or len(bare) > LONGEST_HEADER:
        return None
    return next((role for role, pattern in _ROLES if pattern.fullmatch(bare)), None)

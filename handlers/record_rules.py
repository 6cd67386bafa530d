"""What a confirmed record has to tell, and what of one is worth a second look. The defaults are the product's."""

from dataclasses import dataclass
from typing import Literal

Required = Literal["customer", "contact", "step", "stage", "amount", "stage_or_amount"]


@dataclass(frozen=True)
class RecordRules:
    """What a company may choose about its records."""

    required: tuple[Required, ...] = ("customer", "contact", "step", "stage_or_amount")
    """Stage and amount are asked of what is about a deal alone, and only until the deal is known by one."""
    low_credibility_percent: int = 20
    """What is below is told of: not typed words of the same day with customer, contact and action. Our own choice."""
    waiting_days: int = 5
    """Working days; a stage that has waited for what is missing for longer is told of."""

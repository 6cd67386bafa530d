"""Who has to agree to a quote or a discount, by its amount. The defaults are the product's."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["manager", "director", "general"]
LEVELS: tuple[Level, ...] = ("manager", "director", "general")
FEN_PER_YUAN = 100


@dataclass(frozen=True)
class Tier:
    """Amounts below `up_to` yuan, or any where it is None."""

    up_to: float | None
    levels: tuple[Level, ...]


DEFAULT_TIERS = (
    Tier(50_000, ("manager",)),
    Tier(200_000, ("manager", "director")),
    Tier(None, ("manager", "director", "general")),
)


@dataclass(frozen=True)
class ApprovalRules:
    on: bool = True
    hours_a_node: float = 8
    """Working hours."""
    reminders: int = 5
    """Working days on which the last of a chain is reminded, where nobody is above them."""
    tiers: tuple[Tier, ...] = DEFAULT_TIERS
    discount_over: float = 15
    """More percent off than this, and at least `discount_levels` have to agree, whatever the amount."""
    discount_levels: tuple[Level, ...] = ("manager",)
    general_manager: str = ""
    """By name; where it is empty, whoever is at the top of the requester's line."""
    countersign_over: float = 0
    """From this amount on, in yuan, the departments of `countersign` agree as well."""
    countersign: tuple[str, ...] = ()
    tell: tuple[str, ...] = ()
    """The departments, or people by name, who get a to-do once a quote or discount is approved."""

    def levels_for(self, amount_fen: int, percent_off: float | None) -> tuple[Level, ...]:
        """In their order.

        >>> ApprovalRules().levels_for(49_999_00, None), ApprovalRules().levels_for(50_000_00, 10)
        (('manager',), ('manager', 'director'))
        >>> ApprovalRules(tiers=(Tier(None, ()),)).levels_for(10_000_00, 20)
        ('manager',)
        """
        fits = (tier for tier in self.tiers if tier.up_to is None or amount_fen < tier.up_to * FEN_PER_YUAN)
        tier = next(fits, self.tiers[-1])
        wanted = {*tier.levels, *(self.discount_levels if percent_off and percent_off > self.discount_over else ())}
        return tuple(level for level in LEVELS if level in wanted)

    def countersigners_for(self, amount_fen: int) -> tuple[str, ...]:
        return self.countersign if amount_fen >= self.countersign_over * FEN_PER_YUAN else ()

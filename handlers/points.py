"""Points for evidence: what each kind is worth, who has how many, who leads."""

from handlers.context import Context
from storage.models import Evidence


def points_of(ctx: Context, piece: Evidence) -> int:
    """What a piece in a customer's file is worth: nothing for a copy, for a later version, or without a label."""
    if piece.customer_id is None or piece.copy_of is not None or (piece.version or 1) > 1 or piece.label is None:
        return 0
    return ctx.settings.evidence_points.get(piece.label, 0)

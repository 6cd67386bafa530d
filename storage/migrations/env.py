"""Run by Alembic inside `Database.migrate`, on the connection and in the transaction that it was given."""

from typing import Any, Literal

from alembic import context

import storage.jobs
import storage.keys
import storage.models
import storage.presence
import storage.sends  # noqa: F401  each brings its tables along
from storage.base import Base, UtcDateTime


def render(kind: str, thing: Any, _context: object) -> str | Literal[False]:
    """In a migration, a moment is the plain column beneath: migrations outlive the classes of today."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(thing, UtcDateTime) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_item=render,
    # SQLite cannot alter most things in place: the table is copied instead.
    render_as_batch=True,
)
context.run_migrations()

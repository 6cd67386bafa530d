"""Signed links: only what we made reads, for the person it was made for, and as long as it was meant to."""

import base64
import hmac
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from handlers.links import EvidenceLink, Links, TodoLink
from tests.fakes import NOON

SECRET = bytes(range(32))
LATER = NOON + timedelta(days=365)
LINKS = Links(SECRET, "https://bot.example.com/visits/")


def token_of(links: Links = LINKS, todo_id: int = 7, member_id: int = 3) -> str:
    url = links.todo(todo_id, member_id, until=LATER)
    assert url is not None
    return url.rpartition("/")[2]


def test_a_link_leads_to_the_public_address_and_reads_back() -> None:
    url = LINKS.todo(7, 3, until=LATER)

    assert url == f"https://bot.example.com/visits/todo/{token_of()}"
    assert LINKS.read_todo(token_of(), NOON) == TodoLink(7, 3, LATER)


def test_without_a_public_address_there_is_no_link() -> None:
    assert Links(SECRET, "").todo(7, 3, until=LATER) is None


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1))
def test_every_link_is_safe_in_an_address_and_reads_back(todo_id: int, member_id: int) -> None:
    token = token_of(LINKS, todo_id, member_id)

    assert set(token) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
    link = LINKS.read_todo(token, NOON)
    assert link is not None
    assert (link.todo_id, link.member_id) == (todo_id, member_id)


def test_a_link_ends_with_its_time_and_is_known_to_have_ended() -> None:
    token = token_of()

    assert LINKS.read_todo(token, LATER - timedelta(seconds=1)) is not None
    assert not LINKS.has_ended(token, LATER - timedelta(seconds=1))
    assert LINKS.read_todo(token, LATER) is None
    assert LINKS.has_ended(token, LATER)


def test_another_installations_link_is_none_of_ours() -> None:
    token = token_of(Links(bytes(32), "https://bot.example.com"))

    assert LINKS.read_todo(token, NOON) is None
    assert not LINKS.has_ended(token, LATER)


@given(st.integers(0, 75), st.integers(1, 63))
def test_no_character_of_a_link_can_be_changed(at: int, by: int) -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    token = token_of()
    changed = token[:at] + letters[(letters.index(token[at]) + by) % 64] + token[at + 1 :]

    assert LINKS.read_todo(changed, NOON) is None
    assert not LINKS.has_ended(changed, LATER)


@given(st.text(max_size=200))
@example("")
@example("=" * 76)
@example("A" * 76)
@example("好" * 76)
@example("\ud800" * 76)
@example("+/" * 38)
def test_anything_else_is_no_link_and_breaks_nothing(text: str) -> None:
    assert LINKS.read_todo(text, NOON) is None
    assert not LINKS.has_ended(text, LATER)


@pytest.mark.parametrize("change", [lambda token: token + "=", lambda token: " " + token[1:], lambda token: token[:-1]])
def test_a_link_has_one_spelling_only(change: Callable[[str], str]) -> None:
    assert LINKS.read_todo(change(token_of()), NOON) is None


def test_what_the_key_signs_is_marked_as_a_todo_link() -> None:
    """A seal of the same key over the bare content, made for something else, does not open a to-do."""
    content = base64.urlsafe_b64decode(token_of())[:25]
    forged = base64.urlsafe_b64encode(content + hmac.digest(SECRET, content, "sha256")).decode()

    assert LINKS.read_todo(forged, NOON) is None


def test_a_link_to_evidence_reads_back_and_is_no_link_to_a_to_do() -> None:
    url = LINKS.evidence(7, 3, until=LATER)
    assert url is not None
    token = url.rpartition("/")[2]

    assert url == f"https://bot.example.com/visits/evidence/{token}"
    assert LINKS.read_evidence(token, NOON) == EvidenceLink(7, 3, LATER)
    assert LINKS.read_evidence(token, LATER) is None
    assert LINKS.has_ended(token, LATER)
    assert LINKS.read_todo(token, NOON) is None
    assert LINKS.read_evidence(token_of(), NOON) is None
    assert Links(SECRET, "").evidence(7, 3, until=LATER) is None

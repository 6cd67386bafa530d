"""Open answers: whatever the order of events, nothing is said twice or taken for said that was not."""

import asyncio
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.wecom_bot.exchanges import Exchange, Exchanges
from tests.fakes import FakeClock

EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.integers(0, 5)),
        st.tuples(st.just("ask"), st.booleans()),
        st.tuples(st.just("wait"), st.sampled_from([1, 14, 31, 120, 340])),
        st.tuples(st.just("message"), st.integers(0, 2)),
    ),
    max_size=25,
)


@given(EVENTS)
def test_what_counts_as_said_can_be_read_and_is_there_once(events: list[tuple[str, int]]) -> None:
    asyncio.run(_goes_well(events))


async def _goes_well(events: list[tuple[str, int]]) -> None:
    clock = FakeClock()
    exchanges = Exchanges(clock)
    opened: list[Exchange] = [exchanges.open("m-0", "u", None)]
    shown: dict[str, str] = {}
    finished: set[str] = set()
    saying: dict[str, asyncio.Task[bool]] = {}
    for what, number in events:
        if what == "say" and f"words-{number}" not in saying:
            exchange = exchanges.of("u", None)
            if exchange is not None:
                words = f"words-{number}"
                saying[words] = asyncio.create_task(exchanges.say(exchange, words, text=words))
        elif what == "message":
            opened.append(exchanges.open(f"m-{number}", "u", None))
        elif what == "wait":
            clock.advance(timedelta(seconds=number))
        elif what == "ask":
            for exchange in {one.stream_id: one for one in opened}.values():
                answer = exchanges.answer(exchange)
                if not number:
                    continue  # the answer was lost on its way
                stream = answer.body["stream"]
                assert isinstance(stream, dict)
                content = str(stream["content"])
                if exchange.stream_id in finished:
                    assert shown[exchange.stream_id] == content
                shown[exchange.stream_id] = content
                finished |= {exchange.stream_id} if stream["finish"] else set()
                answer.carried()
        for _ in range(3):
            await asyncio.sleep(0)
    clock.advance(timedelta(minutes=10))
    said = {words for words, task in saying.items() if await task}
    everything = "\n".join(shown.values())
    assert all(everything.count(words) == 1 for words in said)
    # one answer that came too late for the last question may stand there, and is said again elsewhere; no more
    assert all(everything.count(words) <= 1 for words in saying)


async def test_somebody_elses_answer_is_not_mine() -> None:
    clock = FakeClock()
    exchanges = Exchanges(clock)
    exchanges.open("m-1", "anna", None)
    exchanges.open("m-2", "anna", "group")
    assert exchanges.of("bert", None) is None
    assert exchanges.of("anna", "elsewhere") is None
    mine = exchanges.of("anna", None)
    assert mine is not None
    assert mine.message_id == "m-1"


async def test_old_answers_are_forgotten() -> None:
    clock = FakeClock()
    exchanges = Exchanges(clock)
    first = exchanges.open("m-1", "anna", None)
    clock.advance(timedelta(minutes=15))
    exchanges.open("m-2", "bert", None)
    assert exchanges.find(first.stream_id) is None
    assert exchanges.of("anna", None) is None

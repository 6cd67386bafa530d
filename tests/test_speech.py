import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from bot.config import Speech
from nlp import hearsay
from nlp.audio import SAMPLE_RATE_HZ, Samples
from nlp.errors import AudioTooLong, EmptyAudio, EngineUnavailable, NoSpeech, NotAudio
from nlp.hearing import Heard, Hearing, SpeechEngine, Word
from nlp.phrases import phrases
from nlp.speech import SpeechListener
from nlp.speech_models import PACKAGES, packaged_parts
from nlp.transcript import Listener
from nlp.whisper import FasterWhisperEngine, pauses_s, speech_s
from tests.sounds import encoded, tone

SAMPLE = Path(__file__).parent.parent / "bot" / "playground" / "sample" / "visit.amr"
NOTE = encoded("amr", tone(8.0))
NAMES = ("宁波恒力阀门有限公司", "王建国")


@dataclass
class FakeEngine:
    """Answers what it was told to, in turn, and keeps what it was asked."""

    answers: list[Hearing]
    asked: list[tuple[Samples, tuple[str, ...]]] = field(default_factory=list)
    name: str = "fake"
    waiting: int = 0

    async def transcribe(self, samples: Samples, hot_words: Sequence[str]) -> Hearing:
        self.asked.append((samples, tuple(hot_words)))
        return self.answers.pop(0)


_engine: SpeechEngine = FakeEngine([])
_listener: Listener = SpeechListener(_engine)


def heard(text: str, *, speech_s: float | None = None, **figures: float) -> Hearing:
    """One stretch of seven seconds; as much speech as the text takes, unless told otherwise."""
    good = {"logprob": -0.2, "no_speech": 0.01, "compression": 1.1}
    return Hearing((Heard(0.0, 7.0, text, **(good | figures)),), speech_s or max(1.0, len(text) / 5))


def spoken(text: str, start_s: float = 0.0, *, gaps_s: dict[int, float] | None = None) -> tuple[Word, ...]:
    """A word for each character, a fifth of a second each; `gaps_s` are pauses before the words at these places."""
    words, at_s = [], start_s
    for place, character in enumerate(text):
        at_s += (gaps_s or {}).get(place, 0.0)
        words.append(Word(at_s, at_s + 0.2, character))
        at_s += 0.2
    return tuple(words)


# Listening


async def test_a_note_is_heard_in_simplified_characters_with_its_times() -> None:
    engine = FakeEngine([heard("剛從寧波恆力閥門出來,見了採購部的王經理")])

    transcript = await SpeechListener(engine).listen(NOTE)

    assert transcript.text == "刚从宁波恒力阀门出来，见了采购部的王经理"
    assert transcript.duration_s == pytest.approx(8.0, abs=0.1)
    assert transcript.engine == "fake"
    assert transcript.warnings == ()


async def test_characters_are_left_alone_where_simplified_ones_are_not_wanted() -> None:
    engine = FakeEngine([heard("預算八十萬")])

    transcript = await SpeechListener(engine, simplified=False).listen(NOTE)

    assert transcript.text == "預算八十萬"


async def test_an_offset_in_the_text_leads_to_the_moment_it_was_said() -> None:
    text = "見了王經理預算八十五萬"
    words = spoken(text, gaps_s={5: 0.6})
    stretch = Heard(0.0, words[-1].end_s, text, -0.2, 0.01, 1.1, words)
    engine = FakeEngine([Hearing((stretch,), 3.0, (1.3,))])

    transcript = await SpeechListener(engine).listen(NOTE)

    assert transcript.text == "见了王经理，预算八十五万"
    assert [segment.text for segment in transcript.segments] == ["见了王经理，", "预算八十五万"]
    assert transcript.time_at(transcript.text.index("八十五")) == pytest.approx(1.6)
    assert "".join(segment.text for segment in transcript.segments) == transcript.text


async def test_only_the_first_twelve_hot_words_reach_the_engine() -> None:
    engine = FakeEngine([heard("今天拜访了客户")])

    await SpeechListener(engine).listen(NOTE, hot_words=tuple(f"客户{n}" for n in range(40)))

    assert engine.asked[0][1] == tuple(f"客户{n}" for n in range(12))


async def test_a_quiet_note_is_made_louder_and_says_so() -> None:
    engine = FakeEngine([heard("今天拜访了客户")])

    transcript = await SpeechListener(engine).listen(encoded("wav", tone(2.0, level=0.005)))

    assert float(np.abs(engine.asked[0][0]).max()) == pytest.approx(0.3, abs=0.01)
    assert transcript.warnings == ("quiet",)


async def test_a_damaged_note_is_heard_as_far_as_it_goes_and_says_so() -> None:
    engine = FakeEngine([heard("今天拜访了客户")])

    transcript = await SpeechListener(engine).listen(NOTE[: len(NOTE) // 2])

    assert transcript.warnings == ("damaged",)


@pytest.mark.parametrize(
    ("audio", "error"),
    [
        (b"", EmptyAudio),
        (b"#!AMR\n", EmptyAudio),
        (b'{"errcode":40007}', NotAudio),
        (encoded("wav", tone(0.2)), NoSpeech),
        (encoded("amr", tone(3.0, level=0.0)), NoSpeech),
        (encoded("amr", tone(12.0)), AudioTooLong),
    ],
    ids=["nothing", "a header", "an error page", "too short", "silent", "too long"],
)
async def test_what_cannot_be_heard_is_refused_before_the_engine_is_asked(audio: bytes, error: type[Exception]) -> None:
    engine = FakeEngine([])

    with pytest.raises(error):
        await SpeechListener(engine, max_duration_s=10).listen(audio)

    assert engine.asked == []


@pytest.mark.parametrize(
    "hearing",
    [
        Hearing(()),
        heard("试试试试", speech_s=0.1),
        heard("谢谢观看", no_speech=0.5),
        heard("嗯", no_speech=0.8, logprob=-1.1),
        heard("武" * 60, compression=9.0),
        Hearing((Heard(0, 7, "中文字幕志愿者 李宗盛"),)),
        Hearing((Heard(0, 7, "   "),)),
    ],
    ids=[
        "nothing",
        "no speech in it",
        "a subtitle",
        "a guess over silence",
        "a loop",
        "a subtitle, no figures",
        "blank",
    ],
)
async def test_what_nobody_said_is_not_a_transcript(hearing: Hearing) -> None:
    with pytest.raises(NoSpeech):
        await SpeechListener(FakeEngine([hearing])).listen(NOTE)


async def test_an_invented_stretch_is_dropped_and_the_rest_kept() -> None:
    said = Heard(0, 3, "今天拜访了客户", -0.2, 0.01, 1.0)
    invented = Heard(20, 24, "请不吝点赞订阅", -0.4, 0.5, 1.0)

    transcript = await SpeechListener(FakeEngine([Hearing((said, invented), 3.0)])).listen(NOTE)

    assert transcript.text == "今天拜访了客户"


async def test_the_word_subtitle_may_be_said() -> None:
    transcript = await SpeechListener(FakeEngine([heard("客户要求视频带字幕")])).listen(NOTE)

    assert transcript.text == "客户要求视频带字幕"


@pytest.mark.parametrize(
    "poor",
    [
        heard("今天拜访了", speech_s=20.0),
        heard("今" * 90 + "天拜访了客户", speech_s=8.0, compression=1.5),
        heard("宁波恒力阀门有限公司、王建国", speech_s=4.0),
        heard("就是嫌我们贵1%" + "贵1%" * 40, compression=2.0),
        heard("", speech_s=6.0),
        Hearing((Heard(0, 9, "今天拜访", -0.2, 0.0, 1.0, (Word(0, 0.4, "今天"), Word(0.4, 9, "拜访"))),), 4.0),
    ],
    ids=["half is missing", "too much", "only the names", "a loop", "nothing", "a word of nine seconds"],
)
async def test_an_implausible_hearing_is_tried_again_without_hot_words(poor: Hearing) -> None:
    engine = FakeEngine([poor, heard("今天拜访了宁波横力阀门", speech_s=3.0)])

    transcript = await SpeechListener(engine).listen(NOTE, hot_words=NAMES)

    assert [names for _, names in engine.asked] == [NAMES, ()]
    assert transcript.text == "今天拜访了宁波横力阀门"
    assert transcript.warnings == ("hot_words_dropped",)


async def test_what_stays_implausible_is_kept_and_called_suspect() -> None:
    engine = FakeEngine([heard("今天拜访了", speech_s=20.0), heard("今天拜访了客户", speech_s=20.0)])

    transcript = await SpeechListener(engine).listen(NOTE, hot_words=NAMES)

    assert transcript.text == "今天拜访了客户"
    assert transcript.warnings == ("hot_words_dropped", "suspect")


async def test_without_hot_words_there_is_no_second_try() -> None:
    engine = FakeEngine([heard("今天拜访了", speech_s=20.0)])

    transcript = await SpeechListener(engine).listen(NOTE)

    assert len(engine.asked) == 1
    assert transcript.warnings == ("suspect",)


async def test_a_loop_that_stays_is_said_once() -> None:
    text = "就是嫌我们贵1%" + "贵1%" * 9 + "说要等预算"
    engine = FakeEngine([Hearing((Heard(0, 9, text, -0.2, 0.0, 1.9, spoken(text)),), 8.0)])

    transcript = await SpeechListener(engine).listen(NOTE)

    assert transcript.text == "就是嫌我们贵1%说要等预算"
    assert "suspect" in transcript.warnings


async def test_an_unsure_engine_is_reported() -> None:
    transcript = await SpeechListener(FakeEngine([heard("今天拜访了客户", logprob=-0.8)])).listen(NOTE)

    assert transcript.warnings == ("low_confidence",)


@pytest.mark.parametrize(
    "text",
    [
        "预算80万亿",
        "预算大概80万云",
        "电话是1380013800",
        "电话138001380001",
        "周二上五十点要我去",
        "下午25点",
        "13月1号",
        "十二月三十五号前",
    ],
)
def test_numbers_that_nobody_says_are_odd(text: str) -> None:
    assert hearsay.has_odd_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "预算80万元",
        "电话13800138000",
        "周二上午十点",
        "下午三点半",
        "12月31号前",
        "十二月一号前",
        "涨了五十个点",
        "一百三十五万",
        "12345号楼",
    ],
)
def test_ordinary_numbers_are_not_odd(text: str) -> None:
    assert not hearsay.has_odd_number(text)


# Phrases


def cut(text: str, *, gaps_s: dict[int, float] | None = None, pauses_s: tuple[float, ...] = ()) -> list[str]:
    words = spoken(text, gaps_s=gaps_s)
    hearing = Hearing((Heard(0, words[-1].end_s, text, words=words),), None, pauses_s)
    return [segment.text for segment in phrases(hearing)]


def test_a_pause_becomes_a_comma() -> None:
    assert cut("预算八十万不对八十五万", gaps_s={5: 0.5}, pauses_s=(1.2,)) == ["预算八十万，", "不对八十五万"]


def test_a_pause_that_the_words_do_not_show_cuts_no_word() -> None:
    assert cut("预算八十五万", pauses_s=(0.7,)) == ["预算八十五万"]


def test_marks_and_spaces_of_the_engine_end_phrases_too() -> None:
    assert cut("方案认可,预算80万。 要等") == ["方案认可，", "预算80万。", "要等"]


@pytest.mark.parametrize(
    "text", ["报价1,200,000元", "涨了1.5倍", "交给 SAP 顾问"], ids=["thousands", "decimal", "latin"]
)
def test_marks_within_numbers_stay(text: str) -> None:
    words = spoken(text)
    joined = "".join(segment.text for segment in phrases(Hearing((Heard(0, 9, text, words=words),))))

    assert joined.replace("，", "").replace(" ", "") == text.replace("，", "").replace(" ", "")


def test_stretches_without_words_stay_whole() -> None:
    hearing = Hearing((Heard(0, 3, " 方案认可 预算八十万"), Heard(3, 5, "要等预算。")))

    assert [(s.start_s, s.text) for s in phrases(hearing)] == [(0, "方案认可，预算八十万，"), (3, "要等预算。")]


# Times of speech, from where it was found

PAD, SECOND = 6_400, SAMPLE_RATE_HZ


def test_speech_is_counted_without_the_widening() -> None:
    clips = [(SECOND - PAD, 2 * SECOND + PAD), (5 * SECOND - PAD, 6 * SECOND + PAD)]

    assert speech_s(clips, 10 * SECOND) == pytest.approx(2.0)
    assert pauses_s(clips) == (3.5,)


def test_clips_that_touch_hide_a_short_pause() -> None:
    clips = [(0, 2 * SECOND), (2 * SECOND, 4 * SECOND)]

    assert speech_s(clips, 4 * SECOND) == pytest.approx(4.0 - 0.16)
    assert pauses_s(clips) == (2.0,)


def test_music_in_which_a_moment_sounds_like_speech_has_no_speech() -> None:
    assert speech_s([(8 * SECOND, 8 * SECOND + 2 * PAD + 800)], 24 * SECOND) < 0.3


# The real engine


async def test_a_model_that_cannot_be_loaded_is_named_in_chinese(tmp_path: Path) -> None:
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (tmp_path / name).write_bytes(b"{}")
    engine = FasterWhisperEngine(str(tmp_path), models_dir=tmp_path)

    with pytest.raises(EngineUnavailable) as caught:
        await engine.load()
    await engine.close()

    assert "加载失败" in caught.value.hint


async def test_notes_that_wait_can_be_counted(tmp_path: Path) -> None:
    """They wait for the model here, which a lock holds back, and fail together when it is not there."""
    engine = FasterWhisperEngine(str(tmp_path / "none"), models_dir=tmp_path)
    notes = [asyncio.create_task(engine.transcribe(tone(), ())) for _ in range(3)]
    await asyncio.sleep(0)

    assert engine.waiting == 2
    results = await asyncio.gather(*notes, return_exceptions=True)
    await engine.close()

    assert [type(result) for result in results] == [EngineUnavailable] * 3
    assert engine.waiting == 0


packaged = pytest.mark.skipif(not packaged_parts(PACKAGES), reason="the speech-model extra is not installed")


@pytest.fixture(scope="module")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.mark.model
@packaged
class TestWithThePackagedModel:
    async def test_the_sample_note_is_understood(self, models_dir: Path) -> None:
        engine = FasterWhisperEngine(models_dir=models_dir)
        names = ("宁波恒力阀门有限公司", "宁波恒丽服饰有限公司", "绍兴宏达纺织有限公司", "王建国", "周海燕", "林佩珊")

        transcript = await SpeechListener(engine).listen(SAMPLE.read_bytes(), hot_words=names)
        await engine.close()

        for words in (
            "恒力阀门",
            "采购部",
            "王经理",
            "80万",
            "不对",
            "85万",
            "15%",
            "领导还没批",
            "等预算",
            "下周三",
            "12月1号",
        ):
            assert words in transcript.text.replace("八十五万", "85万").replace("八十万", "80万")
        assert transcript.warnings == ()
        assert len(transcript.segments) > 4
        starts_s = [segment.start_s for segment in transcript.segments]
        assert starts_s == sorted(starts_s)
        assert transcript.engine == "faster-whisper/base"

    async def test_the_event_loop_goes_on_while_a_note_is_heard(self, models_dir: Path) -> None:
        engine = FasterWhisperEngine(models_dir=models_dir)
        await engine.load()
        listening = asyncio.create_task(SpeechListener(engine).listen(SAMPLE.read_bytes()))
        turns = 0
        while not listening.done():
            await asyncio.sleep(0.01)
            turns += 1
        await engine.close()

        assert turns > 20

    @pytest.mark.parametrize("level", [0.0005, 0.3], ids=["faint", "loud"])
    async def test_noise_is_not_speech(self, models_dir: Path, level: float) -> None:
        noise = np.random.default_rng(1).normal(0, level / 3, 5 * SAMPLE_RATE_HZ).clip(-1, 1).astype(np.float32)
        engine = FasterWhisperEngine(models_dir=models_dir)

        with pytest.raises(NoSpeech):
            await SpeechListener(engine).listen(encoded("amr", noise))
        await engine.close()

    async def test_speech_between_long_silences_is_heard_once(self, models_dir: Path) -> None:
        frames = SAMPLE.read_bytes()
        silence = b"\x7c" * 50 * 15  # frames without data, 20 ms each
        engine = FasterWhisperEngine(models_dir=models_dir)

        transcript = await SpeechListener(engine).listen(frames[:6] + silence + frames[6:] + silence)
        await engine.close()

        assert transcript.text.count("预算大概") == 1
        assert transcript.segments[0].start_s == pytest.approx(15, abs=1)


def test_the_defaults_of_the_configuration_fit_the_engine() -> None:
    speech = Speech()

    assert FasterWhisperEngine(speech.model, models_dir=speech.models_dir, hub=speech.hub).name == "faster-whisper/base"

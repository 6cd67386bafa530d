"""How far to trust what an engine says it heard.

Whisper invents: subtitles' closing lines over music, loops, the names it was told to expect. Each rule here met its
case; where an engine does not report a figure, the rules that need it are silent.
"""

import re
import zlib
from collections.abc import Collection
from dataclasses import replace
from itertools import accumulate

from nlp.hearing import Heard, Hearing

MAX_NO_SPEECH, MIN_LOGPROB = 0.6, -0.7
"""Both passed: nobody speaks there, and the words are a guess."""
MAX_COMPRESSION = 2.4
"""As in Whisper itself; a loop, since no speech repeats itself so."""
SUBTITLE_NO_SPEECH = 0.3
SUBTITLES = re.compile(r"字幕|谢谢观看|感谢收看|感谢观看|点赞|订阅|打赏|作词|作曲|明镜与点点|Amara|李宗盛")
SUBTITLE_LINE = re.compile(
    r"\W*(?:(?:中文)?字幕(?:制作|提供|由.{0,20}提供|志愿者.{0,20})?|(?:谢谢|感谢)(?:大家)?(?:的)?(?:观看|收看)"
    r"|请不吝.{0,40}|(?:作词|作曲)\W*.{0,8}|.{0,12}Amara.{0,12})\W*"
)
"""The same as a whole line, for engines that do not say how likely silence is."""

LOOP = re.compile(r"(\D{1,2}|.{3,12}?)\1{5,}")
"""The same six times on end, which the compression of a whole stretch may hide. Not digits: 000000 is a number."""
CHARACTERS_A_SECOND = (2.0, 9.0)
"""Of speech, without pauses: good transcripts had 4.1 and more, one that had lost half the note 1.3."""
MIN_SPEECH_TO_COUNT_S = 5.0
LONGEST_WORD_S = 4.0
"""A syllable that lasts longer stands where speech was skipped: aligning words with sound has to put it somewhere."""
UNSURE_LOGPROB = -0.6


def believable(hearing: Hearing) -> Hearing:
    """Without the stretches that nobody said, and with loops said once."""
    kept = (_unlooped(heard) for heard in hearing.stretches if not is_invented(heard))
    return replace(hearing, stretches=tuple(heard for heard in kept if heard.text.strip()))


def _unlooped(heard: Heard) -> Heard:
    loops = [(loop.end(1), loop.end()) for loop in LOOP.finditer(heard.text)]
    if not loops:
        return heard

    def is_kept(at: int) -> bool:
        return not any(start <= at < end for start, end in loops)

    ends = accumulate(len(word.text) for word in heard.words)
    words = tuple(word for word, end in zip(heard.words, ends, strict=True) if is_kept(end - 1))
    text = "".join(letter for at, letter in enumerate(heard.text) if is_kept(at))
    return replace(heard, text="".join(word.text for word in words) if words else text, words=words)


def is_invented(heard: Heard) -> bool:
    silent = heard.no_speech or 0.0
    if silent > MAX_NO_SPEECH and heard.logprob is not None and heard.logprob < MIN_LOGPROB:
        return True
    if _compression(heard) > MAX_COMPRESSION:
        return True
    if heard.no_speech is None:
        return SUBTITLE_LINE.fullmatch(heard.text.strip()) is not None
    return silent > SUBTITLE_NO_SPEECH and SUBTITLES.search(heard.text) is not None


def _compression(heard: Heard) -> float:
    if heard.compression is not None:
        return heard.compression
    encoded = heard.text.encode()
    return len(encoded) / len(zlib.compress(encoded)) if encoded else 0.0


def is_plausible(hearing: Hearing, hot_words: Collection[str]) -> bool:
    """Whether as much was heard as was spoken, and not merely the names that were expected."""
    kept = believable(hearing)
    if any(LOOP.search(heard.text) for heard in hearing.stretches):
        return False
    text = "".join(_letters(heard.text) for heard in kept.stretches)
    if hot_words and (not text or _is_recital(text, hot_words)):
        return False
    if any(word.end_s - word.start_s > LONGEST_WORD_S for heard in kept.stretches for word in heard.words):
        return False
    if hearing.speech_s is None or hearing.speech_s < MIN_SPEECH_TO_COUNT_S:
        return True
    fewest, most = CHARACTERS_A_SECOND
    return fewest <= len(text) / hearing.speech_s <= most


def _is_recital(text: str, hot_words: Collection[str]) -> bool:
    """Two of the expected names or more, and not a word besides."""
    names = sorted((_letters(word) for word in hot_words), key=len, reverse=True)
    rest, found = text, 0
    for name in filter(None, names):
        found += rest.count(name)
        rest = rest.replace(name, "")
    return not rest and found > 1


def _letters(text: str) -> str:
    return "".join(letter for letter in text if letter.isalnum())


def is_unsure(hearing: Hearing) -> bool:
    weighed = [(heard.logprob, len(heard.text)) for heard in hearing.stretches if heard.logprob is not None]
    letters = sum(length for _, length in weighed)
    return letters > 0 and sum(logprob * length for logprob, length in weighed) / letters < UNSURE_LOGPROB


_DIGIT = r"[\d零〇一二两三四五六七八九十百]"
_SAID_TWICE = re.compile(r"万[万亿云]|亿[亿万]|[十百千]亿万")
_LONG_NUMBER = re.compile(r"(?<!\d)1[3-9][\d -]{6,}\d(?!\d)")
_CLOCK = re.compile(rf"[午上下早晚晨天号]({_DIGIT}+)[点时](?!{_DIGIT})")
_DAY = re.compile(rf"({_DIGIT}+)月份?({_DIGIT}+)[号日]")
MOBILE_DIGITS = 11


def has_odd_number(text: str) -> bool:
    """Whether a number stands there that people hardly say, so that it was probably misheard."""
    if _SAID_TWICE.search(text):
        return True
    if any(sum(map(str.isdigit, run)) != MOBILE_DIGITS for run in _LONG_NUMBER.findall(text)):
        return True
    if any(_value(hour) > 24 for hour in _CLOCK.findall(text)):
        return True
    return any(_value(month) > 12 or _value(day) > 31 for month, day in _DAY.findall(text))


_DIGIT_VALUES = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}


def _value(number: str) -> int:
    """Of a whole number below a thousand, in either script: 25, 二十五, 一百零五."""
    if number.isascii():
        return int(number)
    total = digit = 0
    for character in number:
        if character in "十百":
            total += (digit or 1) * (10 if character == "十" else 100)
            digit = 0
        else:
            digit = int(character) if character.isdigit() and character.isascii() else _DIGIT_VALUES.get(character, 0)
    return total + digit

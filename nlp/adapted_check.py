"""Whether a reworded script says what the script and the record say, and nothing else. Pure, and strict: what is refused
costs nothing, for then the library's own words are sent.

Each sentence is cut into pieces, and every piece must be accounted for: a run of words of a source that it rests on, a number
that stands there for the same thing, a name of the record, or a word that cannot claim anything (`nlp.adapted_words`). No
share of strange words is allowed; one would be enough for 免费. Then, of what was taken over: as many negations, the same party
doing it, questions still asked, conditions and caveats kept, and not much left out.

What the customer said may be said back to them (您提到…), and never becomes something that we say.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from nlp import adapted_words as words
from nlp import clauses
from nlp.adapted import BACKGROUND, NAMES, Fact, Passage, Rewrite, Sentence
from nlp.adapted_figures import Figure
from nlp.adapted_text import BLANK, KNOWN, MARKS, Clause, Source, Text
from nlp.adapted_words import Party

FaultKind = Literal[
    "shape", "length", "figure", "name", "promise", "words", "negation", "party", "mood", "caveat", "left out"
]

LONGER = 1.3
"""So much longer than the script at most: it is read aloud in front of a customer."""
MOST_AT_ONCE = 4
"""Sentences of the script that one sentence may rest on; more, and it is a new text of old words."""
KEPT = 0.75
"""Of the script's own characters, how many must stand in the new text."""
KEPT_OF_CAVEAT = 0.6
"""The same of each sentence that takes something back, denies, or sets a condition."""
KEPT_OF_CLAUSE = 0.5
"""Of a clause of the script, before a clause of the new text rests on it: a word or two of it may mean anything."""
KEPT_OF_MERGED = 0.8
"""The same where one clause is made of several."""
LEAST_OF_CLAUSE = 3
"""A clause with fewer characters that say something (可以, 没有) is one only where the script's is as short."""
ENDS = ("。", "！", "？", "；", "：", "!", "?", ";", ":", "。”", "？”")
LONGEST_PIECE = 24


@dataclass(frozen=True)
class Piece:
    start: int
    end: int
    kind: Literal["mark", "glue", "figure", "source"]
    cost: float
    places: tuple[tuple[Source, int, int], ...] = ()
    """Where it may come from: the source, and from where to where there."""


Place = tuple[str, int]
"""A clause of the script: its sentence, and where it begins there."""


class _Refused(Exception):
    def __init__(self, kind: FaultKind) -> None:
        super().__init__(kind)
        self.kind: FaultKind = kind


def fault(passage: Passage, facts: Sequence[Fact], rewrite: Rewrite) -> FaultKind | None:
    """The first reason not to say it so; None where it may be said."""
    try:
        _check(passage, facts, rewrite)
    except _Refused as refused:
        return refused.kind
    return None


def _check(passage: Passage, facts: Sequence[Fact], rewrite: Rewrite) -> None:
    if not rewrite.sentences or any(not each.text.strip() or "\n" in each.text.strip() for each in rewrite.sentences):
        raise _Refused("shape")
    if any(_runs_on(one.text, other.text) for one, other in pairwise(rewrite.sentences)):
        raise _Refused("shape")
    if len(BLANK.sub("", rewrite.words)) > LONGER * len(BLANK.sub("", passage.words)):
        raise _Refused("length")
    names = _names(facts)
    script = [
        Source(str(number), Text.of(sentence, names)) for number, sentence in enumerate(passage.sentences, start=1)
    ]
    known = [
        Source(f"F{number}", Text.of(said, names), fact)
        for number, fact in enumerate(facts, start=1)
        for said in dict.fromkeys(filter(None, (fact.words, fact.quote)))
    ]
    kept: dict[str, set[int]] = {each.key: set() for each in script}
    said: dict[str, str] = {each.key: "" for each in script}
    for sentence in rewrite.sentences:
        rests_on = _rests_on(sentence, script, known)
        text = Text.of(sentence.text, names)
        for source, start, end in _accounted(text, rests_on):
            if source.fact is None:
                kept[source.key].update(range(start, end))
        for source in rests_on:
            if source.fact is None:
                said[source.key] += text.plain + "\n"
    _whole(script, kept, said)


def _runs_on(one: str, other: str) -> bool:
    """Whether two sentences would be read as one."""
    on_one_line = not one.startswith("-") and not other.startswith("-")
    return on_one_line and not one.strip().endswith(ENDS)


def _names(facts: Iterable[Fact]) -> dict[str, Party]:
    parties: dict[str, Party] = {"customer": "customer", "contact": "customer", "competitor": "them"}
    return {BLANK.sub("", clauses.fold(fact.words)): parties[fact.kind] for fact in facts if fact.kind in parties}


def _rests_on(sentence: Sentence, script: Sequence[Source], known: Sequence[Source]) -> list[Source]:
    """What it names, and the names of the record, which need no naming."""
    wanted = set(sentence.rests_on)
    found = [each for each in script if each.key in wanted]
    facts = [
        each
        for each in known
        if each.fact is not None
        and (each.fact.kind in NAMES or (each.key in wanted and each.fact.kind not in BACKGROUND))
    ]
    if wanted - {each.key for each in (*script, *known)} or len(found) > MOST_AT_ONCE:
        raise _Refused("shape")
    return found + facts


# A sentence, piece by piece


def _accounted(text: Text, sources: Sequence[Source]) -> list[tuple[Source, int, int]]:
    """The places that the sentence is made of."""
    script = [each for each in sources if each.fact is None]
    if any(not KNOWN.match(each) and each not in MARKS for each in text.plain):
        raise _Refused("shape")
    for match in words.PROMISES.finditer(text.plain):
        if not any(match[0] in each.text.plain for each in script):
            raise _Refused("promise")
    figures = [_figure(text, each, sources) for each in text.figures]
    for start, end in text.latin:
        if not any(_is_latin_of(text.plain[start:end], each.text) for each in sources):
            raise _Refused("name")
    _mood(text, script)
    if _promises_more(text, sources):
        raise _Refused("mood")
    pieces = _cut(text, sources, figures)
    _clauses(text, pieces)
    _in_order(pieces)
    _not_mixed(text, pieces)
    _rest_on_clauses(text, pieces)
    return [place for piece in pieces for place in piece.places]


def _promises_more(text: Text, sources: Sequence[Source]) -> bool:
    """Whether 可以 is said more often than what it rests on says it: 您要三个月，可以. A question promises nothing."""

    def times(of: Text) -> int:
        return sum(len(words.CAN.findall(clause.text)) for clause in of.clauses if not clause.asks)

    return times(text) > sum(times(each.text) for each in sources)


def _clauses(text: Text, pieces: Sequence[Piece]) -> None:
    """What of a clause stands alone: nothing that says yes, or judges. What the customer said is mixed with nothing."""
    for clause in text.clauses:
        inside = [piece for piece in pieces if clause.start <= piece.start < clause.end]
        if all(piece.kind in ("glue", "mark") for piece in inside) and not words.ALONE.fullmatch(clause.text):
            raise _Refused("words")
        if any(_names_rival(piece) for piece in inside) and not any(
            source.fact is None and source.text.clause_at(at).own_party == "them"
            for piece in inside
            for source, at, _ in piece.places
        ):
            raise _Refused("party")
        for piece, behind in zip(inside, [*inside[1:], None], strict=True):
            is_judgement = text.plain[piece.start : piece.end] in words.MEASURES and piece.kind == "source"
            if is_judgement and (behind is None or behind.kind not in ("figure", "glue")):
                raise _Refused("words")
        if any(_is_said(piece) for piece in inside) and any(
            piece.places and not _is_of_facts(piece) and not _is_echo(text.plain[piece.start : piece.end])
            for piece in inside
        ):
            raise _Refused("party")


def _is_said(piece: Piece) -> bool:
    """Whether only the customer said it, or we did before."""
    return bool(piece.places) and all(
        source.fact is not None and source.fact.kind not in NAMES for source, _, _ in piece.places
    )


def _names_rival(piece: Piece) -> bool:
    return any(source.fact is not None and source.fact.kind == "competitor" for source, _, _ in piece.places)


def _is_of_facts(piece: Piece) -> bool:
    return any(source.fact is not None for source, _, _ in piece.places)


def _is_echo(said: str) -> bool:
    return said in words.GLUE or words.ECHO.fullmatch(said) is not None


def _in_order(pieces: Sequence[Piece]) -> None:
    """Who bears what, and what comes first, is as much in the order of the words as in the words."""
    reached: dict[tuple[str, int], int] = {}
    for piece in pieces:
        if len(piece.places) != 1 or piece.end - piece.start == 1:
            continue  # a word that stands there twice tells of no order
        [(source, at, _)] = piece.places
        there = source.text.clause_at(at)
        if source.fact is not None or not (there.commits or words.IN_ORDER.search(there.text)):
            continue
        if at < reached.get((source.key, there.start), 0):
            raise _Refused("party")
        reached[source.key, there.start] = at


def _figure(text: Text, figure: Figure, sources: Sequence[Source]) -> Piece:
    """The number with where it stands in the sources, for the same thing."""
    places = [
        (source, other.start, other.end)
        for source in sources
        for other in source.text.figures
        if figure.equals(other) and figure.stands_like(other)
    ]
    if not places:
        raise _Refused("figure")
    return Piece(figure.start, figure.end, "figure", 0.0, tuple(places))


def _is_latin_of(word: str, text: Text) -> bool:
    return word.lower() in {text.plain[start:end].lower() for start, end in text.latin}


def _mood(text: Text, script: Sequence[Source]) -> None:
    """A question of the script is no statement, and a statement no question; nor is a condition left away."""
    if not script:
        return
    if text.asks and not any(each.text.asks or any(c.asks for c in each.text.clauses) for each in script):
        raise _Refused("mood")
    if all(each.text.asks for each in script) and words.ASKS.search(text.plain) is None:
        raise _Refused("mood")
    if any(words.IF.search(each.text.plain) for each in script) and not words.IF.search(text.plain):
        raise _Refused("caveat")


def _cut(text: Text, sources: Sequence[Source], figures: Sequence[Piece]) -> list[Piece]:
    """The cheapest way to account for every character. Raises where there is none."""
    plain = text.plain
    starting: dict[int, list[Piece]] = {}
    faulty: list[tuple[int, int, FaultKind]] = []
    for piece in (*figures, *_latin_pieces(text, sources), *_pieces(text, sources, figures)):
        kinds = [_misplaced(text, piece, place) for place in piece.places]
        fitting = tuple(place for place, kind in zip(piece.places, kinds, strict=True) if kind is None)
        if piece.places and not fitting:
            faulty += [(piece.start, piece.end, kind) for kind in kinds if kind is not None]
        else:
            starting.setdefault(piece.start, []).append(replace(piece, places=fitting))
    best: list[tuple[float, Piece | None]] = [(0.0, None), *[(float("inf"), None)] * len(plain)]
    for at in range(len(plain)):
        for piece in starting.get(at, ()):
            cost = best[at][0] + piece.cost
            if cost < best[piece.end][0]:
                best[piece.end] = (cost, piece)
    if best[len(plain)][0] == float("inf"):
        reached = max(at for at, (cost, _) in enumerate(best) if cost < float("inf"))
        longest = max(
            (each for each in faulty if each[0] <= reached < each[1]), key=lambda each: each[1] - each[0], default=None
        )
        raise _Refused(longest[2] if longest else "words")
    found: list[Piece] = []
    at = len(plain)
    while at:
        step = best[at][1]
        assert step is not None  # its cost is finite
        found.append(step)
        at = step.start
    return found[::-1]


def _latin_pieces(text: Text, sources: Sequence[Source]) -> Iterator[Piece]:
    for start, end in text.latin:
        word = text.plain[start:end].lower()
        places = tuple(
            (source, a, b) for source in sources for a, b in source.text.latin if source.text.plain[a:b].lower() == word
        )
        yield Piece(start, end, "source", 0.0, places)


def _pieces(text: Text, sources: Sequence[Source], figures: Sequence[Piece]) -> Iterator[Piece]:
    plain = text.plain
    taken = {at for piece in figures for at in range(piece.start, piece.end)}
    taken |= {at for start, end in text.latin for at in range(start, end)}
    for start, character in enumerate(plain):
        if start in taken:
            continue
        if character in MARKS:
            yield Piece(start, start + 1, "mark", 0.0)
            continue
        for end in range(start + 1, min(len(plain), start + LONGEST_PIECE) + 1):
            if end - 1 in taken or plain[end - 1] in MARKS:
                break
            said = plain[start:end]
            if said in words.GLUE or _is_glue_here(text, start, said):
                yield Piece(start, end, "glue", 1.5)
            if places := tuple(_places(said, sources)):
                yield Piece(start, end, "source", 1.0, places)
            elif places := tuple(_like(said, sources)):
                yield Piece(start, end, "source", 1.3, places)


def _is_glue_here(text: Text, start: int, said: str) -> bool:
    before, clause = text.plain[:start], text.clause_at(start)
    return (
        (said == words.BUT and start == clause.start)
        or (said == "都" and words.OF_ALL.search(before) is not None)
        or (said in words.AFTER_US and before.endswith(words.US))
        or (clause.asks and _is_modal(said))
    )


def _places(said: str, sources: Sequence[Source]) -> Iterator[tuple[Source, int, int]]:
    """A run of a source: two characters or more, or one that is a word there."""
    for source in sources:
        if len(said) == 1 and not _may_stand_alone(said, source):
            continue
        at = source.text.plain.find(said)
        while at >= 0:
            yield source, at, at + len(said)
            at = source.text.plain.find(said, at + 1)


def _may_stand_alone(said: str, source: Source) -> bool:
    return said in source.text.loose or (source.fact is None and (said in words.VERBS or _is_modal(said)))


def _is_modal(said: str) -> bool:
    return any(said in those for those in words.MODALS)


def _like(said: str, sources: Sequence[Source]) -> Iterator[tuple[Source, int, int]]:
    """Where another word for the same stands; a verb said twice is that verb."""
    others = {other for those in (*words.SAME, *words.MODALS) if said in those for other in those} - {said}
    if said in (said[0] * 2, f"{said[0]}一{said[0]}") and said[0] in words.VERBS:
        others.add(said[0])
    if said in words.THEM:
        others |= set(words.THEM)
    for source in sources:
        if source.fact is not None and source.fact.kind != "competitor":
            continue
        for other in others:
            at = source.text.plain.find(other)
            if at >= 0:
                yield source, at, at + len(other)


# What was taken over, and how it stands now


def _misplaced(text: Text, piece: Piece, place: tuple[Source, int, int]) -> FaultKind | None:
    """What is wrong with taking the piece from there."""
    source, at, end = place
    clause = text.clause_at(piece.start)
    if source.fact is not None:
        return _misused(text, clause, piece, source, source.fact)
    there = source.text.clause_at(at)
    if bool(clause.denials) != bool(there.denials):
        return "negation"
    if sum(one < piece.start for one in clause.denials) != sum(one < at for one in there.denials):
        return "negation"
    if (left := _cut_off(source.text, at)) and text.plain[piece.start - 1 : piece.start] != left:
        return "negation"
    if there.asks and not clause.asks:
        return "mood"
    if _ends_in_modal(clause) and not clause.asks and not _ends_in_modal(there):
        return "mood"
    neighbours = zip(_beside(text.plain, piece.start, piece.end), _beside(source.text.plain, at, end), strict=True)
    if any(mine and theirs and mine[0] == theirs[0] and mine != theirs for mine, theirs in neighbours):
        return "party"
    if clause.text.startswith(words.MUTUAL) and there.text.startswith(words.MUTUAL):
        return None
    return _elsewise(clause, there, source, is_figure=piece.kind == "figure")


def _cut_off(text: Text, at: int) -> str:
    """The character of negation before a place: 不同 and 没关系, cut in two, say the opposite."""
    left = text.plain[at - 1 : at]
    is_asked = any(match.start() < at <= match.end() for match in words.ASKED_NOT.finditer(text.plain))
    return left if at and left in words.NOT and not is_asked else ""


def _beside(plain: str, start: int, end: int) -> tuple[tuple[bool, Party] | None, tuple[bool, Party] | None]:
    """Who stands right before it (您的节奏), and right behind it (联系您), and whether they are spoken to there."""
    before = plain[:start].removesuffix("的")
    return (
        next(
            (
                (before.removesuffix(name).endswith(words.SPOKEN_TO), party)
                for party, names in words.PARTIES.items()
                for name in names
                if before.endswith(name)
            ),
            None,
        ),
        next(
            ((False, party) for party, names in words.PARTIES.items() for name in names if plain.startswith(name, end)),
            None,
        ),
    )


def _ends_in_modal(clause: Clause) -> bool:
    return clause.text.endswith(tuple(each for those in words.MODALS for each in those))


def _elsewise(clause: Clause, there: Clause, source: Source, *, is_figure: bool) -> FaultKind | None:
    """Whether somebody else does it."""
    mine, theirs = clause.party, there.party
    if there.own_party is None and clause.own_party == "customer" and not (clause.commits or is_figure):
        theirs = None  # 有空扫一眼: whose it is goes without saying, and is said now
    if mine and theirs and mine != theirs:
        return "party"
    if (clause.commits or is_figure) and theirs is not None and mine != theirs:
        return "party"
    if clause.commits and there.own_party is None and clause.own_party not in (None, there.party):
        return "party"
    if clause.own_party == "us" and theirs is None and (source.text.is_item or not words.JOINS_IN.search(clause.text)):
        return "party"
    if clause.own_party == "them" and theirs is None:
        return "party"
    if there.given_to and clause.given_to and there.given_to != clause.given_to:
        return "party"
    return None


def _misused(text: Text, clause: Clause, piece: Piece, source: Source, fact: Fact) -> FaultKind | None:
    """A customer is called or spoken of by name; what they said is said back to them; what we agreed to is ours."""
    if fact.kind == "competitor":
        return None
    before = text.plain[clause.start : piece.start]
    if fact.kind in NAMES:
        rest = clause.text.replace(text.plain[piece.start : piece.end], "", 1)
        is_meant = not rest or "您" in clause.text or "贵" in clause.text or words.ALONE.fullmatch(rest) is not None
        return None if is_meant else "party"
    if fact.kind == "own_step":
        return None if clause.own_party == "us" and not clause.denials else "party"
    there = source.text.clause_at(_first(piece, source))
    if len(clause.denials) != len(there.denials):
        return "negation"
    if any(name in clause.text for name in words.US):
        return "party"
    if words.ECHO.search(before) or (fact.kind == "pain" and _names_customer(before) and not clause.commits):
        return None
    return None if fact.kind == "budget" and clause.party in (None, "customer") and not clause.commits else "party"


def _names_customer(said: str) -> bool:
    return any(name in said for name in words.CUSTOMER)


def _first(piece: Piece, source: Source) -> int:
    return next(at for each, at, _ in piece.places if each is source)


def _not_mixed(text: Text, pieces: Sequence[Piece]) -> None:
    """A clause takes its words from one of the script, or nearly all of several: 延保可以谈 and 批下来写进合同 do not make
    延保可以写进合同."""
    for clause in text.clauses:
        drawn: dict[tuple[str, int], set[int]] = {}
        wholes: dict[tuple[str, int], frozenset[int]] = {}
        choices = []
        for piece in pieces:
            if not clause.start <= piece.start < clause.end or text.plain[piece.start : piece.end] in words.GLUE:
                continue
            keys = set()
            for source, at, end in piece.places:
                if source.fact is None:
                    there = source.text.clause_at(at)
                    keys.add((source.key, there.start))
                    drawn.setdefault((source.key, there.start), set()).update(range(at, end))
                    wholes[source.key, there.start] = source.text.own_of(there)
            if keys:
                choices.append(keys)
        if not choices or set.intersection(*choices):
            continue
        shares = {key: len(drawn[key] & whole) / max(1, len(whole)) for key, whole in wholes.items()}
        if any(max(shares[key] for key in keys) < KEPT_OF_MERGED for keys in choices):
            raise _Refused("words")


def _rest_on_clauses(text: Text, pieces: Sequence[Piece]) -> None:
    """A clause is at least half of one of the script, alone or with the one beside it: a word or two may mean anything."""
    drawn: list[dict[Place, set[int]]] = []
    wholes: dict[Place, frozenset[int]] = {}
    for clause in text.clauses:
        places: dict[Place, set[int]] = {}
        inside = [piece for piece in pieces if clause.start <= piece.start < clause.end]
        for piece in [] if any(map(_is_said, inside)) else inside:
            for source, start, end in piece.places:
                if source.fact is None:
                    there = source.text.clause_at(start)
                    places.setdefault((source.key, there.start), set()).update(range(start, end))
                    wholes[source.key, there.start] = source.text.own_of(there)
        drawn.append(places)
    for number, (clause, places) in enumerate(zip(text.clauses, drawn, strict=True)):
        if not places:
            continue
        beside = [*drawn[max(0, number - 1) : number], *drawn[number + 1 : number + 2]]
        is_short = len(text.own_of(clause)) < LEAST_OF_CLAUSE
        if not any(
            _is_enough(places[key], [other[key] for other in beside if key in other], wholes[key], is_short=is_short)
            for key in places
        ):
            raise _Refused("left out")


def _is_enough(here: set[int], beside: Sequence[set[int]], whole: frozenset[int], *, is_short: bool) -> bool:
    """Whether so much of a clause of the script stands here, or here and beside, each part of it once."""
    if is_short and len(whole) >= LEAST_OF_CLAUSE:
        return False
    needed = KEPT_OF_CLAUSE * len(whole)
    return len(here & whole) >= needed or any(
        not here & other & whole and len((here | other) & whole) >= needed for other in beside
    )


def _whole(script: Sequence[Source], kept: Mapping[str, set[int]], said: Mapping[str, str]) -> None:
    """Nothing that takes something back is dropped, and not much else."""
    everything = sum(len(each.text.own) for each in script)
    if everything and sum(len(kept[each.key] & each.text.own) for each in script) / everything < KEPT:
        raise _Refused("left out")
    for each in script:
        caveats = [pattern for pattern in words.CAVEATS.values() if pattern.search(each.text.plain)]
        denies = any(clause.denials for clause in each.text.clauses)
        if not caveats and not denies:
            continue
        own = each.text.own
        if own and len(kept[each.key] & own) / len(own) < KEPT_OF_CAVEAT:
            raise _Refused("caveat")
        if any(not pattern.search(said[each.key]) for pattern in caveats):
            raise _Refused("caveat")
    for each in script:
        if _only_those(each.text.plain) - _only_those(said[each.key]):
            raise _Refused("caveat")


def _only_those(said: str) -> Counter[str]:
    return Counter(match[0] for match in words.ONLY_THOSE.finditer(said.replace("可以", "可")))

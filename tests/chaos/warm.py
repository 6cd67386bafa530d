"""Imported by the process from which servers are forked: what takes a second to load is loaded once.

The dictionaries behind `extract` are read at its first call.
"""

from nlp import lexicon
from nlp.draft import CustomerEntry, ExtractionContext
from nlp.extract import extract
from tests.chaos import app
from tests.chat import FRIDAY, VISIT

extract(VISIT, ExtractionContext(FRIDAY, lexicon.default_vocabulary(), customers=(CustomerEntry("恒力阀门"),)))

__all__ = ["app"]

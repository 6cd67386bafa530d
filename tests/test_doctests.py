"""The examples in docstrings hold."""

import doctest
import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import bot
import handlers
import nlp
import storage


def modules() -> Iterator[str]:
    for package in (bot, handlers, nlp, storage):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "migrations" not in module.name and not module.name.endswith("__main__"):
                yield module.name


@pytest.mark.parametrize("name", list(modules()))
def test_examples(name: str) -> None:
    failed, _tried = doctest.testmod(importlib.import_module(name))
    assert failed == 0

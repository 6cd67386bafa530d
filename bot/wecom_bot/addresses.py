"""Which addresses from outside may be called."""

import ipaddress
from collections.abc import Iterable

from yarl import URL


def is_allowed(address: str, hosts: Iterable[str]) -> bool:
    """Whether `address` is of one of `hosts` and cannot be read on the way.

    A host with a leading dot stands for all that end so. Plaintext is taken from this very machine only.
    """
    try:
        url = URL(address)
        host, scheme, has_user = url.host or "", url.scheme, url.user is not None
    except ValueError:
        return False
    if has_user or not any(host.endswith(known) if known.startswith(".") else host == known for known in hosts):
        return False
    return scheme in ("https", "wss") or (scheme in ("http", "ws") and is_loopback(host))


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

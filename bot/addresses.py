"""Addresses that came with an event: which of them we may ask, and send what people wrote to."""

import ipaddress
import re
from collections.abc import Collection

from yarl import URL

MAX_LENGTH = 8192
DEFAULT_PORTS = {"http": 80, "https": 443}


def allowed(
    address: str, hosts: Collection[str], *, schemes: Collection[str] = ("https",), bases: Collection[str] = ()
) -> URL | None:
    """The address, ready to be asked as it is; None where it may not be.

    A host with a leading dot stands for all names that end so; the port is the scheme's own. `bases` are the API's own
    addresses as configured: their scheme, host and port pass as they are. A server on this machine passes where `hosts`
    name its very address; any other address of numbers never does. The answer is what the connection is made from, so
    that nothing else reads the address in another way.
    """
    if len(address) > MAX_LENGTH or re.search(r"[\x00-\x20\x7f\\]", address):
        return None
    try:
        # A signed address must not be written anew: what was signed is its spelling.
        url = URL(address, encoded=address.isascii())
        if url.scheme not in DEFAULT_PORTS or not url.host or "@" in url.raw_authority:
            return None
        if any(_origin(url) == _origin(URL(base)) for base in bases) or (url.host in hosts and is_loopback(url.host)):
            return url
    except ValueError:
        return None
    is_ours = url.scheme in schemes and url.port == DEFAULT_PORTS[url.scheme] and _is_listed(url.host, hosts)
    return url if is_ours else None


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _origin(url: URL) -> tuple[str, str, int | None]:
    return url.scheme, (url.host or "").lower(), url.port


def _is_listed(host: str, hosts: Collection[str]) -> bool:
    host = host.lower()
    # The last label of a name has a letter; without one it is an IP address in one of its spellings.
    if not re.fullmatch(r"(?:[0-9a-z_-]+\.)+[0-9a-z-]*[a-z][0-9a-z-]*", host) or re.search(r"\.0x[0-9a-f]*$", host):
        return False
    return any(host.endswith(entry) if entry.startswith(".") else host == entry for entry in map(str.lower, hosts))

"""Where a request comes from, and how often somebody may ask.

Counted by the minute and in each web process for itself: a count shared by all of them would cost every request a
write to the database. So with N processes a sender may get up to N times what the settings say.
"""

import time
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from profiles.http.errors import TooManyRequestsError

_WINDOW_SECONDS: Final = 60
# A customer's own part of an IPv6 address, of which they have as many as they like.
_NETWORK_BITS: Final = 64


def client_address(request: HttpRequest) -> str:
    """Return the address a request came from: the one place that decides it.

    That is the other end of the connection or, with TRUST_PROXY, what the first of our PROXIES saw: the entry of
    X-Forwarded-For as far from its end as there are proxies. What stands before it was said by the sender.
    """
    peer = str(request.META.get("REMOTE_ADDR", ""))
    if not settings.PROXIES:
        return peer
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").rsplit(",", settings.PROXIES)
    hop = hops[-settings.PROXIES].strip() if len(hops) >= settings.PROXIES else ""
    try:
        return str(ip_address(hop))
    except ValueError:
        return peer


def client_network(request: HttpRequest) -> str:
    """Return the address by which a client is counted: of an IPv6 address the network it is in."""
    text = client_address(request)
    try:
        address = ip_address(text)
    except ValueError:
        return text  # a socket of this machine has none
    if not isinstance(address, IPv6Address):
        return text
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address, _NETWORK_BITS), strict=False).network_address)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What somebody may still ask in this minute; a `most` of 0 is no limit."""

    most: int
    used: int
    seconds_left: int

    @property
    def headers(self) -> dict[str, str]:
        """What the answer says of it (rules 8.17)."""
        if not self.most:
            return {}
        return {"X-RateLimit-Limit": str(self.most), "X-RateLimit-Remaining": str(max(0, self.most - self.used))}

    def refuse_if(self, is_over: bool) -> None:  # noqa: FBT001 it is the question
        """Raise `TooManyRequestsError` where it is used up."""
        if self.most and is_over:
            raise TooManyRequestsError(retry_after=self.seconds_left, headers=self.headers)


def look(kind: str, who: object, *, most: int) -> Allowance:
    """Return what is left, without counting."""
    key, seconds_left = _now(kind, who)
    return Allowance(most, cache.get(key, 0), seconds_left)


def count(kind: str, who: object, *, most: int) -> Allowance:
    """Count one more and return what is left."""
    key, seconds_left = _now(kind, who)
    cache.add(key, 0, 2 * _WINDOW_SECONDS)
    try:
        used = cache.incr(key)
    except ValueError:  # thrown out meanwhile, for want of room
        used = 1
    return Allowance(most, used, seconds_left)


def _now(kind: str, who: object) -> tuple[str, int]:
    minute, second = divmod(int(time.time()), _WINDOW_SECONDS)
    return f"{kind}:{who}:{minute}", _WINDOW_SECONDS - second

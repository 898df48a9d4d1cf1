"""Whose request it is: a bearer token, hashed at rest (rules 8.16), and how often they may ask (rules 8.17)."""

import hashlib
from typing import Any, Final

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from profiles.http.limits import Allowance, client_network, count, look
from profiles.models.access import ApiToken

# For how long a token that was right is told from guesses without looking it up.
_REMEMBERED_SECONDS: Final = 300


class BearerAuthentication(TokenAuthentication):  # type: ignore[misc]  # knox comes without types
    """`Authorization: Bearer …`; what could never be a token is a wrong one.

    Requests without a right token are counted by address. From an address that has had too many of them only those
    with a token that was right a while ago are looked at, so that guessing costs the hub nothing and locks nobody
    out who shares the address.
    """

    def authenticate(self, request: Request) -> Any:
        """Return the token's user and the token, `None` where there is none; raises `TooManyRequestsError`."""
        network = client_network(request._request)
        remembered = f"token:{hashlib.sha256(request.META.get('HTTP_AUTHORIZATION', '').encode()).hexdigest()}"
        guesses = look("guesses", network, most=settings.UNAUTHENTICATED_PER_MINUTE)
        guesses.refuse_if(guesses.used >= guesses.most and not cache.get(remembered))
        try:
            found = super().authenticate(request)
        except AuthenticationFailed:
            count("guesses", network, most=settings.UNAUTHENTICATED_PER_MINUTE)
            raise
        if found is None:
            count("guesses", network, most=settings.UNAUTHENTICATED_PER_MINUTE)
            return None
        cache.set(remembered, value=True, timeout=_REMEMBERED_SECONDS)
        own = found[0].throttle
        allowance = count("user", found[0].pk, most=settings.REQUESTS_PER_MINUTE if own is None else own)
        allowance.refuse_if(allowance.used > allowance.most)
        request._request.allowance = allowance  # type: ignore[attr-defined]
        return found

    def authenticate_credentials(self, token: bytes) -> Any:
        """Return the token's user and the token."""
        if not token.isascii():
            raise AuthenticationFailed
        return super().authenticate_credentials(token)

    def _cleanup_token(self, auth_token: ApiToken) -> bool:
        """Return whether the token has expired; it stays for staff to see, and the user's others are left alone."""
        return auth_token.expiry is not None and auth_token.expiry <= timezone.now()


def allowance_of(request: Request) -> Allowance | None:
    """Return what the request's user may still ask, `None` where nobody has been counted."""
    return getattr(request._request, "allowance", None)


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its base registers it so
    """How the OpenAPI document tells of it."""

    target_class = "profiles.http.authentication.BearerAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the scheme."""
        return {"type": "http", "scheme": "bearer"}

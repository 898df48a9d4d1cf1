"""Whose request it is: a bearer token, hashed at rest (contract section 3)."""

from typing import Any

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed

from profiles.models import ApiToken


class BearerAuthentication(TokenAuthentication):  # type: ignore[misc]  # knox comes without types
    """`Authorization: Bearer …`; what could never be a token is a wrong one."""

    def authenticate_credentials(self, token: bytes) -> Any:  # noqa: ANN401 knox's own signature
        """Return the token's user and the token."""
        if not token.isascii():
            raise AuthenticationFailed
        return super().authenticate_credentials(token)

    def _cleanup_token(self, auth_token: ApiToken) -> bool:
        """Return whether the token has expired; it stays for staff to see, and the user's others are left alone."""
        return auth_token.expiry is not None and auth_token.expiry <= timezone.now()


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its base registers it so
    """How the OpenAPI document tells of it."""

    target_class = "profiles.api.authentication.BearerAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:  # noqa: ANN401 its own signature
        """Return the scheme."""
        del auto_schema
        return {"type": "http", "scheme": "bearer"}

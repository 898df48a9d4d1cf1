"""Who may: a token's scopes against what a view asks for."""

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from profiles.http.authentication import allowance_of
from profiles.models.access import ApiToken


class HasScopes(BasePermission):
    """The token must bear every scope the view names for the method; a method without any is nobody's."""

    message = "Invalid scope(s) provided."

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the token suffices."""
        token = request.auth
        if not isinstance(token, ApiToken):
            return False
        method = "GET" if request.method == "HEAD" else str(request.method)
        if method not in view.required_scopes:
            return True  # answered with 405
        return all(token.allows(scope) for scope in view.required_scopes[method])


class NoOptions(APIView):
    """A view to which OPTIONS is a method like any other that is not allowed."""

    metadata_class = None

    @property
    def allowed_methods(self) -> list[str]:
        """What the header Allow names."""
        return [method for method in super().allowed_methods if method != "OPTIONS"]


class HubView(NoOptions):
    """A view of the hub's API: it says for each method which scopes a token needs."""

    permission_classes = [HasScopes]
    required_scopes: ClassVar[Mapping[str, tuple[str, ...]]]

    def perform_authentication(self, request: Request) -> None:
        """Find out who asks, and have every answer say how often they still may (rules 8.17)."""
        super().perform_authentication(request)
        if (allowance := allowance_of(request)) is not None:
            self.headers.update(allowance.headers)

"""Who may: a token's scopes against what a view asks for."""

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from profiles.models import ApiToken


class HasScopes(BasePermission):
    """The token must bear every scope the view names for the method; a method without any is nobody's."""

    message = "Invalid scope(s) provided."

    def has_permission(self, request: Request, view: Any) -> bool:  # noqa: ANN401 DRF's own signature
        """Whether the token suffices."""
        token = request.auth
        if not isinstance(token, ApiToken):
            return False
        method = "GET" if request.method == "HEAD" else str(request.method)
        if method not in view.required_scopes:
            return True  # answered with 405
        return all(token.allows(scope) for scope in view.required_scopes[method])


class HubView(APIView):
    """A view of the hub's API: it says for each method which scopes a token needs."""

    permission_classes = [HasScopes]
    required_scopes: ClassVar[Mapping[str, tuple[str, ...]]]
    # Without it OPTIONS is a method like any other that is not allowed.
    metadata_class = None

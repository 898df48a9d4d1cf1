"""Whose log-ins are refused for a while."""

from typing import Any

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_client_ip_address, get_cool_off
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone


class LoginLimits(AxesDatabaseHandler):  # type: ignore[misc]  # axes comes without types
    """A name from one address after a few failures, an address after many, whatever the names."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Return how often the log-in failed before; from an address with too many failures it is too often."""
        failures = int(super().get_failures(request, credentials))
        if _failures_from(request) >= settings.LOGINS_PER_ADDRESS:
            return max(failures, settings.AXES_FAILURE_LIMIT)
        return failures


def locked_out(request: HttpRequest, response: HttpResponse | None = None, credentials: object = None) -> HttpResponse:
    """Answer whoever failed too often, with the minute until which their log-in is closed."""
    until = timezone.now() + get_cool_off()
    page = render_to_string("429.html", {"until": f"{until:%H:%M}"})
    return HttpResponse(page, status=429, headers={"Retry-After": str(int(get_cool_off().total_seconds()))})


def _failures_from(request: HttpRequest) -> int:
    attempts = AccessAttempt.objects.filter(
        ip_address=get_client_ip_address(request), attempt_time__gte=get_cool_off_threshold(request)
    )
    return int(attempts.aggregate(Sum("failures_since_start"))["failures_since_start__sum"] or 0)

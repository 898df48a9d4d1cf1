"""What people are found by at the desk: marketing's questions, which may be combined."""

from typing import Any, ClassVar, Final

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from profiles import keys
from profiles.desk.lists import DropdownFilter, TextFilter
from profiles.desk.questions import RefusedQuestionError
from profiles.models import (
    DuplicateCandidate,
    Identity,
    OrganisationMembership,
    Profile,
    ProfileRegion,
    ProfileStatus,
    Region,
    Status,
)
from profiles.models.duplicates import UNDECIDED

# More than these are no menu.
MOST_CHOICES: Final = 200
Lookups = list[tuple[str, str]]


class MergedFilter(DropdownFilter):
    """Profiles that live on in another one, or not."""

    title = "merged"
    parameter_name = "merged"

    def lookups(self, request: HttpRequest, model_admin: object) -> Lookups:
        """Name the choices."""
        return [("no", "not merged"), ("yes", "merged into another")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Profile]) -> QuerySet[Profile]:
        """Narrow the list."""
        if not self.value():
            return queryset
        return queryset.filter(merged_into__isnull=self.value() != "yes")


class TagFilter(TextFilter):
    """Profiles that carry a tag, or several with commas between."""

    title = "tag"
    parameter_name = "tag"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Profile]) -> QuerySet[Profile]:
        """Narrow the list; raises `RefusedQuestionError` for what can be no tag."""
        for written in filter(None, (part.strip() for part in (self.value() or "").split(","))):
            try:
                queryset = queryset.filter(profile_tags__tag__handle=keys.tag(written))
            except keys.InvalidValueError as error:
                raise RefusedQuestionError(str(error)) from error
        return queryset


class StatusFilter(DropdownFilter):
    """Profiles that hold a status now."""

    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: object) -> Lookups:
        """Name the statuses."""
        rows = Status.objects.order_by("name").values_list("handle", "name")[:MOST_CHOICES]
        return [(handle, name or handle) for handle, name in rows]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Profile]) -> QuerySet[Profile]:
        """Narrow the list."""
        if not self.value():
            return queryset
        held = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
        rows = ProfileStatus.objects.filter(held, profile=OuterRef("pk"), status__handle=self.value(), is_active=True)
        return queryset.filter(Exists(rows))


class RegionFilter(DropdownFilter):
    """Profiles that belong to a region."""

    title = "region"
    parameter_name = "region"

    def lookups(self, request: HttpRequest, model_admin: object) -> Lookups:
        """Name the regions."""
        return list(Region.objects.order_by("name").values_list("handle", "name")[:MOST_CHOICES])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Profile]) -> QuerySet[Profile]:
        """Narrow the list."""
        if not self.value():
            return queryset
        rows = ProfileRegion.objects.filter(profile=OuterRef("pk"), region__handle=self.value(), is_active=True)
        return queryset.filter(Exists(rows))


class OrganisationFilter(TextFilter):
    """Profiles that are members of an organisation, by its handle."""

    title = "organisation"
    parameter_name = "organisation"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Profile]) -> QuerySet[Profile]:
        """Narrow the list."""
        value = (self.value() or "").strip()
        if not value:
            return queryset
        rows = OrganisationMembership.objects.filter(profile=OuterRef("pk"), is_active=True)
        return queryset.filter(Exists(rows.filter(organisation__handle=value)))


class _ConsentFilter(DropdownFilter):
    """Whether somebody may be sent something on a channel."""

    channel: ClassVar[str]
    reached_by: ClassVar[str]

    def lookups(self, request: HttpRequest, model_admin: object) -> Lookups:
        """Name the choices."""
        return [
            ("may", "may be sent to"),
            ("refused", "refused"),
            ("bounced", "bounced"),
            ("unasked", "never decided"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Profile]) -> QuerySet[Profile]:
        """Narrow the list."""
        promo, optout, bounced = (f"{self.channel}_{flag}" for flag in ("promo", "optout", "bounced"))
        refused = Q(**{promo: False}) | Q(**{optout: True})
        questions: dict[str, Any] = {
            # Nothing that keeps us from it, and somewhere to send it to.
            "may": Q(**{promo: True, f"{self.reached_by}__isnull": False})
            & ~Q(**{optout: True})
            & ~Q(**{bounced: True}),
            "refused": refused,
            "bounced": Q(**{bounced: True}),
            "unasked": Q(**{f"{promo}__isnull": True, f"{optout}__isnull": True}),
        }
        asked = questions.get(self.value() or "")
        return queryset if asked is None else queryset.filter(asked)


class EmailConsentFilter(_ConsentFilter):
    """Whether somebody may be sent email."""

    title = "email"
    parameter_name = "email_consent"
    channel = "email"
    reached_by = "email"


class SmsConsentFilter(_ConsentFilter):
    """Whether somebody may be sent SMS."""

    title = "SMS"
    parameter_name = "sms_consent"
    channel = "sms"
    reached_by = "mobile_phone"


class SystemFilter(TextFilter):
    """Profiles that another system knows, by the handle of their identities there."""

    title = "known to system"
    parameter_name = "system"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Profile]) -> QuerySet[Profile]:
        """Narrow the list."""
        value = (self.value() or "").strip()
        if not value:
            return queryset
        return queryset.filter(Exists(Identity.objects.filter(profile=OuterRef("pk"), handle=value)))


class DuplicatesFilter(DropdownFilter):
    """Profiles of which somebody has to say whether they are another one."""

    title = "possible duplicates"
    parameter_name = "duplicates"

    def lookups(self, request: HttpRequest, model_admin: object) -> Lookups:
        """Name the one choice."""
        return [("yes", "has some")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Profile]) -> QuerySet[Profile]:
        """Narrow the list."""
        if not self.value():
            return queryset
        undecided = DuplicateCandidate.objects.filter(verdict__in=UNDECIDED)
        low, high = undecided.filter(low=OuterRef("pk")), undecided.filter(high=OuterRef("pk"))
        return queryset.filter(Exists(low) | Exists(high))

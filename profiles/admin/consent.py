"""The desk's page on which staff change what somebody is sent, and their tags and statuses (rules 5, 4.5, 4.6)."""

from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from profiles import shape
from profiles.admin.acts import ActForm, act_on, cause_of, person_to_change
from profiles.directory import load_key_rules
from profiles.models import Profile, ProfileStatus, Status
from profiles.schema import parse_record

CHANNELS: Final = ("email", "sms", "push", "phone", "post")
_FLAGS: Final = {"promo": "is sent offers", "optout": "has opted out", "bounced": "bounces"}
_TITLES: Final = {"sms": "SMS"}
_TYPED: Final = {"": None, "yes": True, "no": False}
MOST_STATUSES: Final = 500


class ConsentForm(ActForm):
    """What somebody is sent, by channel; and what they are marked with."""

    tags = forms.CharField(
        required=False,
        max_length=10_000,
        widget=UnfoldAdminTextInputWidget,
        help_text="With commas between. Blanks become hyphens; new ones are made.",
    )
    statuses = forms.MultipleChoiceField(required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget)

    def __init__(self, profile: Profile, data: QueryDict | None) -> None:
        tags = sorted(profile.profile_tags.values_list("tag__handle", flat=True))
        held = list(ProfileStatus.objects.filter(profile=profile).values_list("status_id", flat=True))
        consent = {name: {None: "", True: "yes", False: "no"}[getattr(profile, name)] for name in _flags()}
        initial = {**consent, "tags": ", ".join(tags), "statuses": held, "version": profile.version}
        super().__init__(data, initial=initial)
        known = Status.objects.order_by("sort_order", "handle").values_list("handle", "name")[:MOST_STATUSES]
        self.fields["statuses"].choices = [(handle, name or handle) for handle, name in known]  # type: ignore[attr-defined]
        own = {
            name: forms.ChoiceField(
                required=False,
                label=f"{_TITLES.get(channel, channel.capitalize())}: {told}",
                choices=[("", "never decided"), ("yes", "yes"), ("no", "no")],
                widget=UnfoldAdminSelectWidget,
            )
            for channel in CHANNELS
            for flag, told in _FLAGS.items()
            for name in (f"{channel}_{flag}",)
        }
        self.fields = {**own, **self.fields}

    @property
    def flags(self) -> list[forms.BoundField]:
        """What somebody is sent, three to a channel."""
        return [self[name] for name in _flags()]

    @property
    def others(self) -> list[forms.BoundField]:
        """All other fields that are seen."""
        return [field for field in self.visible_fields() if field.name not in _flags()]

    @property
    def record(self) -> dict[str, Any]:
        """What was changed, as a sender would write it."""
        sent: dict[str, Any] = {}
        if comms := {name: _TYPED[self.cleaned_data[name]] for name in _flags() if name in self.changed_data}:
            sent["comms_attributes"] = comms
        if "tags" in self.changed_data:
            sent["tags"] = [tag for tag in map(str.strip, self.cleaned_data["tags"].split(",")) if tag]
        if "statuses" in self.changed_data:
            sent["statuses"] = self.cleaned_data["statuses"]
        return sent

    def field_of(self, pointer: str) -> str | None:
        """Return the field at which an error of that place is told."""
        return super().field_of(pointer.removeprefix("/comms_attributes"))


def _flags() -> list[str]:
    return [name for name in shape.CONSENT_MEMBERS if name.partition("_")[0] in CHANNELS]


def consent_page(request: HttpRequest, profile_id: UUID) -> HttpResponse:
    """Show the form, and write what was changed as one draft, as staff's own act."""
    profile = person_to_change(request, profile_id)
    if isinstance(profile, HttpResponse):
        return profile
    form = ConsentForm(profile, request.POST or None)
    if request.method == "POST" and form.is_valid():
        draft = parse_record(form.record, cause=cause_of(request), target=profile.pk, blocked=load_key_rules().blocked)
        if (done := act_on(request, profile, form, draft)) is not None:
            return done
    context = {
        **admin.site.each_context(request),
        "title": f"Consent, tags and statuses of {profile}",
        "profile": profile,
        "form": form,
    }
    return TemplateResponse(request, "admin/hub/consent.html", context)

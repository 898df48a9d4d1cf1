"""The desk's page on which staff change what somebody is sent, and their tags and statuses (rules 5, 4.5, 4.6)."""

from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from profiles import keys, shape
from profiles.admin.edits import STALE_MESSAGE
from profiles.applying import apply_drafts
from profiles.criteria import EMAIL
from profiles.directory import load_key_rules
from profiles.http.requests import request_id
from profiles.keys import NOTES_LENGTH, InvalidValueError
from profiles.models import Profile, ProfileStatus, Status
from profiles.schema import parse_record
from profiles.values import Cause, CauseKind, ErrorCode, Outcome, OutcomeKind

PERMISSION: Final = "profiles.change_profile"
CHANNELS: Final = ("email", "sms", "push", "phone", "post")
_FLAGS: Final = {"promo": "is sent offers", "optout": "has opted out", "bounced": "bounces"}
_TITLES: Final = {"sms": "SMS"}
_TYPED: Final = {"": None, "yes": True, "no": False}
MOST_STATUSES: Final = 500


class ConsentForm(forms.Form):
    """What somebody is sent, by channel; and what they are marked with."""

    tags = forms.CharField(
        required=False,
        max_length=10_000,
        widget=UnfoldAdminTextInputWidget,
        help_text="With commas between. Blanks become hyphens; new ones are made.",
    )
    statuses = forms.MultipleChoiceField(required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget)
    note = forms.CharField(
        required=False,
        max_length=NOTES_LENGTH,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text="How it was given, or why: for the ledger.",
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

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

    def clean_note(self) -> str:
        """Bring the note into normal form."""
        try:
            return keys.text(self.cleaned_data["note"], length=NOTES_LENGTH, notes=True)
        except InvalidValueError as error:
            raise forms.ValidationError(str(error)) from error

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

    def tell(self, outcome: Outcome) -> None:
        """Show at the fields why it was refused."""
        for error in outcome.errors:
            _, name, *rest = (*error.pointer.split("/"), "")
            field = rest[0] if name == "comms_attributes" and rest else name
            message = STALE_MESSAGE if error.code is ErrorCode.STALE else error.message
            self.add_error(field if field in self.fields else None, message)


def _flags() -> list[str]:
    return [name for name in shape.CONSENT_MEMBERS if name.partition("_")[0] in CHANNELS]


def consent_page(request: HttpRequest, profile_id: UUID) -> HttpResponse:
    """Show the form, and write what was changed as one draft, as staff's own act."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    profile = get_object_or_404(Profile, id=profile_id)
    if profile.merged_into_id is not None or profile.ended is not None:
        messages.error(request, "The profile cannot be edited: it was merged, or its time has ended.")
        return redirect("admin:profiles_profile_change", profile.pk)
    form = ConsentForm(profile, request.POST or None)
    if request.method == "POST" and form.is_valid():
        outcome = _write(request, profile, form)
        if outcome.kind is not OutcomeKind.REJECTED:
            changed = outcome.kind is OutcomeKind.UPDATED
            messages.success(request, "It was changed." if changed else "Nothing has changed.")
            for warning in outcome.warnings:
                messages.warning(request, warning.message)
            return redirect("admin:profiles_profile_change", profile.pk)
        form.tell(outcome)
    context = {
        **admin.site.each_context(request),
        "title": f"Consent, tags and statuses of {profile}",
        "profile": profile,
        "form": form,
    }
    return TemplateResponse(request, "admin/hub/consent.html", context)


def _write(request: HttpRequest, profile: Profile, form: ConsentForm) -> Outcome:
    cause = Cause(
        kind=CauseKind.ADMIN,
        actor_id=request.user.pk,
        actor_label=request.user.get_username(),
        request_id=request_id(),
    )
    draft = replace(
        parse_record(form.record, cause=cause, target=profile.pk, blocked=load_key_rules().blocked),
        expected_version=form.cleaned_data["version"],
        is_explicit=True,
        note=form.cleaned_data["note"],
    )
    with transaction.atomic():
        (outcome,) = apply_drafts([draft], criteria=(EMAIL,), now=timezone.now())
    return outcome

"""What a member of staff does to one person: one draft, with why, held to the version that was looked at."""

from dataclasses import replace
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from unfold.widgets import UnfoldAdminTextareaWidget

from profiles import keys
from profiles.admin.edits import STALE_MESSAGE
from profiles.applying import apply_drafts
from profiles.criteria import EMAIL
from profiles.http.requests import request_id
from profiles.keys import NOTES_LENGTH, InvalidValueError
from profiles.models import Profile
from profiles.values import Cause, CauseKind, ErrorCode, Outcome, OutcomeKind, ProfileDraft

PERMISSION = "profiles.change_profile"


class ActForm(forms.Form):
    """Why something is done, and what was looked at when it was decided."""

    reason = forms.CharField(
        required=False,
        label="Why",
        max_length=NOTES_LENGTH,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text="Or who said so: for the history.",
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def clean_reason(self) -> str:
        """Bring the reason into normal form."""
        try:
            return keys.text(self.cleaned_data["reason"], length=NOTES_LENGTH, notes=True)
        except InvalidValueError as error:
            raise forms.ValidationError(str(error)) from error

    def field_of(self, pointer: str) -> str | None:
        """Return the field at which an error of that place is told; `None`: above all of them."""
        name = pointer.split("/")[1] if pointer else ""
        return name if name in self.fields else None

    def tell(self, outcome: Outcome) -> None:
        """Show at the fields why it was refused."""
        for error in outcome.errors:
            is_stale = error.code is ErrorCode.STALE
            self.add_error(self.field_of(error.pointer), STALE_MESSAGE if is_stale else error.message)


def cause_of(request: HttpRequest) -> Cause:
    """Return who does it, for the ledger."""
    return Cause(
        kind=CauseKind.ADMIN,
        actor_id=request.user.pk,
        actor_label=request.user.get_username(),
        request_id=request_id(),
    )


def person_to_change(request: HttpRequest, profile_id: UUID) -> Profile | HttpResponse:
    """Return the profile; the way to its page where it cannot be changed. Raises `PermissionDenied` and `Http404`."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    profile = get_object_or_404(Profile, id=profile_id)
    if profile.merged_into_id is None and profile.ended is None:
        return profile
    messages.error(request, "The profile cannot be edited: it was merged, or its time has ended.")
    return page_of(profile)


def page_of(profile: Profile) -> HttpResponse:
    """Return the way to the profile's page."""
    return redirect("admin:profiles_profile_change", profile.pk)


def act_on(request: HttpRequest, profile: Profile, form: ActForm, draft: ProfileDraft) -> HttpResponse | None:
    """Write the draft as an act of staff and return the way back to the profile's page, which says what came of it.

    `None` where it was refused: the form tells at its fields why.
    """
    act = replace(
        draft,
        expected_version=form.cleaned_data["version"],
        is_explicit=True,
        note=form.cleaned_data["reason"],
    )
    with transaction.atomic():
        (outcome,) = apply_drafts([act], criteria=(EMAIL,), now=timezone.now())
    if outcome.kind is OutcomeKind.REJECTED:
        form.tell(outcome)
        return None
    changed = outcome.kind is OutcomeKind.UPDATED
    messages.success(request, "It was changed." if changed else "Nothing has changed.")
    for warning in outcome.warnings:
        messages.warning(request, warning.message)
    return page_of(profile)

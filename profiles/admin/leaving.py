"""The desk's page that asks before a profile is deleted, or restored (rules 2.5)."""

from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from profiles.admin.acts import ActForm, act_on, cause_of, person_to_change
from profiles.directory import load_key_rules
from profiles.schema import parse_record
from profiles.values import ProfileType


def leaving_page(request: HttpRequest, profile_id: UUID) -> HttpResponse:
    """Ask whether the profile is to be deleted, or restored where it is; and do it."""
    profile = person_to_change(request, profile_id)
    if isinstance(profile, HttpResponse):
        return profile
    is_deleted = profile.profile_type == ProfileType.DELETED
    form = ActForm(request.POST or None, initial={"version": profile.version})
    if request.method == "POST" and form.is_valid():
        becomes = ProfileType.ACTIVE if is_deleted else ProfileType.DELETED
        record = {"profile_type": str(becomes)}
        draft = parse_record(record, cause=cause_of(request), target=profile.pk, blocked=load_key_rules().blocked)
        if (done := act_on(request, profile, form, draft)) is not None:
            return done
    context = {
        **admin.site.each_context(request),
        "title": f"{'Restore' if is_deleted else 'Delete'} {profile}?",
        "profile": profile,
        "form": form,
        "is_deleted": is_deleted,
    }
    return TemplateResponse(request, "admin/hub/leaving.html", context)

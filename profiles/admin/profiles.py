"""The desk's pages about profiles: find one, see all that is known of it and why, mend its own fields."""

from typing import Any, Final

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from profiles.admin.acts import cause_of
from profiles.admin.edits import EDITABLE, ProfileForm
from profiles.admin.entries import KINDS
from profiles.admin.filters import (
    DuplicatesFilter,
    EmailConsentFilter,
    MergedFilter,
    OrganisationFilter,
    RegionFilter,
    SmsConsentFilter,
    StatusFilter,
    SystemFilter,
    TagFilter,
)
from profiles.admin.merges import PERMISSION, merge_page
from profiles.admin.panels import panels_of
from profiles.desk.lists import ChoicesDropdownFilter, HubAdmin, display, moment
from profiles.models import Profile
from profiles.searching import find_profiles

TYPE_LABELS: Final = {
    "active": "success",
    "deleted": "danger",
    "merged": "primary",
    "incomplete": "warning",
    "pending": "warning",
    "dependant": "info",
    "system": "info",
    "temporary": "info",
}

# The page's order; fields of the shape that are not named here follow under "More".
_GROUPS: Final[tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]] = (
    ("Name", (("title", "gender"), ("first_name", "last_name"))),
    ("Reached by", (("email",), ("mobile_phone", "secondary_phone"))),
    (
        "About",
        (
            ("profile_type", "currency"),
            ("joined_at",),
            ("birth_day", "birth_month", "birth_year"),
            ("company", "occupation"),
            ("avatar_url",),
        ),
    ),
)
_GROUPED: Final = {name for _, lines in _GROUPS for line in lines for name in line}
_MORE: Final = tuple(name for name in EDITABLE if name not in _GROUPED)


@admin.register(Profile)
class ProfileAdmin(HubAdmin):
    """People as the hub knows them. Staff edits take the hub's one way in, so that they are in the ledger."""

    form = ProfileForm
    warn_unsaved_form = True
    list_display = ("name", "email", "mobile_phone", "type_label", "updated")
    list_filter = (
        ("profile_type", ChoicesDropdownFilter),
        TagFilter,
        StatusFilter,
        RegionFilter,
        EmailConsentFilter,
        SmsConsentFilter,
        SystemFilter,
        OrganisationFilter,
        DuplicatesFilter,
        MergedFilter,
    )
    search_fields = ("email_key",)  # shows the box; get_search_results does the work
    search_help_text = "Email, phone, identifier, id or beginning of a name"

    @display(description="name")
    def name(self, profile: Profile) -> str:
        """Return the name, or that there is none."""
        return profile.full_name or "(no name)"

    @display(description="type", label=TYPE_LABELS)
    def type_label(self, profile: Profile) -> str:
        """Return the type; of a merged profile, that it is merged."""
        return "merged" if profile.merged_into_id else profile.profile_type

    @display(description="updated")
    def updated(self, profile: Profile) -> SafeString:
        """Return when it last changed."""
        return moment(profile.updated_at)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Profile], search_term: str
    ) -> tuple[QuerySet[Profile], bool]:
        """Find by any key in normal form, or by the beginning of the name; lists show none that have ended."""
        queryset = queryset.filter(ended=None)
        if not search_term:
            return queryset, False
        return queryset & find_profiles(search_term), False

    # --- Who may ----------------------------------------------------------------------------------------------------

    def has_delete_permission(self, request: HttpRequest, obj: Profile | None = None) -> bool:
        """Refuse: the type `deleted` is how one goes."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Profile | None = None) -> bool:
        """Whoever has the permission; what is merged is edited on its survivor, and what has ended not at all."""
        may = super().has_change_permission(request, obj)
        return may and (obj is None or (obj.merged_into_id is None and obj.ended is None))

    # --- The edit ---------------------------------------------------------------------------------------------------

    def get_fieldsets(self, request: HttpRequest, obj: Profile | None = None) -> Any:
        """Return the fields of the shape in the page's order."""
        groups = (*_GROUPS, ("More", tuple((name,) for name in _MORE))) if _MORE else _GROUPS
        return [(title, {"fields": lines}) for title, lines in groups]

    def get_form(
        self,
        request: HttpRequest,
        obj: Profile | None = None,
        change: bool = False,  # noqa: FBT001, FBT002 Django's
        **kwargs: Any,
    ) -> type[ProfileForm]:
        """Return the form, knowing who edits and when."""
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.cause = cause_of(request)
        form.now = timezone.now()
        return form  # type: ignore[no-any-return]  # made by Django for this request

    def save_model(self, request: HttpRequest, obj: Profile, form: Any, change: bool) -> None:  # noqa: FBT001
        """Write the edit as it was decided, and show what of it was left out."""
        outcome = form.apply()
        for warning in outcome.warnings:
            self.message_user(request, warning.message, messages.WARNING)
        obj.pk = outcome.profile_id
        obj.refresh_from_db()

    def response_add(self, request: HttpRequest, obj: Profile, post_url_continue: str | None = None) -> HttpResponse:
        """Go on at the page of whoever was added, for all that a form of fields does not hold."""
        self.message_user(request, f"{obj} was added.", messages.SUCCESS)
        if "_addanother" in request.POST:
            return redirect("admin:profiles_profile_add")
        return redirect("admin:profiles_profile_change", obj.pk)

    def render_change_form(  # type: ignore[override]  # Django names the options
        self,
        request: HttpRequest,
        context: dict[str, Any],
        **options: Any,
    ) -> HttpResponse:
        """Note the possible duplicates that a refused edit met, as those of every refused record are.

        And mark at each field where its value comes from.
        """
        form = context["adminform"].form
        if isinstance(form, ProfileForm) and form.is_refused:
            form.apply()
        page = super().render_change_form(request, context, **options)
        for name, field in form.fields.items() if "marks" in context else ():
            if mark := context["marks"].of_field(name):
                field.help_text = format_html("{} {}", field.help_text, mark)
        return page

    def log_addition(self, request: HttpRequest, obj: Profile, message: object) -> None:  # type: ignore[override]
        """Leave Django's own log alone, likewise."""

    def log_change(self, request: HttpRequest, obj: Profile, message: object) -> None:  # type: ignore[override]
        """Leave Django's own log alone: the ledger has it, and erasing a person must not miss a name there."""

    # --- Merging ----------------------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        """Add the page that merges another profile into one."""
        merge = path("<uuid:profile_id>/merge/", self.admin_site.admin_view(merge_page), name="profiles_profile_merge")
        return [merge, *super().get_urls()]

    # --- The page ---------------------------------------------------------------------------------------------------

    def panels(self, request: HttpRequest, obj: Profile) -> dict[str, object]:
        """Return all that is known of the person beside the form's fields; queries."""
        may = request.user.has_perm(PERMISSION)
        is_merged = obj.merged_into_id is not None
        return {
            **panels_of(obj, asked=request.GET, may_edit=self.has_change_permission(request, obj)),
            "kinds": KINDS.values(),
            "may_merge": may and not is_merged,
            "may_unmerge": may and is_merged,
        }

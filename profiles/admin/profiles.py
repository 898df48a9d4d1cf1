"""The desk's pages about profiles: find one, see all that is known of it and why, mend its own fields."""

from typing import Any, Final

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from profiles import shape
from profiles.admin.edits import EDITABLE, ProfileForm
from profiles.admin.ledger import changes_cell, shown_value, who_cell
from profiles.admin.lists import (
    ACTION_LABELS,
    ChoicesDropdownFilter,
    DropdownFilter,
    HubAdmin,
    TextFilter,
    display,
    label,
    moment,
    table,
)
from profiles.admin.search import find_profiles
from profiles.directory import load_snapshots
from profiles.history import timeline
from profiles.http.requests import request_id
from profiles.models import DuplicateCandidate, Profile, ProfileChange, User
from profiles.values import Cause, CauseKind, Rows

CHANGES_SHOWN: Final = 50
OTHERS_SHOWN: Final = 20

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


def profile_link(profile: Profile) -> SafeString:
    """Return the profile's name as a link to its page."""
    url = reverse("admin:profiles_profile_change", args=[profile.pk])
    return format_html('<a class="text-link" href="{}">{}</a>', url, profile)


class MergedFilter(DropdownFilter):
    """Profiles that live on in another one, or not."""

    title = "merged"
    parameter_name = "merged"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Name the choices."""
        del request, model_admin
        return [("no", "not merged"), ("yes", "merged into another")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Profile]) -> QuerySet[Profile]:
        """Narrow the list."""
        del request
        if self.value() is None or self.value() == "":
            return queryset
        return queryset.filter(merged_into__isnull=self.value() != "yes")


class TagFilter(TextFilter):
    """Profiles that carry the tag."""

    title = "tag"
    parameter_name = "tag"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Profile]) -> QuerySet[Profile]:
        """Narrow the list."""
        del request
        value = (self.value() or "").replace("\x00", "")
        return queryset.filter(profile_tags__tag__handle=value) if value else queryset


@admin.register(Profile)
class ProfileAdmin(HubAdmin):
    """People as the hub knows them. Staff edits take the hub's one way in, so that they are in the ledger."""

    form = ProfileForm
    list_display = ("name", "email", "mobile_phone", "type_label", "updated")
    list_filter = (("profile_type", ChoicesDropdownFilter), MergedFilter, TagFilter)
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
        """Find by any key in normal form, or by the beginning of the name."""
        del request
        if not search_term:
            return queryset, False
        return queryset.filter(id__among=find_profiles(search_term)), False

    # --- Who may ----------------------------------------------------------------------------------------------------

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: profiles come in as records."""
        del request
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Profile | None = None) -> bool:
        """Refuse: the type `deleted` is how one goes."""
        del request, obj
        return False

    def has_change_permission(self, request: HttpRequest, obj: Profile | None = None) -> bool:
        """Whoever has the permission; what is merged is edited on its survivor."""
        return super().has_change_permission(request, obj) and (obj is None or obj.merged_into_id is None)

    # --- The edit ---------------------------------------------------------------------------------------------------

    def get_fieldsets(self, request: HttpRequest, obj: Profile | None = None) -> Any:  # noqa: ANN401 Django's
        """Return the fields of the shape in the page's order."""
        del request, obj
        groups = (*_GROUPS, ("More", tuple((name,) for name in _MORE))) if _MORE else _GROUPS
        return [(title, {"fields": lines}) for title, lines in groups]

    def get_form(
        self,
        request: HttpRequest,
        obj: Profile | None = None,
        change: bool = False,  # noqa: FBT001, FBT002 Django's
        **kwargs: Any,  # noqa: ANN401 Django's
    ) -> type[ProfileForm]:
        """Return the form, knowing who edits and when."""
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.cause = Cause(
            kind=CauseKind.ADMIN,
            actor_id=request.user.pk,
            actor_label=request.user.get_username(),
            request_id=request_id(),
        )
        form.now = timezone.now()
        return form  # type: ignore[no-any-return]  # made by Django for this request

    def save_model(self, request: HttpRequest, obj: Profile, form: Any, change: bool) -> None:  # noqa: ANN401, FBT001
        """Write the edit as it was decided, and show what of it was left out."""
        del change
        for warning in form.apply().warnings:
            self.message_user(request, warning.message, messages.WARNING)
        obj.refresh_from_db()

    def render_change_form(  # type: ignore[override]  # Django names the options
        self,
        request: HttpRequest,
        context: dict[str, Any],
        **options: Any,  # noqa: ANN401 Django's
    ) -> HttpResponse:
        """Note the possible duplicates that a refused edit met, as those of every refused record are."""
        form = context["adminform"].form
        if isinstance(form, ProfileForm) and form.is_refused:
            form.apply()
        return super().render_change_form(request, context, **options)

    def log_change(self, request: HttpRequest, obj: Profile, message: object) -> None:  # type: ignore[override]
        """Leave Django's own log alone: the ledger has it, and erasing a person must not miss a name there."""

    # --- The page ---------------------------------------------------------------------------------------------------

    def panels(self, request: HttpRequest, obj: Profile) -> dict[str, object]:
        """Return all that is known of the person beside the form's fields; queries."""
        del request
        return _panels(obj)


# --- Panels ---------------------------------------------------------------------------------------------------------


def _panels(profile: Profile) -> dict[str, object]:
    snapshot = load_snapshots([profile.id], collections=shape.COLLECTIONS)[profile.id]
    merged = list(profile.merged.order_by("-id")[: OTHERS_SHOWN + 1])
    history = list(timeline(profile.id)[: CHANGES_SHOWN + 1])
    return {
        "tags": sorted(key[0] for key in snapshot.collections[shape.TAGS.name]),
        "collections": [
            {"title": name.replace("_", " "), "table": _rows(collection, snapshot.collections[name])}
            for name, collection in shape.COLLECTIONS.items()
            if name != shape.TAGS.name and snapshot.collections[name]
        ],
        "other_fields": table(
            ["Field", "Value"],
            [
                [name.replace("/", " / ").replace("_", " "), shown_value(value)]
                for name, value in snapshot.fields.items()
                if name not in EDITABLE and name != "merged_into" and value is not None
            ],
        ),
        "duplicates": _duplicates(profile),
        "merged": table(
            ["Name", "Email", "Mobile phone"],
            [[profile_link(one), one.email or "-", one.mobile_phone or "-"] for one in merged[:OTHERS_SHOWN]],
        ),
        "has_more_merged": len(merged) > OTHERS_SHOWN,
        "history": _history(history[:CHANGES_SHOWN]),
        "has_more_history": len(history) > CHANGES_SHOWN,
    }


def _rows(collection: shape.Collection, rows: Rows) -> dict[str, object]:
    """Return a collection's rows; columns that are empty in all of them are left out."""
    columns = [name for name in collection.fields if any(_is_told(row[name]) for row in rows.values())]
    return table(
        [name.replace("_", " ") for name in (*collection.key, *columns)],
        [
            [
                *(part or "-" for part in key),
                *(shown_value(row[name]) if _is_told(row[name]) else "-" for name in columns),
            ]
            for key, row in sorted(rows.items())
        ],
    )


def _is_told(value: object) -> bool:
    return value is not None and value != ""


def _duplicates(profile: Profile) -> dict[str, object]:
    pairs = (
        DuplicateCandidate.objects.filter(Q(low=profile) | Q(high=profile))
        .select_related("low", "high")
        .order_by("-id")[:OTHERS_SHOWN]
    )
    return table(
        ["Other profile", "Reason", "Verdict", "Noted", "Record"],
        [
            [
                profile_link(pair.high if pair.low_id == profile.id else pair.low),
                label(pair.reason, "warning"),
                format_html(
                    '<a class="text-link" href="{}">{}</a>',
                    reverse("admin:profiles_duplicatecandidate_change", args=[pair.pk]),
                    pair.verdict,
                ),
                moment(pair.created_at),
                render_to_string("admin/hub/record_link.html", {"batch_id": pair.batch_id, "position": pair.position}),
            ]
            for pair in pairs
        ],
    )


def _history(changes: list[ProfileChange]) -> dict[str, object]:
    actors = {change.actor_id for change in changes if change.actor_id is not None}
    names = dict(User.objects.filter(id__in=actors).values_list("id", "username"))
    return table(
        ["When", "Version", "What changed", "Who"],
        [
            [
                moment(change.at),
                format_html("{} {}", label(change.action, ACTION_LABELS[change.action]), change.version),
                changes_cell(change.changes),
                who_cell(change, names),
            ]
            for change in changes
        ],
    )

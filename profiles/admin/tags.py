"""The desk's page about tags."""

from typing import Final

from django.contrib import admin
from django.db.models import IntegerField, QuerySet
from django.db.models.expressions import RawSQL
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from profiles import keys
from profiles.desk.cells import link
from profiles.desk.lists import ReadOnlyAdmin, display
from profiles.models import ProfileTag, Tag

MOST_USES_COUNTED: Final = 1_000

_USES: Final = (
    f'SELECT count(*) FROM (SELECT 1 FROM "{ProfileTag._meta.db_table}" AS t '  # noqa: S608 names of tables
    f'WHERE t.tag_id = "{Tag._meta.db_table}".handle LIMIT {MOST_USES_COUNTED + 1}) AS few'
)


@admin.register(Tag)
class TagAdmin(ReadOnlyAdmin):
    """Tags and how many carry them. A tag is made when it is first used, and the ledger names it for good."""

    list_display = ("handle", "used_by", "created_at")
    search_fields = ("handle",)
    search_help_text = "The tag, as it is written"
    fields = ("handle", "used_by", "created_at", "updated_at")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tag]:
        """Count the uses of the tags on the page, each up to an end."""
        tags: QuerySet[Tag] = super().get_queryset(request)
        return tags.annotate(uses=RawSQL(_USES, (), output_field=IntegerField()))  # noqa: S611 names of tables

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Tag], search_term: str
    ) -> tuple[QuerySet[Tag], bool]:
        """Find by the whole tag, which an index serves."""
        if not search_term:
            return queryset, False
        try:
            return queryset.filter(handle=keys.tag(search_term)), False
        except keys.InvalidValueError:
            return queryset.none(), False

    @display(description="used by")
    def used_by(self, tag: Tag) -> SafeString:
        """Return how many profiles carry it, as a link to them."""
        uses: int = getattr(tag, "uses", 0)
        count = f"more than {MOST_USES_COUNTED:,}" if uses > MOST_USES_COUNTED else f"{uses:,}"
        url = reverse("admin:profiles_profile_changelist", query={"tag": tag.handle})
        return link(url, f"{count} {'profile' if uses == 1 else 'profiles'}")

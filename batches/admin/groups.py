"""The desk's page about groups of staff."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.models import Group
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from batches.groups import IN_WORDS
from profiles.desk.lists import display
from profiles.desk.questions import AskedAdmin

admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(AskedAdmin, DjangoGroupAdmin):
    """Permissions that several members of staff have in common."""

    list_display = ("name", "may", "members")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        """Count the members."""
        groups: QuerySet[Group] = super().get_queryset(request)
        return groups.annotate(count_members=Count("user"))

    @display(description="may")
    def may(self, group: Group) -> str:
        """Return what its members may do, in words where it is one that every hub begins with."""
        return IN_WORDS.get(group.name, "what is ticked on its page").capitalize()

    @display(description="members")
    def members(self, group: Group) -> int:
        """Return how many are in it."""
        count: int = getattr(group, "count_members", 0)
        return count

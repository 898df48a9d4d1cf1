"""The desk for reference data: regions, countries, locations, statuses, organisations and roles.

A handle is given once: the ledger names it. What profiles refer to cannot be deleted.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import PROTECT, Model
from django.http import HttpRequest

from profiles.desk.questions import AskedAdmin
from profiles.keys import InvalidValueError
from profiles.models import Country, Location, Organisation, Region, RoleDefinition, Status
from profiles.reference_data import in_normal_form

if TYPE_CHECKING:
    ReferenceForm_ = forms.ModelForm[Model]
else:
    ReferenceForm_ = forms.ModelForm

_ABSOLUTE = "absolute"


class ReferenceForm(ReferenceForm_):
    """Brings texts into normal form, and sees that a period is whole."""

    def clean(self) -> dict[str, Any]:
        """Return the values; what is empty is null where that may be."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        for name, value in list(data.items()):
            if not isinstance(value, str):
                continue
            try:
                data[name] = in_normal_form(self._meta.model, name, value)
            except InvalidValueError as error:
                self.add_error(name, str(error))
            if data.get(name) == "" and self._meta.model._meta.get_field(name).null:
                data[name] = None
        self._check_period(data)
        return data

    def _check_period(self, data: dict[str, Any]) -> None:
        if "period_type" not in self.fields:
            return
        kind = data.get("period_type") or ""
        if kind.startswith(_ABSOLUTE) and data.get("absolute_expiry") is None:
            self.add_error("absolute_expiry", "An absolute period needs the time it ends.")
        if kind and not kind.startswith(_ABSOLUTE) and data.get("period") is None:
            self.add_error("period", "Say how many.")
        if not kind and data.get("period") is not None:
            self.add_error("period_type", "Say of what.")


class ReferenceAdmin(AskedAdmin):
    """What the pages of all reference data have in common."""

    form = ReferenceForm
    show_full_result_count = False
    list_per_page = 50
    ordering: ClassVar[tuple[str, ...]] = ("id",)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """Keep the handle of what is there: the ledger names it."""
        fields = [*super().get_readonly_fields(request, obj), "created_at", "updated_at"]
        return fields if obj is None or self.model is Location else [*fields, "handle"]

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        """Leave out the times of what is not there yet."""
        fields = [
            field.name for field in self.model._meta.fields if field.name not in {"id", "created_at", "updated_at"}
        ]
        fields += [field.name for field in self.model._meta.many_to_many]
        return fields if obj is None else [*fields, "created_at", "updated_at"]

    def get_deleted_objects(
        self, objs: Iterable[Model], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Tell what would go, and refuse what is in use without counting by how many."""
        names = [str(one) for one in objs]
        used = [f"{one}: profiles refer to it." for one in objs if is_used(one)]
        return names, {str(self.model._meta.verbose_name_plural): len(names)}, set(), used


def is_used(row: Model) -> bool:
    """Whether anything refers to the row that must not lose it; queries."""
    return any(
        relation.related_model._default_manager.filter(**{relation.field.name: row}).exists()
        for relation in row._meta.related_objects
        if relation.on_delete is PROTECT
    )


@admin.register(Region)
class RegionAdmin(ReferenceAdmin):
    """Regions that profiles belong to."""

    list_display = ("handle", "name", "is_default", "updated_at")
    search_fields = ("handle", "name")
    autocomplete_fields = ("countries",)


@admin.register(Country)
class CountryAdmin(AskedAdmin):
    """The countries of ISO 3166."""

    list_display = ("name", "iso_2", "iso_3", "iso_numeric")
    search_fields = ("name", "iso_2", "iso_3")
    ordering = ("name",)
    show_full_result_count = False


@admin.register(Location)
class LocationAdmin(ReferenceAdmin):
    """Shops and other places."""

    list_display = ("name", "external_id", "external_code", "is_published", "updated_at")
    search_fields = ("name", "external_id", "external_code")
    list_filter = ("is_published", "is_permanently_closed")


@admin.register(Status)
class StatusAdmin(ReferenceAdmin):
    """Statuses that profiles may hold."""

    list_display = ("handle", "name", "sort_order", "period", "period_type", "updated_at")
    search_fields = ("handle", "name")
    ordering = ("sort_order", "id")


@admin.register(Organisation)
class OrganisationAdmin(ReferenceAdmin):
    """Organisations that profiles are members of."""

    list_display = ("handle", "name", "type", "is_active", "updated_at")
    search_fields = ("handle", "name")
    list_filter = ("type", "is_active")


@admin.register(RoleDefinition)
class RoleDefinitionAdmin(ReferenceAdmin):
    """Roles that members may have."""

    list_display = ("handle", "name", "period", "period_type", "updated_at")
    search_fields = ("handle", "name")

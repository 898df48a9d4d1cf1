"""Where from: a mark beside each value of a profile's page, with who said it, when, and the way to the record."""

from collections.abc import Iterable, Mapping, Sequence

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from profiles.desk.cells import link
from profiles.models import ProfileChange
from profiles.provenance import Provenance
from profiles.reconcile.difference import pointer_of


class Marks:
    """The marks of one profile; what the ledger does not know of has none."""

    def __init__(self, found: Sequence[Provenance], names: Mapping[int, str]) -> None:
        """Sort what is known by path and by row; `names` are the users the ledger speaks of."""
        self._by_path = {one.path: one for one in found}
        # Of a row the newest word on any of its members.
        self._by_row: dict[str, Provenance] = {}
        for one in found:
            place = one.path
            while (place := place.rpartition("/")[0]).count("/") > 1:
                if place not in self._by_row or _is_newer(one, self._by_row[place]):
                    self._by_row[place] = one
        self._names = names

    def of_field(self, name: str) -> SafeString | str:
        """Return the mark of a field, by its path: `company`, `comms/email_promo`."""
        return self._mark(self._by_path.get(f"/{name}"))

    def of_row(self, collection: str, key: Iterable[str]) -> SafeString | str:
        """Return the mark of a collection's row: one link, to the change that names the rest, as there are many."""
        place = pointer_of(collection, *key)
        one = self._by_row.get(place) or self._by_path.get(place)
        if one is None:
            return ""
        return link(_row_url(one.change), f"{self._actor(one.change)}, {one.change.at:%Y-%m-%d %H:%M}")

    def _actor(self, change: ProfileChange) -> str:
        return change.actor_label or self._names.get(change.actor_id or 0, "") or change.cause_kind

    def _mark(self, one: Provenance | None) -> SafeString | str:
        if one is None:
            return ""
        change = one.change
        context = {
            "change": change,
            "actor": self._actor(change),
            "row_url": _row_url(change),
            "merge_url": _row_url(one.via[0]) if one.via else "",
        }
        return mark_safe(render_to_string("admin/hub/where_from.html", context))  # noqa: S308 a template's output


def _row_url(change: ProfileChange) -> str:
    return reverse("admin:profiles_profilechange_change", args=[change.pk])


def _is_newer(one: Provenance, other: Provenance) -> bool:
    return one.change.pk > other.change.pk

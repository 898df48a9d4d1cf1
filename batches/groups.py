"""The three groups of staff that every hub has from the start, and what each may do."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.contrib.auth.models import Group, Permission

_LOOKED_AT: Final = (
    *("profiles.profile", "profiles.profilechange", "profiles.duplicatecandidate", "profiles.overmergealarm"),
    *("batches.batch", "batches.batchrecord", "batches.previewrecord", "batches.import", "batches.worker"),
)
_REFERENCES: Final = ("status", "region", "country", "location", "organisation", "roledefinition")
_RULES: Final = ("blockedvalue", "identitylimit")
VIEWERS, OPERATORS, ADMINISTRATORS = "Viewers", "Operators", "Administrators"
IN_WORDS: Final[Mapping[str, str]] = {
    VIEWERS: "look at people, their history, batches and reference data; change nothing",
    OPERATORS: "also add and change people, merge them, correct and send records again, take changes back",
    ADMINISTRATORS: "also loosen consent by an undo, keep reference data and rules, users, tokens and groups",
}
"""What the members of each may do."""


def make_groups(**_: Any) -> None:
    """Make those of the groups that are not there; one that is stays as it is, whatever it may. Queries."""
    there = set(Group.objects.filter(name__in=IN_WORDS).values_list("name", flat=True))
    missing = [name for name in IN_WORDS if name not in there]
    if not missing:
        return
    permissions = {
        f"{one.content_type.app_label}.{one.codename}": one
        for one in Permission.objects.select_related("content_type").order_by("pk")
    }
    for name in missing:
        group = Group.objects.create(name=name)
        group.permissions.set([permissions[one] for one in permissions_of(name) if one in permissions])


def permissions_of(name: str) -> list[str]:
    """Return what the members of one of the groups may do, as Django names it."""
    return list(dict.fromkeys(_permissions_of(name)))


def _permissions_of(name: str) -> Iterator[str]:
    for model in (*_LOOKED_AT, *(f"profiles.{one}" for one in ("tag", *_REFERENCES, *_RULES))):
        yield from _may(model, "view")
    if name == VIEWERS:
        return
    yield from _may("profiles.profile", "add", "change")
    yield from ("profiles.merge_profile", "profiles.undo_change", "batches.change_batch")
    yield from _may("profiles.duplicatecandidate", "change")
    yield from _may("profiles.overmergealarm", "change")
    if name == OPERATORS:
        return
    yield "profiles.override_undo"
    for model in (*_REFERENCES, *_RULES, "user", "apitoken"):
        yield from _may(f"profiles.{model}", "view", "add", "change", "delete")
    yield from _may("batches.erasure", "view")
    yield from _may("auth.group", "view", "add", "change", "delete")
    yield from _may("axes.accessattempt", "view", "delete")


def _may(model: str, *acts: str) -> Iterator[str]:
    label, _, name = model.partition(".")
    yield from (f"{label}.{act}_{name}" for act in acts)

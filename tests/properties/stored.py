"""Between the reference's world and the database: put the one into the other, and describe both alike."""

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from profiles import keys, models
from profiles.applying import apply_drafts
from profiles.criteria import Criteria
from profiles.history import without_origins
from profiles.shape import COLLECTIONS, COLUMNS, MEMBERS, TIME_FIELDS
from profiles.values import CauseKind, MobileClash, Outcome, OutcomeKind, ProfileDraft
from tests.properties.reference import OTHER_COLLECTIONS, Decision, World, id_of, place

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

Labels = dict[UUID, int]


@contextmanager
def rolled_back() -> Iterator[None]:
    """Take back whatever the block writes, once its foreign keys were found to be sound."""
    with transaction.atomic():
        yield
        connection.check_constraints()
        transaction.set_rollback(True)


@contextmanager
def undone() -> Iterator[None]:
    """Take back whatever the block commits, inside the test's own transaction."""
    savepoint = transaction.savepoint()
    try:
        yield
        connection.check_constraints()
    finally:
        transaction.savepoint_rollback(savepoint)


def store(world: World) -> Labels:
    """Put everybody of the world and the ledger into the database, by hand; returns who is who."""
    ids = [id_of(person.label) for person in world.people]
    for person, id_ in zip(world.people, ids, strict=True):
        columns = derived(person.fields)
        middle_names = columns.pop("middle_names")
        models.Profile.objects.create(
            id=id_,
            **columns_of(person.fields),
            **columns,
            merged_into_id=None if person.merged_into is None else ids[person.merged_into],
            version=person.version,
            effective_times=person.times or None,
            source_times={
                source: [[time, None, None, [path]] for path, time in said.items()]
                for source, said in person.source_times.items()
            }
            or None,
            created_at=START,
            updated_at=START,
        )
        models.MiddleName.objects.bulk_create(models.MiddleName(profile_id=id_, name=name) for name in middle_names)
        for (handle, identifier), row in person.identities.items():
            models.Identity.objects.create(
                profile_id=id_, handle=handle, identifier=identifier, **row, created_at=START, updated_at=START
            )
        for name, rows in person.rows.items():
            collection = COLLECTIONS[name]
            for key, row in rows.items():
                columns = dict(zip(collection.key, key, strict=True)) | row
                if name == "addresses":
                    columns["key"] = address_key(key[0])
                model = models.COLLECTION_MODELS[name]
                attnames = {field.name: field.attname for field in model._meta.concrete_fields}
                model._default_manager.create(
                    profile_id=id_,
                    **{attnames[part]: value for part, value in columns.items()},
                    created_at=START,
                    updated_at=START,
                )
        for tag in person.tags:
            models.Tag.objects.get_or_create(handle=tag, defaults={"created_at": START, "updated_at": START})
            models.ProfileTag.objects.create(profile_id=id_, tag_id=tag)
    for entry in world.ledger:
        models.ProfileChange.objects.create(
            profile_id=ids[entry.label],
            version=entry.version,
            action=entry.action,
            at=START,
            changes={with_address_key(pointer): change for pointer, change in entry.changes.items()},
            times=entry.times or None,
            cause_kind=CauseKind.COMMAND,
            position=entry.position,
        )
    return {id_: label for label, id_ in enumerate(ids)}


def address_key(number: str) -> str:
    """Return the key under which the address of that number is stored, older than any made later."""
    return str(UUID(int=int(number)))


def with_address_key(pointer: str) -> str:
    """Return a pointer into the ledger with the stored key of an address in place of its number."""
    _, name, *parts = pointer.split("/")
    return "/".join(("", name, address_key(parts[0]), *parts[1:])) if name == "addresses" else pointer


def decide(
    drafts: Sequence[ProfileDraft],
    criteria: Criteria,
    labels: Labels,
    *,
    now: dt.datetime,
    received_at: dt.datetime | None = None,
    mobile_clash: MobileClash = MobileClash.REJECT,
) -> list[Decision]:
    """Apply the drafts for real and say what became of them in the reference's words.

    `labels` learns of the new profiles, which are numbered in the order in which they were created.
    """
    with transaction.atomic():
        outcomes = apply_drafts(drafts, criteria=criteria, now=now, received_at=received_at, mobile_clash=mobile_clash)
    for outcome in outcomes:
        if outcome.kind is OutcomeKind.CREATED:
            assert outcome.profile_id is not None
            labels[outcome.profile_id] = len(labels)
    return [decision_of(outcome, labels) for outcome in outcomes]


def _without_places(times: dict[str, Any]) -> dict[str, Any]:
    """Return a row's times without the records in which a source had said what was there before.

    And without those that only tell of another record that says the same time.
    """
    plain = {
        pointer: {side: time[0] if isinstance(time, list) else time for side, time in sides.items()}
        for pointer, sides in times.items()
    }
    return {pointer: sides for pointer, sides in plain.items() if sides.get("from") != sides.get("to")}


def decision_of(outcome: Outcome, labels: Labels) -> Decision:
    """Return the outcome in the reference's words."""
    return Decision(
        kind=outcome.kind.value,
        label=None if outcome.profile_id is None else labels[outcome.profile_id],
        rule=None if outcome.rule is None else outcome.rule.value,
        key=outcome.key,
        considered=frozenset(labels[one.profile_id] for one in outcome.considered if one.profile_id is not None),
        nobody=frozenset(one.criterion for one in outcome.considered if one.profile_id is None),
        errors=frozenset((error.code.value, place(error.pointer)) for error in outcome.errors),
        warnings=frozenset((warning.code.value, warning.pointer) for warning in outcome.warnings),
    )


def described(world: World) -> dict[str, Any]:
    """Describe the reference's world."""
    return {
        "people": {
            person.label: {
                "fields": person.fields,
                "identities": person.identities,
                "tags": person.tags,
                "rows": person.rows,
                "merged_into": person.merged_into,
                "version": person.version,
                "times": person.times,
                "source_times": person.source_times,
                **derived(person.fields),
            }
            for person in world.people
        },
        "ledger": {
            (entry.label, entry.version): (entry.action, entry.changes, entry.times, entry.position)
            for entry in world.ledger
        },
        "pairs": world.pairs,
    }


def described_database(labels: Labels) -> dict[str, Any]:
    """Describe what is stored, read row by row with nothing of the hub's own reading."""
    return {
        "people": {
            labels[profile.id]: _described_profile(profile, labels) for profile in models.Profile.objects.all()
        },
        "ledger": {
            (labels[entry.profile_id], entry.version): (
                entry.action,
                numbered(entry),
                _without_places(entry.times or {}),
                entry.position,
            )
            for entry in models.ProfileChange.objects.all()
        },
        "pairs": {
            (labels[pair.low_id], labels[pair.high_id]): (pair.reason, pair.position)
            for pair in models.DuplicateCandidate.objects.all()
        },
    }


def _described_profile(profile: models.Profile, labels: Labels) -> dict[str, Any]:
    return {
        "fields": state_of_fields(profile),
        "identities": {
            (identity.handle, identity.identifier): {
                "is_primary": identity.is_primary,
                "is_active": identity.is_active,
                "merged_from": None if identity.merged_from is None else str(identity.merged_from),
            }
            for identity in models.Identity.objects.filter(profile=profile)
        },
        "tags": set(models.ProfileTag.objects.filter(profile=profile).values_list("tag_id", flat=True)),
        "rows": {name: rows_of(profile, name) for name in OTHER_COLLECTIONS},
        "merged_into": None if profile.merged_into_id is None else labels[profile.merged_into_id],
        "version": profile.version,
        "times": profile.effective_times or {},
        "source_times": {
            source: {path: time for time, _, _, paths in records for path in paths}
            for source, records in (profile.source_times or {}).items()
        },
        "email_key": profile.email_key,
        "search_name": profile.search_name,
        "search_last": profile.search_last,
        "middle_names": sorted(profile.middle_names.values_list("name", flat=True)),
    }


def state_of_fields(profile: models.Profile) -> dict[str, Any]:
    """Return a stored profile's own fields as JSON values."""
    fields = {name: plain(getattr(profile, column)) for name, column in COLUMNS.items() if name != "merged_into"}
    return fields | {name: getattr(profile, column).get(member) for name, (column, member) in MEMBERS.items()}


def columns_of(fields: dict[str, Any]) -> dict[str, Any]:
    """Return a profile's columns of its fields."""
    columns: dict[str, Any] = {"comms_categories": {}, "appearance": {}}
    for name, value in fields.items():
        if name in MEMBERS:
            column, member = MEMBERS[name]
            if value is not None:
                columns[column][member] = value
        else:
            columns[COLUMNS[name]] = time_of(value) if name in TIME_FIELDS else value
    return columns


def rows_of(profile: models.Profile, name: str) -> dict[tuple[str, ...], dict[str, Any]]:
    """Return one collection of a stored profile as JSON values; addresses are numbered in the order of their keys."""
    collection = COLLECTIONS[name]
    rows = {}
    for stored in models.COLLECTION_MODELS[name]._default_manager.filter(profile=profile):
        attnames = {field.name: field.attname for field in stored._meta.concrete_fields}
        key = tuple(str(getattr(stored, attnames[part])) for part in collection.key)
        rows[key] = {part: plain(getattr(stored, attnames[part])) for part in collection.fields}
    if name == "addresses":
        return {(str(number),): rows[key] for number, key in enumerate(sorted(rows))}
    return rows


def numbered(entry: models.ProfileChange) -> dict[str, Any]:
    """Return a ledger row's changes with the addresses numbered as `rows_of` does, and no origins of removed rows."""
    keys_ = sorted(
        str(key) for key in models.Address.objects.filter(profile=entry.profile_id).values_list("key", flat=True)
    )
    numbers = {key: str(number) for number, key in enumerate(keys_)}
    changes = {}
    for pointer, change in without_origins(entry.changes).items():
        parts = pointer.split("/")
        if parts[1] == "addresses":
            parts[2] = numbers.get(parts[2], parts[2])
        changes["/".join(parts)] = change
    return changes


def plain(value: Any) -> Any:
    """Return a column's value as JSON."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).replace(tzinfo=None).isoformat() + "Z"
    return value.isoformat() if isinstance(value, dt.date) else value


def derived(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the columns that follow from the fields, and the rows of middle names."""
    return {
        "email_key": None if fields["email"] is None else keys.email_key(fields["email"]),
        "search_name": keys.search_name(fields["first_name"], fields["last_name"]),
        "search_last": keys.search_name(fields["last_name"]),
        "middle_names": sorted(keys.middle_names(fields["first_name"], fields["last_name"])),
    }


def time_of(text: str | None) -> dt.datetime | None:
    """Return the time a state's text means."""
    return None if text is None else dt.datetime.fromisoformat(text)

"""The same final rows, written by others: naive ORM, bulk upsert, plain COPY, and by our own writer.

The others know whom each record means and what the outcome and the ledger say, but not what is stored already: they
write every row that a record speaks of, as `update_or_create` and upserts are made for. Our writer, and the upsert
that is told them, write the differences alone.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from unittest.mock import patch

import orjson
from django.db import connection, models

from profiles import conducting, shape, writing
from profiles.db import sets
from profiles.models import COLLECTION_MODELS, Profile, ProfileChange
from profiles.values import Plan


@dataclass(frozen=True)
class Operation:
    """Rows for one table: new ones, or changes found by id."""

    kind: str  # "insert", "update" or "upsert"
    model: type[models.Model]
    rows: list[dict[str, Any]]
    unless_there: bool = False
    guards: Mapping[str, str] | None = None


@dataclass
class Recording:
    """What one batch wrote."""

    differences: list[Operation] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)

    @property
    def final_rows(self) -> list[Operation]:
        """Every row that the batch's records speak of, as it is afterwards, with ledger and outcomes."""
        (plan,) = self.plans
        whole = [replace(result, before=None, origins={}) for result in plan.results]
        moment = next(op.rows[0]["at"] for op in self.differences if op.model is ProfileChange)
        operations = [Operation("upsert", Profile, writing._new_profiles(whole, moment))]  # noqa: SLF001 only we measure it
        for collection in shape.COLLECTIONS.values():
            rows = writing._CollectionRows(collection, whole, moment).inserted  # noqa: SLF001 likewise
            if rows:
                operations.append(Operation("upsert", COLLECTION_MODELS[collection.name], rows))
        written = {operation.model for operation in operations}
        return [op for op in self.differences if op.model not in written] + operations


@contextmanager
def recording() -> Iterator[Recording]:
    """Note every set of rows that is written meanwhile, beside writing it."""
    recorded = Recording()
    operations = recorded.differences
    insert, update = sets.insert_rows, sets.update_rows

    def insert_rows(model: Any, rows: Any, *, unless_there: bool = False) -> None:
        if rows:
            operations.append(Operation("insert", model, [dict(row) for row in rows], unless_there))
        insert(model, rows, unless_there=unless_there)

    def update_rows(model: Any, rows: Any, *, guards: Any = None) -> Callable[[], int]:
        if rows:
            operations.append(Operation("update", model, [dict(row) for row in rows], guards=guards))
        return update(model, rows, guards=guards)

    def write_plan(plan: Plan, **arguments: Any) -> None:
        recorded.plans.append(plan)
        writing.write_plan(plan, **arguments)

    with (
        patch.object(sets, "insert_rows", insert_rows),
        patch.object(sets, "update_rows", update_rows),
        patch.object(conducting, "write_plan", write_plan),
    ):
        yield recorded


def write_by_sets(operations: Sequence[Operation]) -> None:
    """Write as the hub does: one statement per set of rows."""
    with sets.pipelined():
        for operation in operations:
            if operation.kind == "insert":
                sets.insert_rows(operation.model, operation.rows, unless_there=operation.unless_there)
            else:
                sets.update_rows(operation.model, operation.rows, guards=operation.guards)


def write_naively(operations: Sequence[Operation]) -> None:
    """Write as a first version would: `update_or_create` for each row."""
    for operation in operations:
        manager = operation.model._default_manager
        key = natural_key(operation)
        for row in operation.rows:
            values = columns(operation, row)
            lookup = {name: values.pop(name) for name in key}
            if operation.unless_there:
                manager.get_or_create(**lookup, defaults=values)
            else:
                changes = {name: value for name, value in values.items() if name != "created_at"}
                manager.update_or_create(**lookup, defaults=changes, create_defaults=values)


def write_by_upsert(operations: Sequence[Operation]) -> None:
    """Write as Django's own best offers: `bulk_create(update_conflicts=True)` for each set of rows."""
    for operation in operations:
        manager = operation.model._default_manager
        key = natural_key(operation)
        rows = [columns(operation, row) for row in operation.rows]
        if operation.kind == "update":
            stored = manager.in_bulk([row["id"] for row in rows])
            keyed = {operation.model._meta.pk.to_python(row["id"]): row for row in rows}
            objects = []
            for row_id, instance in stored.items():
                for name, value in keyed[row_id].items():
                    setattr(instance, name, value)
                objects.append(instance)
        else:
            objects = [operation.model(**row) for row in rows]
        names = [name for name in rows[0] if name not in key and name != "created_at"]
        if names and not operation.unless_there:
            fields = {field.attname: field.name for field in operation.model._meta.concrete_fields}
            manager.bulk_create(
                objects,
                update_conflicts=True,
                unique_fields=[fields[name] for name in key],
                update_fields=[fields[name] for name in names],
                batch_size=500,
            )
        else:
            manager.bulk_create(objects, ignore_conflicts=True, batch_size=500)


def write_by_copy(operations: Sequence[Operation]) -> None:
    """Write new rows by plain COPY into the final tables: the limit (PostgreSQL)."""
    for operation in operations:
        if operation.kind == "update" or operation.unless_there:
            write_by_sets([operation])
            continue
        names = list(operation.rows[0])
        quoted = ", ".join(f'"{name}"' for name in names)
        with (
            connection.cursor() as cursor,
            cursor.copy(f'COPY "{operation.model._meta.db_table}" ({quoted}) FROM STDIN') as copy,
        ):
            for row in operation.rows:
                copy.write_row([_copied(operation.model, name, row[name]) for name in names])


def _copied(model: type[models.Model], name: str, value: Any) -> Any:
    field = next(field for field in model._meta.concrete_fields if field.attname == name)
    if value is not None and isinstance(field, models.JSONField):
        return orjson.dumps(value).decode()
    return str(value) if value is not None and not isinstance(value, bool | int | float) else value


def columns(operation: Operation, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row's columns, without what only guards it."""
    dropped = set((operation.guards or {}).values())
    return {name: value for name, value in row.items() if name not in dropped}


def natural_key(operation: Operation) -> list[str]:
    """Return the columns that tell the rows apart: the id where that is known, else those of the unique rule."""
    if "id" in operation.rows[0]:
        return ["id"]
    attnames = {field.name: field.attname for field in operation.model._meta.concrete_fields}
    rule = next(
        rule
        for rule in operation.model._meta.constraints
        if isinstance(rule, models.UniqueConstraint) and rule.condition is None
    )
    return [attnames[name] for name in rule.fields]


CONTENDERS: dict[str, Callable[[Sequence[Operation]], None]] = {
    "sets": write_by_sets,
    "naive": write_naively,
    "upsert": write_by_upsert,
    "differences": write_by_upsert,
    "copy": write_by_copy,
}

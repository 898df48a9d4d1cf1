"""The same final rows, written by others: naive ORM, bulk upsert, plain COPY, and by our own writer."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import orjson
from django.db import connection, models

from profiles import sets


@dataclass(frozen=True)
class Operation:
    """Rows for one table: new ones, or changes found by id."""

    kind: str  # "insert" or "update"
    model: type[models.Model]
    rows: list[dict[str, Any]]
    unless_there: bool = False
    guards: Mapping[str, str] | None = None


@contextmanager
def recording() -> Iterator[list[Operation]]:
    """Note every set of rows that is written meanwhile, beside writing it."""
    operations: list[Operation] = []
    insert, update = sets.insert_rows, sets.update_rows

    def insert_rows(model: Any, rows: Any, *, unless_there: bool = False) -> None:
        if rows:
            operations.append(Operation("insert", model, [dict(row) for row in rows], unless_there))
        insert(model, rows, unless_there=unless_there)

    def update_rows(model: Any, rows: Any, *, guards: Any = None) -> Callable[[], int]:
        if rows:
            operations.append(Operation("update", model, [dict(row) for row in rows], guards=guards))
        return update(model, rows, guards=guards)

    sets.insert_rows, sets.update_rows = insert_rows, update_rows
    try:
        yield operations
    finally:
        sets.insert_rows, sets.update_rows = insert, update


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
            (manager.get_or_create if operation.unless_there else manager.update_or_create)(**lookup, defaults=values)


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
        names = [name for name in rows[0] if name not in key]
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
        if operation.kind != "insert" or operation.unless_there:
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
    "copy": write_by_copy,
}

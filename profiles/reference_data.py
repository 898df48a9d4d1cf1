"""Reference data from a document: regions, locations, statuses, organisations and roles; and rules about keys."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.db.models import Model, TextField

from profiles import keys
from profiles.characters import shown
from profiles.keys import NOTES_LENGTH, InvalidValueError
from profiles.models import (
    BlockedValue,
    Country,
    IdentityLimit,
    Location,
    Organisation,
    Region,
    RoleDefinition,
    Status,
)
from profiles.sentences import ToldError

_LIMITS: Final = "identity_limits"
_OURS: Final = frozenset({"id", "created_at", "updated_at"})


@dataclass(frozen=True, slots=True)
class _Kind:
    model: type[Model]
    key: tuple[str, ...]
    """The columns that say which row is meant: the first must be given, the others may be left empty."""

    @property
    def columns(self) -> frozenset[str]:
        return frozenset(field.name for field in self.model._meta.concrete_fields) - _OURS


KINDS: Final[Mapping[str, _Kind]] = {
    "regions": _Kind(Region, ("handle",)),
    "locations": _Kind(Location, ("external_id",)),
    "statuses": _Kind(Status, ("handle",)),
    "organisations": _Kind(Organisation, ("handle",)),
    "roles": _Kind(RoleDefinition, ("handle",)),
    "blocked_values": _Kind(BlockedValue, ("kind", "handle", "exact", "pattern")),
    _LIMITS: _Kind(IdentityLimit, ("handle",)),
}


class ReferenceDataError(ToldError):
    """The document is wrong; nothing of it was loaded."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__()
        self.problems = problems
        """Each with its place in the document."""


@dataclass(slots=True)
class LoadedCounts:
    """What loading one kind of reference data did."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0


def load_reference_data(document: object) -> dict[str, LoadedCounts]:
    """Make or update every row the document names, all or none, and return the counts by kind.

    `document` maps `regions`, `locations`, `statuses`, `organisations` and `roles` to lists of objects with the
    contract's fields (rules 8.8 to 8.12), and `blocked_values` to a list of those with `kind`, `handle`, `exact` or
    `pattern`, and `reason` (rules 1.13). Rows are found by `handle`, locations by `external_id`, blocked values by all
    but their reason. `identity_limits` maps handles to numbers (rules 1.11). What an object leaves out stays as it is,
    and nothing is ever removed. Raises `ReferenceDataError`. Opens its own transaction.
    """
    if not isinstance(document, dict):
        raise ReferenceDataError([f"The document must be an object with some of {', '.join(KINDS)}."])
    problems: list[str] = []
    counts: dict[str, LoadedCounts] = {}
    with transaction.atomic():
        for name, rows in document.items():
            if name not in KINDS:
                problems.append(f"{name}: unknown; there are {', '.join(KINDS)}.")
            elif not isinstance(rows, dict if name == _LIMITS else list):
                problems.append(f"{name}: must be {'an object' if name == _LIMITS else 'a list'}.")
            else:
                counts[name] = LoadedCounts()
                for place, row in _rows(name, rows):
                    problems += [f"{place}{problem}" for problem in _load(KINDS[name], row, counts[name])]
        if problems:
            raise ReferenceDataError(problems)
    return counts


def _rows(name: str, rows: Any) -> Iterator[tuple[str, object]]:
    """Yield each row of the document with its place there; a limit is told by its handle and its number."""
    if name == _LIMITS:
        for handle, most in rows.items():
            yield f"{name}.{shown(handle)}", {"handle": handle, "most": most}
    else:
        for index, row in enumerate(rows):
            yield f"{name}[{index}]", row


def _load(kind: _Kind, row: object, counts: LoadedCounts) -> list[str]:
    """Make or update one row; return what is wrong with it."""
    if not isinstance(row, dict):
        return [": must be an object."]
    values = {name: value for name, value in row.items() if name not in _OURS}
    countries = values.pop("countries", None) if kind.model is Region else None
    if problems := _problems(kind, values):
        return problems
    manager = kind.model._default_manager
    stored = manager.filter(**{name: values.get(name, "") for name in kind.key}).first()
    before = {} if stored is None else {name: getattr(stored, name) for name in values}
    instance = kind.model() if stored is None else stored
    for name, value in values.items():
        setattr(instance, name, value)
    try:
        instance.full_clean()
    except ValidationError as error:
        return [
            f"{'' if name == NON_FIELD_ERRORS else f'.{name}'}: {' '.join(messages)}"
            for name, messages in error.message_dict.items()
        ]
    changed = {name for name in values if getattr(instance, name) != before.get(name)}
    if stored is None or changed:
        instance.save()
    problems, moved = _set_countries(instance, countries)
    if stored is None:
        counts.created += 1
    elif changed or moved:
        counts.updated += 1
    else:
        counts.unchanged += 1
    return problems


def _problems(kind: _Kind, values: dict[str, Any]) -> list[str]:
    """Bring the texts into normal form; return what is wrong with the values."""
    unknown = sorted(values.keys() - kind.columns)
    if unknown:
        return [f".{name}: unknown field." for name in unknown]
    first, *others = kind.key
    if not isinstance(values.get(first), str) or not values[first].strip():
        return [f".{first}: required, as text."]
    problems = [f".{name}: must be text." for name in others if not isinstance(values.get(name, ""), str)]
    if kind.model is IdentityLimit and type(values["most"]) is not int:
        problems.append(": must be a whole number.")
    for name, value in values.items():
        if isinstance(value, str):
            try:
                values[name] = in_normal_form(kind.model, name, value)
            except InvalidValueError as error:
                problems.append(f".{name}: {error}")
    return problems


def in_normal_form(model: type[Model], column: str, value: str) -> str:
    """Return a text of reference data as it is kept; raises `InvalidValueError`.

    What records refer to it by is in the normal form of what they say, so that it can be found.
    """
    if not (
        value := keys.text(value, length=NOTES_LENGTH, notes=isinstance(model._meta.get_field(column), TextField))
    ):
        return value
    return keys.name(value) if column in _REFERRED_TO_BY else value


_REFERRED_TO_BY: Final = frozenset({"handle", "external_id", "external_code"})


def _set_countries(region: Model, countries: object) -> tuple[list[str], bool]:
    """Replace a region's countries, by their two letters; return what is wrong, and whether they changed."""
    if countries is None or not isinstance(region, Region):
        return [], False
    if not isinstance(countries, list):
        return [".countries: must be a list."], False
    codes = [one.get("iso_2") if isinstance(one, dict) else one for one in countries]
    wanted = {country.iso_2: country for country in Country.objects.filter(iso_2__in=[str(code) for code in codes])}
    problems = [f".countries[{index}]: unknown." for index, code in enumerate(codes) if code not in wanted]
    before = set(region.countries.values_list("iso_2", flat=True))
    if not problems and before != wanted.keys():
        region.countries.set(wanted.values())
        return [], True
    return problems, False


def example_data() -> Mapping[str, Any]:
    """Return a small complete document: what the demo and the tests stand on, and a pattern for operators."""
    return {
        "regions": [
            {"handle": "new-south-wales", "name": "New South Wales", "countries": ["AU"]},
            {"handle": "victoria", "name": "Victoria", "countries": ["AU"]},
            {"handle": "north-island", "name": "North Island", "countries": ["NZ"]},
        ],
        "locations": [
            {
                "external_id": "SYD-01",
                "external_code": "sydney",
                "name": "Sydney, Pitt Street",
                "country_iso_3": "AUS",
            },
            {"external_id": "MEL-01", "external_code": "melbourne", "name": "Melbourne", "country_iso_3": "AUS"},
            {"external_id": "AKL-01", "external_code": "auckland", "name": "Auckland", "country_iso_3": "NZL"},
        ],
        "statuses": [
            {"handle": "gold", "name": "Gold", "sort_order": 1, "period": 1, "period_type": "years"},
            {"handle": "silver", "name": "Silver", "sort_order": 2, "period": 1, "period_type": "years"},
            {"handle": "trial", "name": "Trial", "sort_order": 9, "period": 30, "period_type": "days"},
        ],
        "organisations": [
            {"handle": "acme", "name": "Acme Pty Ltd", "type": "company"},
            {"handle": "rowing-club", "name": "Rowing Club", "type": "club"},
        ],
        "roles": [
            {"handle": "buyer", "name": "Buyer", "period": 2, "period_type": "years"},
            {"handle": "member", "name": "Member"},
        ],
    }

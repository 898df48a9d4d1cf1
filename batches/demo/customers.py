"""Invented customers, and the records that five systems hold of them: overlapping, differing, some of them wrong.

Deterministic: the same seed gives the same records, so that a second run finds everything as the first one left it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Final

_FIRST: Final = """
    Ada Alan Amelia Amir Ana Anja Ben Beth Carla Chen Chloé Daniel Dorothea Elif Emma Ezra Farah Finn Freya Grace
    Hana Hugo Ines Isla Ivan Jack Jasmin João Kai Lara Leo Liam Lucía Maja Marcus Mei Mia Nadia Noah Nora Olga Omar
    Oscar Paul Priya Quinn Rosa Ruth Samir Sofia Søren Tara Theo Uma Vera Wei Yara Zoë
""".split()  # noqa: SIM905 easier to read than a list of quoted names
_LAST: Final = """
    Ahmed Andersson Baker Becker Brown Chen Clarke Costa Davies Diaz Dubois Evans Fischer García Green Gupta Hall
    Hansen Hughes Ito Jansen Jones Kaya Khan Kim King Kowalski Lee Lewis Lopez Martin Meyer Moreau Müller Nguyen
    Novak O'Brien Okafor Patel Pereira Ricci Rossi Sato Schmidt Silva Singh Smith Tanaka Taylor Turner Walker Wang
    White Wilson Young
""".split()  # noqa: SIM905 easier to read than a list of quoted names
_DOMAINS = ("example.com", "example.net", "example.org", "mail.example.com", "post.example.org")
_STREETS = (
    "Pitt Street",
    "George Street",
    "King Street",
    "Queen Street",
    "Station Road",
    "Park Avenue",
    "High Street",
)
_CITIES = (
    ("Sydney", "2000", "NSW", "AU", "Australia", "new-south-wales", "SYD-01"),
    ("Newcastle", "2300", "NSW", "AU", "Australia", "new-south-wales", "SYD-01"),
    ("Melbourne", "3000", "VIC", "AU", "Australia", "victoria", "MEL-01"),
    ("Geelong", "3220", "VIC", "AU", "Australia", "victoria", "MEL-01"),
    ("Auckland", "1010", "AUK", "NZ", "New Zealand", "north-island", "AKL-01"),
)
# System -> what its batches match by. Loyalty and till come after the shop, whose customers they know by its numbers.
SYSTEMS: Final[Mapping[str, str]] = {
    "shop": "shop",
    "loyalty": "loyalty-card",
    "till": "till",
    "mailing": "email",
    "spreadsheet": "email",
}


@dataclass(frozen=True, slots=True)
class ReferenceIds:
    """The ids that records name reference data by."""

    regions: Mapping[str, int]
    organisations: Mapping[str, int]
    roles: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Person:
    number: int
    first_name: str
    last_name: str
    email: str
    mobile: str
    birthday: tuple[int, int, int]
    street: str
    city: tuple[str, ...]
    shop: str | None
    card: str | None
    till: str | None
    in_mailing: bool
    in_spreadsheet: bool

    def identities(self, *systems: str) -> list[dict[str, Any]]:
        """Return the person's numbers in the systems named, as far as they have one."""
        known = {"shop": self.shop, "loyalty-card": self.card, "till": self.till}
        return [{"handle": name, "identifier": known[name]} for name in systems if known[name] is not None]


def make_records(*, customers: int, seed: int, ids: ReferenceIds) -> dict[str, list[dict[str, Any]]]:
    """Return each system's records, of `customers` persons in all."""
    random = Random(seed)
    people = [_person(random, number) for number in range(customers)]
    records = {
        "shop": list(_shop(random, people)),
        "loyalty": list(_loyalty(random, people, ids)),
        "till": list(_till(random, people)),
        "mailing": list(_mailing(random, people)),
        "spreadsheet": list(_spreadsheet(random, people, ids)),
    }
    for system, entries in records.items():
        for index, record in enumerate(entries):
            record["reference"] = f"{system}-{index + 1}"
            if random.random() < 0.01:
                random.choice(_SLIPS)(record)
    return records


def _person(random: Random, number: int) -> _Person:
    first, last = random.choice(_FIRST), random.choice(_LAST)
    plain = "".join(c for c in f"{first}.{last}".lower() if c.isascii() and (c.isalpha() or c == "."))
    return _Person(
        number=number,
        first_name=first,
        last_name=last,
        email=f"{plain}{number}@{random.choice(_DOMAINS)}",
        mobile=f"+614{number % 100_000_000:08}",
        birthday=(random.randint(1, 28), random.randint(1, 12), random.randint(1940, 2007)),
        street=f"{random.randint(1, 220)} {random.choice(_STREETS)}",
        city=random.choice(_CITIES),
        shop=f"S-{10_000 + number}" if random.random() < 0.6 else None,
        card=f"LC{number:07}" if random.random() < 0.5 else None,
        till=str(500_000 + number) if random.random() < 0.5 else None,
        in_mailing=random.random() < 0.55,
        in_spreadsheet=random.random() < 0.25,
    )


# --- The five systems --------------------------------------------------------------------------------------------


def _shop(random: Random, people: list[_Person]) -> Iterator[dict[str, Any]]:
    """Yield what the web shop holds: addresses, consent, sizes."""
    for one in people:
        if one.shop is None:
            continue
        city, postcode, state, country, *_ = one.city
        yield {
            "email": one.email,
            "first_name": one.first_name,
            "last_name": one.last_name,
            "mobile_phone": one.mobile,
            "currency": "NZD" if country == "NZ" else "AUD",
            "joined_at": f"20{random.randint(18, 25)}-0{random.randint(1, 9)}-1{random.randint(0, 9)}T09:30:00Z",
            "identities": one.identities("shop"),
            "addresses": [
                {
                    "external_id": f"{one.shop}-home",
                    "address_line_1": one.street,
                    "city": city,
                    "postcode": postcode,
                    "state": state,
                    "country": country,
                    "is_default": True,
                }
            ],
            "comms_attributes": {
                "email_promo": random.random() < 0.7,
                "email_consent_updated_at": f"2024-0{random.randint(1, 9)}-01T10:00:00Z",
            },
            "attributes": {"appearance": {"size_shoe": str(random.randint(36, 46)), "size_top": random.choice("SML")}},
            "tags": ["web shop"],
        }


def _loyalty(random: Random, people: list[_Person], ids: ReferenceIds) -> Iterator[dict[str, Any]]:
    """Yield what the loyalty programme holds: birthdays, statuses, points; it knows the shop's numbers."""
    for one in people:
        if one.card is None:
            continue
        day, month, year = one.birthday
        record: dict[str, Any] = {
            "first_name": one.first_name,
            "last_name": one.last_name,
            "birth_day": day,
            "birth_month": month,
            "birth_year": year,
            "identities": one.identities("loyalty-card", "shop"),
            "statuses": [random.choice(("gold", "silver", "silver", "trial"))],
            "region_id": ids.regions[one.city[5]],
            "region_country": one.city[3],
            "custom_attributes": [
                {"namespace": "loyalty", "handle": "points", "type": "integer", "value": random.randint(0, 9_000)}
            ],
            "preferred_location_external_id": one.city[6],
        }
        if random.random() < 0.15:
            record["dates_attributes"] = [
                {
                    "handle": "birthday",
                    "relationship": "child",
                    "name": "Birthday of a child",
                    "date": f"20{random.randint(10, 22)}-0{random.randint(1, 9)}-{random.randint(10, 28)}",
                    "is_recurring": True,
                    "recurring_schedule": "Yearly",
                }
            ]
        yield record


def _till(random: Random, people: list[_Person]) -> Iterator[dict[str, Any]]:
    """Yield what the tills hold: shouted names, numbers as numbers, now and then two customers in one."""
    for one in people:
        if one.till is None:
            continue
        record: dict[str, Any] = {
            "first_name": one.first_name,
            "last_name": one.last_name.upper() if one.shop is None and one.card is None else one.last_name,
            "identities": [{"handle": "till", "identifier": int(one.till)}, *one.identities("loyalty-card", "shop")],
            "joined_location_external_code": {"SYD-01": "sydney", "MEL-01": "melbourne", "AKL-01": "auckland"}[
                one.city[6]
            ],
        }
        if one.shop is not None or random.random() < 0.3:
            record["email"] = one.email.upper() if random.random() < 0.3 else one.email
        if random.random() < 0.02:
            other = random.choice(people)
            record["identities"] = [*record["identities"], *other.identities("loyalty-card", "shop")]
        yield record


def _mailing(random: Random, people: list[_Person]) -> Iterator[dict[str, Any]]:
    """Yield what the mailing tool holds: emails in many spellings, and who wants to hear from us."""
    for one in people:
        if not one.in_mailing:
            continue
        name, _, domain = one.email.partition("@")
        yield {
            "email": random.choice(
                (one.email, f" {one.email}", f"{name.title()}@{domain}", f"{name}@{domain.upper()}")
            ),
            "first_name": one.first_name,
            "comms_attributes": {
                "email_promo": random.random() < 0.8,
                "email_optout": random.random() < 0.1,
            },
            "attributes": {"comms": {"email_consent_updated_at": f"202{random.randint(3, 5)}-05-01T00:00:00Z"}},
        }


def _spreadsheet(random: Random, people: list[_Person], ids: ReferenceIds) -> Iterator[dict[str, Any]]:
    """Yield what somebody kept by hand: companies, roles, countries by name, mobiles that may be another's."""
    for one in people:
        if not one.in_spreadsheet:
            continue
        city, postcode, state, _, country, *_ = one.city
        organisation = random.choice(sorted(ids.organisations))
        record: dict[str, Any] = {
            "email": one.email,
            "first_name": one.first_name,
            "last_name": one.last_name,
            "occupation": random.choice(("Teacher", "Nurse", "Engineer", "Student", "Chef")),
            "addresses": [
                {
                    "address_line_1": one.street.upper(),
                    "city": city,
                    "postcode": postcode,
                    "state": state,
                    "country": country,
                }
            ],
            "organisations": [
                {
                    "id": ids.organisations[organisation],
                    "role_definition_id": ids.roles["buyer" if organisation == "acme" else "member"],
                }
            ],
        }
        if random.random() < 0.03:
            record["mobile_phone"] = random.choice(people).mobile
        yield record


# --- Slips -------------------------------------------------------------------------------------------------------


def _wrong_email(record: dict[str, Any]) -> None:
    record["email"] = "not an email"


def _wrong_phone(record: dict[str, Any]) -> None:
    record["mobile_phone"] = "12"


def _wrong_birthday(record: dict[str, Any]) -> None:
    record |= {"birth_day": 30, "birth_month": 2, "birth_year": 1990}


def _no_keys(record: dict[str, Any]) -> None:
    record.pop("email", None)
    record.pop("identities", None)


def _unknown_region(record: dict[str, Any]) -> None:
    record["region"] = "atlantis"


def _old_field(record: dict[str, Any]) -> None:
    record["fax_number"] = "none"


_SLIPS: Final = (_wrong_email, _wrong_phone, _wrong_birthday, _no_keys, _unknown_region, _old_field)

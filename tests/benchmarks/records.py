"""Full-size records, seeded: identities, addresses, attributes, a date, tags, a status, a region and comms."""

from random import Random
from typing import Any

from profiles.reference_data import example_data, load_reference_data


def load_references() -> None:
    """Have the reference data that the records name."""
    load_reference_data(example_data())


def full_record(number: int, *, version: int = 0, everywhere: bool = False) -> dict[str, Any]:
    """Return the record of one person; another version differs in a few of its parts, or `everywhere`."""
    random = Random(number)
    addresses = [_address(number, place, version) for place in range(1 + number % 2)]
    return {
        "email": f"person.{number}@example.com",
        "first_name": f"First{random.randint(1, 5_000)}",
        "last_name": f"Last{random.randint(1, 50_000)}",
        "mobile_phone": f"+614{number % 100_000_000:08}",
        "gender": "female" if number % 2 else "male",
        "birth_day": 1 + number % 28,
        "birth_month": 1 + number % 12,
        "birth_year": 1950 + number % 50,
        "company": f"Company {number % 1000} {version}",
        "identities": [
            {"handle": "shop", "identifier": f"S{number}"},
            {"handle": "loyalty-card", "identifier": f"L{number}"},
        ],
        "addresses": addresses,
        "custom_attributes": [
            {"namespace": "loyalty", "handle": "points", "type": "integer", "value": number + version},
            {"namespace": "shop", "handle": "orders", "type": "integer", "value": number % 40},
            {"namespace": "shop", "handle": "segment", "type": "string", "value": f"segment {number % 7}"},
        ],
        "dates_attributes": [
            {"handle": "wedding", "name": "Wedding", "date": f"20{number % 20:02}-05-{1 + number % 28:02}"},
        ],
        "tags": [f"tag-{number % 20}", f"tag-{20 + number % 20}"],
        "statuses": ["gold" if number % 3 else "silver"],
        "region": "new-south-wales" if number % 2 else "victoria",
        "comms_attributes": {
            "email_promo": True,
            "sms_promo": False,
            # With its time: a refusal without one counts from each time it is received, which is to be kept.
            "sms_consent_updated_at": "2025-01-01T00:00:00Z",
            "email_discover": True,
        },
    } | (_changes(number, version) if everywhere else {})


def _changes(number: int, version: int) -> dict[str, Any]:
    """Return parts that differ in every version: with the company and the address one row of every table."""
    return {
        "identities": [
            {"handle": "shop", "identifier": f"S{number}", "is_active": bool(version % 2)},
            {"handle": "loyalty-card", "identifier": f"L{number}"},
        ],
        "dates_attributes": [
            {"handle": "wedding", "name": f"Wedding {version}", "date": f"20{number % 20:02}-05-{1 + number % 28:02}"},
        ],
        "tags": [f"tag-{number % 20}", f"tag-{20 + (number + version) % 20}"],
        "statuses": ["gold" if version % 2 else "silver"],
        "region_state": f"state {version}",
    }


def _address(number: int, place: int, version: int) -> dict[str, Any]:
    return {
        "external_id": f"A{number}-{place}",
        "address_line_1": f"{1 + number % 200} Street {place} {version}",
        "city": "Sydney",
        "postcode": f"{2000 + number % 999}",
        "state": "NSW",
        "country": "AU",
        "is_default": place == 0,
    }

"""Records about one person, and what that person shows."""

POS = {"identities": [{"handle": "pos", "identifier": "7"}]}
BOB = {"identities": [{"handle": "pos", "identifier": "8"}]}
HOME = {"address_line_1": "1 Main St", "city": "Perth", "postcode": "6000", "country": "AU", "external_id": "h"}
WORK = {"address_line_1": "9 Quay St", "city": "Perth", "postcode": "6000", "country": "AU", "external_id": "w"}
PIER = {"address_line_1": "3 Pier", "city": "Perth", "postcode": "6000", "country": "AU", "external_id": "p"}
DEFAULT, OTHER = {"is_default": True}, {"is_default": False}
DATE = {"handle": "b", "name": "B", "date": "2000-01-01"}


def company(value):
    return {"company": value}


def born(day, month, year=None):
    return {"birth_day": day, "birth_month": month, "birth_year": year}


def tags(*names):
    return {"tags": list(names)}


def member(**columns):
    return {"organisations": [{"id": 1, **columns}]}


def addresses(*rows):
    return {"addresses": list(rows)}


def attribute(**members):
    return {"custom_attributes": [{"namespace": "n", "handle": "h", **members}]}


def comms(**flags):
    return {"comms_attributes": flags}


def till(**members):
    return {"identities": [*POS["identities"], {"handle": "till", "identifier": "1", **members}]}


def seen(hub):
    """Return what the profile shows but for its keys, blanks and what every profile has."""
    (profile,) = hub.people.values()
    fields = {
        name: value
        for name, value in profile.fields.items()
        if value not in {None, "Unknown"} and (name, value) != ("profile_type", "active")
    }
    rows = {}
    for name, some in profile.collections.items():
        for key, row in some.items():
            if key != ("pos", "7"):
                told = row.get("external_id") or "/".join(key)
                rows[f"{name}/{told}"] = {
                    part: value
                    for part, value in row.items()
                    if value not in {None, ""}
                    and part in {"role", "company", "is_default", "is_active", "value", "type"}
                }
    return fields, rows

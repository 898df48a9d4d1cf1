"""What becomes of statuses, regions and organisations."""

import datetime as dt
from typing import Any

from profiles.values import ErrorCode, ProfileDraft, WarningCode
from tests.properties.reference.names import ORGANISATIONS, REGIONS, ROLES, STATUSES
from tests.properties.reference.people import Person
from tests.properties.reference.told import Told


def set_statuses(person: Person, draft: ProfileDraft, *, now: dt.datetime) -> None:
    """Replace the set by those of the handles that are known; none known of some: leave it."""
    if "statuses" not in draft.referrals:
        return
    handles = [one.names[0][0].value for one in draft.referrals["statuses"]]
    known = [handle for handle in handles if handle in STATUSES]
    if handles and not known:
        return
    old = person.rows["statuses"]
    person.rows["statuses"] = {}
    for handle in known:
        row = old.get((handle,))
        is_held = row is not None and row["is_active"] and dt.datetime.fromisoformat(row["expires_at"]) > now
        end = (now + dt.timedelta(days=STATUSES[handle])).replace(tzinfo=None).isoformat() + "Z"
        person.rows["statuses"][handle,] = (
            row if is_held and row is not None else {"expires_at": end, "is_active": True}
        )


def set_regions(person: Person, draft: ProfileDraft, told: Told) -> None:  # noqa: C901 likewise
    """Set memberships; `region` says which is the default, `region_country` and `region_state` describe that."""
    rows = person.rows["regions"]
    new = {"country": None, "state": None, "is_active": True, "is_default": False}
    sent: dict[str, dict[str, Any]] = {}
    for one in draft.referrals.get("regions", ()):
        handle = one.names[0][0].value
        if handle not in REGIONS:
            continue
        sent[handle] = {**sent.get(handle, {}), **one.row}
    for handle, row in sent.items():
        rows[handle,] = {**rows.get((handle,), new), **row}
    if (described := draft.default_region) is not None:
        for name, _ in described.names:
            if name.value not in REGIONS:
                continue
            rows.setdefault((name.value,), dict(new))
            for key, row in rows.items():
                row["is_default"] = key == (name.value,)
        default = next((key for key, row in rows.items() if row["is_default"]), None)
        for part, value in described.row.items():
            if default is None:
                if value is not None:
                    told.warn(WarningCode.NO_DEFAULT_REGION, f"/region_{part}")
            elif sent.get(default[0], {}).get(part, value) != value:
                told.refuse(ErrorCode.CONFLICT, f"/region_{part}")
            else:
                rows[default][part] = value


def set_organisations(person: Person, draft: ProfileDraft) -> None:
    """Set memberships; what is not sent stays."""
    rows = person.rows["organisations"]
    for one in draft.referrals.get("organisations", ()):
        handle = ORGANISATIONS.get(int(one.names[0][0].value))
        if handle is None:
            continue
        row = dict(one.row)
        if row.get("role") is not None:
            row["role"] = ROLES[int(row["role"].value)]
        old = rows.get((handle,), {"role": None, "expires_at": None, "is_active": True})
        rows[handle,] = {**old, **row}

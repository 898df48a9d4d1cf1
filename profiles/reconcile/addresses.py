"""Addresses: which stored one is meant, and what becomes of it (rules 4.2)."""

from typing import Any, Final

from profiles import shape
from profiles.countries import country_code, has_postcodes
from profiles.keys import folded
from profiles.reconcile.case import Case
from profiles.values import ErrorCode, Row, RowKey, Rows, WarningCode

_REQUIRED: Final = ("address_line_1", "city", "country")
_LINES: Final = tuple(name for name in shape.ADDRESS_LINES if name != "country")
_EMPTY: Final = dict.fromkeys(shape.ADDRESSES.fields) | {"postcode": ""}

AddressText = tuple[str, ...]


def reconcile_addresses(before: Rows, sent: Rows, case: Case) -> Rows:
    """Upsert by external_id, else by equal text, else append; exactly one is the default.

    Those known by their external_id come first: what they become is what the others are compared with, now and when
    the record is sent again.
    """
    reconciling = _Reconciling(before, case)
    unknown = {}
    for place, row in sent.items():
        if (meant := case.draft.meant.get(("addresses", place))) in before and meant is not None:
            reconciling.change_one(meant, row, place)
        elif (key := reconciling.named(row)) is None:
            unknown[place] = row
        else:
            reconciling.change(key, row, place)
    for place, row in unknown.items():
        if (key := reconciling.equal(row)) is None:
            reconciling.add(row, place)
        else:
            reconciling.change(key, _said_by(row, reconciling.after[key]), place)
    reconciling.warn_of_kept_default()
    return reconciling.after


class _Reconciling:
    """A profile's addresses while a record tells its own one by one; finding one among many costs no more."""

    def __init__(self, before: Rows, case: Case) -> None:
        self.after = dict(before)
        self._case = case
        self._names: dict[str, RowKey] = {}
        self._default: RowKey | None = None
        for key, row in before.items():
            if row["external_id"] is not None:
                self._names[row["external_id"]] = key
            if row["is_default"]:
                self._default = key
        self._has_nameless = len(self._names) < len(before)
        self._texts: dict[AddressText, set[RowKey]] | None = None  # made when an address is first compared
        self._not_default: dict[RowKey, RowKey] = {}  # where the record says so

    def named(self, sent: Row) -> RowKey | None:
        """Return the address that has the external_id sent."""
        name = sent.get("external_id")
        return None if name is None else self._names.get(name)

    def equal(self, sent: Row) -> RowKey | None:
        """Return the address with the same text, one without an external_id first, then the oldest.

        One that has another external_id is another address.
        """
        if not self.after or (sent.get("external_id") is not None and not self._has_nameless):
            return None
        equal = self._by_text().get(address_text(sent), ())
        nameless = [key for key in equal if self.after[key]["external_id"] is None]
        found = nameless if nameless or sent.get("external_id") is not None else equal
        return min(found, default=None)  # the keys are in the order in which they were received

    def add(self, sent: Row, place: RowKey) -> None:
        """Append the address; the first one becomes the default."""
        self._case.require(_REQUIRED, sent, self._case.place("addresses", place))
        # Named by where it stands, not by counting: read again for another state, the record names it the same.
        key = (str(self._case.new_id(1 + int(place[0]))),)
        self._put(key, {**_EMPTY, **sent}, place, becomes_default=not self.after)

    def change(self, key: RowKey, sent: Row, place: RowKey) -> None:
        """Set what was sent; what is absent stays."""
        self._put(key, {**self.after[key], **sent}, place)

    def change_one(self, key: RowKey, sent: Row, place: RowKey) -> None:
        """Set what was sent of the address itself; its name must not be that of another one."""
        if self.named(sent) not in {None, key}:
            pointer = f"{self._case.place('addresses', place)}/external_id"
            self._case.refuse(ErrorCode.CONFLICT, pointer, "Another address of the profile has this external_id.")
        else:
            self.change(key, sent, place)

    def warn_of_kept_default(self) -> None:
        """Say so where the default address was not to be it any more, and no other one took its place."""
        if self._default in self._not_default:
            message = "The default address stays the default until another one is."
            pointer = self._case.place("addresses", self._not_default[self._default])
            self._case.warn(WarningCode.DEFAULT_ADDRESS_KEPT, f"{pointer}/is_default", message)

    def _put(self, key: RowKey, row: dict[str, Any], place: RowKey, *, becomes_default: bool = False) -> None:
        if not row["postcode"] and has_postcodes(row["country"] or ""):
            pointer = f"{self._case.place('addresses', place)}/postcode"
            message = "The value is required: the country has postcodes."
            self._case.refuse(ErrorCode.INVALID, pointer, message)
        if row["is_default"] is False and (key == self._default or becomes_default):
            self._not_default[key] = place
        if self._texts is not None:
            if key in self.after:
                self._texts[address_text(self.after[key])].discard(key)
            self._texts.setdefault(address_text(row), set()).add(key)
        if row["external_id"] is None:
            self._has_nameless = True
        else:
            self._names[row["external_id"]] = key
        row["is_default"] = bool(row["is_default"]) or becomes_default or key == self._default
        self.after[key] = row
        if row["is_default"] and self._default != key:
            if self._default is not None:
                self.after[self._default] = {**self.after[self._default], "is_default": False}
            self._default = key

    def _by_text(self) -> dict[AddressText, set[RowKey]]:
        if self._texts is None:
            self._texts = {}
            for key, row in self.after.items():
                self._texts.setdefault(address_text(row), set()).add(key)
        return self._texts


def _said_by(sent: Row, stored: Row) -> Row:
    """Return what an address says of the stored one that has the same text.

    Its lines only spell the same in another way, and are left out; but a country that was kept as it was sent, and
    is known by now, gets its code. One that gives the address its external_id is how its sender spells it from now on.
    """
    if sent.get("external_id") is not None:
        return sent
    said = {name: value for name, value in sent.items() if name not in shape.ADDRESS_LINES and name != "external_id"}
    code = country_code(sent.get("country") or "")
    return said if code is None or code == stored["country"] else {**said, "country": code}


def may_be_one(one: Row, other: Row) -> bool:
    """Whether two addresses with the same text are one: they have no two names."""
    return len({row["external_id"] for row in (one, other)} - {None}) < 2  # noqa: PLR2004 two names


def address_text(row: Row) -> AddressText:
    """Return the address as it is compared: NFC, spaces collapsed, lower case, the country by its code."""
    country = row.get("country") or ""
    lines = [folded(line) if (line := row.get(name)) else "" for name in _LINES]
    return (*lines, country_code(country) or folded(country))

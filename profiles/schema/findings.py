"""What is wrong with a record and what of it is ignored, each told at its place."""

from collections.abc import Iterable
from typing import Final

from profiles.characters import shown
from profiles.schema.naming import did_you_mean
from profiles.values import ErrorCode, Finding, WarningCode

MAX_UNKNOWN_FIELDS_TOLD: Final = 20
MAX_ERRORS_TOLD: Final = 100
_LONGEST_POINTER_PART: Final = 100

_READ_ONLY: Final = frozenset({
    "id", "external_id", "full_name", "mobile_phone_country", "mobile_phone_national",
    "mobile_phone_national_prefix", "mobile_phone_e164", "birth_date", "birth_days", "birth_days_past",
    "next_birthday", "is_completed", "created_at", "updated_at", "created_by", "joined_location",
    "preferred_location", "address", "statuses_original", "tier", "tier_handle",
})  # fmt: skip
_READ_ONLY_IN_ENTRIES: Final = frozenset({
    "id", "is_primary", "is_default", "profile_id", "merged_from", "created_at", "updated_at", "latitude",
    "longitude", "attributes_date_id", "dates",
})  # fmt: skip

_UNKNOWN: Final = "The field is unknown and was ignored."
_NO_LOOK: Final = "The hub has no such field of appearance."


class Findings:
    """The errors and warnings of one record, while it is read."""

    def __init__(self, errors: list[Finding]) -> None:
        self.errors = errors
        self.warnings: list[Finding] = []

    def refuse(self, pointer: str, message: str) -> None:
        self.errors.append(Finding(ErrorCode.INVALID, pointer, message))

    def told_errors(self) -> tuple[Finding, ...]:
        """Return the errors; of very many the first, and the number of the others."""
        if len(self.errors) <= MAX_ERRORS_TOLD:
            return tuple(self.errors)
        more = len(self.errors) - MAX_ERRORS_TOLD
        return (*self.errors[:MAX_ERRORS_TOLD], Finding(ErrorCode.INVALID, "", f"{more:,} more errors were found."))

    def warn(self, code: WarningCode, pointer: str, message: str) -> None:
        self.warnings.append(Finding(code, pointer, message))

    def warn_of_blank(self, pointer: str) -> None:
        self.warn(WarningCode.BLANK_ENTRY, pointer, "The entry is blank; it was skipped.")

    def warn_of_fields(self, raw: Iterable[str], known: frozenset[str]) -> None:
        """Tell which fields of a record are none; of very many the first, and the number of the others."""
        unknown = [name for name in raw if name not in known]
        for name in unknown[:MAX_UNKNOWN_FIELDS_TOLD]:
            self._warn_of_name(name, pointer_to(name), known=known, read_only=name in _READ_ONLY)
        if len(unknown) > MAX_UNKNOWN_FIELDS_TOLD:
            more = len(unknown) - MAX_UNKNOWN_FIELDS_TOLD
            self.warn(WarningCode.UNKNOWN_FIELD, "", f"{more} more unknown fields were ignored.")

    def warn_of_members(self, pointer: str, raw: object, known: frozenset[str]) -> None:
        """Tell which members of an object in a record are none."""
        if not isinstance(raw, dict) or raw.keys() <= known:
            return
        for name in sorted(raw.keys() - known)[:MAX_UNKNOWN_FIELDS_TOLD]:
            read_only = name in _READ_ONLY_IN_ENTRIES or name.endswith("_raw")
            self._warn_of_name(name, pointer + pointer_to(name), known=known, read_only=read_only)

    def refuse_looks(self, pointer: str, raw: object, known: frozenset[str]) -> None:
        """Refuse the members of appearance that are none, but for those that can only be read."""
        if not isinstance(raw, dict) or raw.keys() <= known:
            return
        for name in [name for name in raw if name not in known][:MAX_UNKNOWN_FIELDS_TOLD]:
            place = pointer + pointer_to(name)
            if name in _READ_ONLY_IN_ENTRIES:
                self._warn_of_name(name, place, known=known, read_only=True)
            else:
                meant = did_you_mean(name, known)
                self.refuse(place, f"The hub has no such field of appearance; {meant}" if meant else _NO_LOOK)

    def _warn_of_name(self, name: str, pointer: str, *, known: frozenset[str], read_only: bool) -> None:
        if read_only:
            self.warn(WarningCode.READ_ONLY, pointer, "The field cannot be set by a record.")
        else:
            meant = did_you_mean(name, known)
            message = f"The field is unknown and was ignored; {meant}" if meant else _UNKNOWN
            self.warn(WarningCode.UNKNOWN_FIELD, pointer, message)


def pointer_to(*parts: int | str) -> str:
    """Return the JSON pointer (RFC 6901) to a place in a record; parts no database could store are escaped."""
    return "".join(f"/{_pointer_part(part)}" for part in parts)


def _pointer_part(part: int | str) -> str:
    text = str(part)
    if not text.isprintable():
        text = text.encode("ascii", "backslashreplace").decode().replace("\x00", "\\x00")
        text = shown(text)
    return text[:_LONGEST_POINTER_PART].replace("~", "~0").replace("/", "~1")

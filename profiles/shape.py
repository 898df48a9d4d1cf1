"""What a profile consists of: its fields and its collections, listed once.

Reading (`directory`), deciding (`reconcile`), writing (`writing`) and folding the ledger (`history`) all walk
these lists, so that a new field or collection has one place to be named.

A state holds JSON values only: text, integers, floats, booleans, null, lists and objects. Times are ISO 8601
text in UTC, dates ISO 8601 text, UUIDs text.
"""

from dataclasses import dataclass
from typing import Final

# A profile has room for the rows of this many of the largest records.
ROOM_OF_PROFILE: Final = 10


@dataclass(frozen=True, slots=True)
class Collection:
    """A set of rows a profile carries, each with a natural key that names it in the ledger."""

    name: str
    key: tuple[str, ...]
    """Columns of the natural key; their values make the row's path: `/identities/pos/7`."""
    fields: tuple[str, ...]
    """Columns beside the key. Where none of them has a value, the row's own path leads to `true`."""
    most: int
    """How many rows one record may name."""
    flag: str = ""
    """A boolean column that at most one row of a profile may bear."""
    free: tuple[str, ...] = ()
    """Columns that hold any JSON, where `1`, `1.0` and `true` differ."""
    name_of_row: str = ""
    """A column that no two rows of a profile may have the same value in, beside the key."""
    together: tuple[str, ...] = ()
    """Columns that only make sense together: what writes one of them speaks for all (rules 10.2)."""

    @property
    def most_of_profile(self) -> int:
        """How many rows one profile may have."""
        return ROOM_OF_PROFILE * self.most


# --- Fields -----------------------------------------------------------------------------------------------------
# A field's name is its path in the ledger: `email`, `comms/email_promo`, `appearance/eye_colour`.

CHANNELS: Final = ("email", "sms", "push", "phone", "post")
CONSENT_FLAGS: Final = ("promo", "optout", "bounced")
COMMS_CATEGORIES: Final = (
    "discover",
    "benefits",
    "reminders",
    "account",
    "bookings",
    "feedback",
    "location",
    "service",
)
VERIFIED_CHANNELS: Final = ("email", "sms", "phone", "post")
CONSENT_TIMES: Final = ("email_consent_updated_at", "sms_consent_updated_at")

CONSENT_MEMBERS: Final = tuple(f"{channel}_{flag}" for channel in CHANNELS for flag in CONSENT_FLAGS)
CATEGORY_MEMBERS: Final = tuple(f"{channel}_{category}" for channel in CHANNELS for category in COMMS_CATEGORIES)
VERIFICATION_MEMBERS: Final = tuple(f"{channel}_verification" for channel in VERIFIED_CHANNELS)
TERMS_MEMBERS: Final = ("terms_accepted_at", "terms_accepted_version")
COMMS_MEMBERS: Final = (*CONSENT_MEMBERS, *CONSENT_TIMES, *VERIFICATION_MEMBERS, *TERMS_MEMBERS, *CATEGORY_MEMBERS)

APPEARANCE_MEMBERS: Final = (
    *("hair_colour", "hair_length", "shape_body", "shape_face", "brow_colour", "eye_colour", "skin_type"),
    *("size_cup", "size_hat", "size_formal_jacket", "size_formal_jacket_length", "size_formal_shirt"),
    *("size_formal_shirt_fit", "size_formal_trouser", "size_formal_trouser_drop", "size_formal_trouser_leg"),
    *("size_jacket", "size_pant", "size_shoe", "size_type_age", "size_type_region", "size_top", "size_gloves"),
    *("size_swimwear_top", "size_swimwear_bottom", "size_swimwear_cup", "size_dress"),
    *("measurement_arm", "measurement_arm_inside", "measurement_bust", "measurement_chest"),
    *("measurement_foot_length", "measurement_head", "measurement_height", "measurement_hip"),
    *("measurement_leg_inside", "measurement_leg_outside", "measurement_neck", "measurement_neck_to_wrist"),
    *("measurement_shoulders", "measurement_waist", "measurement_weight"),
    *(
        f"measurement_hand_{side}_{finger}"
        for side in ("right", "left")
        for finger in ("thumb", "index", "middle", "ring", "pinky")
    ),
    *(f"measurement_ear_{part}" for part in ("helix", "forward_helix", "flat", "conch", "tragus", "lobe")),
)

# By what the contract calls the two locations in the names of its fields: `joined_location_external_id`.
LOCATION_FIELDS: Final = {"joined": "joined_location_id", "preferred": "preferred_location_id"}
PLAIN_FIELDS: Final = (
    "email",
    "title",
    "first_name",
    "last_name",
    "gender",
    "currency",
    "profile_type",
    "joined_at",
    "mobile_phone",
    "secondary_phone",
    "birth_day",
    "birth_month",
    "birth_year",
    "company",
    "occupation",
    "avatar_url",
    *LOCATION_FIELDS.values(),
)

# Field -> the column of the profile's row that holds it.
COLUMNS: Final = (
    {name: name for name in PLAIN_FIELDS}
    | {"merged_into": "merged_into_id", "ended": "ended"}
    | {f"comms/{name}": name for name in COMMS_MEMBERS if name not in CATEGORY_MEMBERS}
)
# Field -> the JSON column that holds it, and its member there; a missing member is null.
MEMBERS: Final = {f"comms/{name}": ("comms_categories", name) for name in CATEGORY_MEMBERS} | {
    f"appearance/{name}": ("appearance", name) for name in APPEARANCE_MEMBERS
}
JSON_COLUMNS: Final = ("comms_categories", "appearance")
PROFILE_FIELDS: Final = (*COLUMNS, *MEMBERS)
# Fields that only make sense together, likewise; every other one is by itself.
FIELDS_TOGETHER: Final = (
    ("birth_day", "birth_month", "birth_year"),
    tuple(f"comms/{name}" for name in TERMS_MEMBERS),
)
TIME_FIELDS: Final = ("joined_at", *(f"comms/{name}" for name in (*CONSENT_TIMES, "terms_accepted_at")))

# What of a row is no part of a state; the ledger tells it of a removed one, so that it can come back as the same row.
ORIGIN_MEMBERS: Final = ("id", "created_at")

# --- Collections ------------------------------------------------------------------------------------------------

IDENTITIES: Final = Collection(
    "identities", ("handle", "identifier"), ("is_primary", "is_active", "merged_from"), most=100, flag="is_primary"
)
TAGS: Final = Collection("tags", ("tag",), (), most=200)
STATUSES: Final = Collection("statuses", ("status",), ("expires_at", "is_active"), most=50)
ADDRESS_LINES: Final = ("address_line_1", "address_line_2", "address_line_3", "city", "postcode", "state", "country")
ADDRESSES: Final = Collection(
    "addresses",
    ("key",),
    ("external_id", "is_default", "company", *ADDRESS_LINES, "notes", "meta", "iso", "iso_state"),
    most=50,
    flag="is_default",
    free=("meta",),
    name_of_row="external_id",
)
CUSTOM_ATTRIBUTES: Final = Collection(
    "custom_attributes",
    ("namespace", "handle"),
    ("type", "value"),
    most=100,
    free=("value",),
    together=("type", "value"),
)
DATES: Final = Collection(
    "dates",
    ("handle", "relationship"),
    ("date", "name", "is_recurring", "recurring_schedule", "role", "description", "note", "meta"),
    most=50,
    free=("meta",),
)
LINKS_OF_DATE: Final = 50
DATE_LINKS: Final = Collection(
    "date_links",
    ("handle", "relationship", "linked_profile"),
    ("link_relationship", "link_role"),
    most=LINKS_OF_DATE * DATES.most,
)
REGIONS: Final = Collection(
    "regions", ("region",), ("country", "state", "is_active", "is_default"), most=50, flag="is_default"
)
ORGANISATIONS: Final = Collection("organisations", ("organisation",), ("role", "expires_at", "is_active"), most=50)

COLLECTIONS: Final = {
    collection.name: collection
    for collection in (
        IDENTITIES,
        TAGS,
        STATUSES,
        ADDRESSES,
        CUSTOM_ATTRIBUTES,
        DATES,
        DATE_LINKS,
        REGIONS,
        ORGANISATIONS,
    )
}


def is_of_origin(pointer: str) -> bool:
    """Whether a path of the ledger tells which row of its table a removed row was (see `ORIGIN_MEMBERS`)."""
    name, *parts = pointer[1:].split("/")
    collection = COLLECTIONS.get(name)
    return collection is not None and len(parts) > len(collection.key) and parts[-1] in ORIGIN_MEMBERS

"""What the hub stores about people; one file per subject."""

from collections.abc import Mapping
from typing import Final

from django.db.models import Model

from profiles import shape
from profiles.models.access import ApiToken, User
from profiles.models.duplicates import DuplicateCandidate
from profiles.models.identity import Identity
from profiles.models.ledger import ProfileChange
from profiles.models.profile import Profile
from profiles.models.tags import ProfileTag, Tag

COLLECTION_MODELS: Final[Mapping[str, type[Model]]] = {
    shape.IDENTITIES.name: Identity,
    shape.TAGS.name: ProfileTag,
}
"""Where each collection of a profile is stored."""

__all__ = [
    "COLLECTION_MODELS",
    "ApiToken",
    "DuplicateCandidate",
    "Identity",
    "Profile",
    "ProfileChange",
    "ProfileTag",
    "Tag",
    "User",
]

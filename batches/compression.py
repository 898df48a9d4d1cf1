"""A column of bytes that is compressed on its way into the database."""

from typing import TYPE_CHECKING, Any, Final

import zstandard
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

if TYPE_CHECKING:  # Django's fields are generic for the type checker only
    _BinaryField = models.BinaryField[bytes, bytes]
else:
    _BinaryField = models.BinaryField

# The fastest level: what records have in common already makes a body twenty times smaller.
LEVEL: Final = 1


class CompressedField(_BinaryField):
    """Bytes, kept as one frame of Zstandard (RFC 8878), the same on every database.

    PostgreSQL's own compression takes ten times as long, the web process waiting for it; SQLite has none.
    """

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:  # noqa: FBT001, FBT002 Django's own signature
        """Compress on the way in."""
        packed = None if value is None else zstandard.compress(value, LEVEL)
        return super().get_db_prep_value(packed, connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> bytes | None:
        """Decompress on the way out."""
        return None if value is None else zstandard.decompress(value)

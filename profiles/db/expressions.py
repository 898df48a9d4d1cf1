"""Expressions that an index stands on, which each engine must be told by the letter, without parameters."""

from typing import Any, Final

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import CharField, Transform
from django.db.models.sql.compiler import SQLCompiler

ENDING: Final = 8
"""Digits of a phone that tell whose it is where the country and the area are not known."""


@CharField.register_lookup
class AsciiLower(Transform):
    """A text with A to Z as a to z, and every other letter as it is: the same on both engines."""

    lookup_name = "ascii_lower"
    function = "LOWER"
    output_field = CharField()

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        """Leave the server's language out of it."""
        return self.as_sql(compiler, connection, template='LOWER(%(expressions)s COLLATE "C")', **context)


@CharField.register_lookup
class Ending(Transform):
    """The last digits of a phone."""

    lookup_name = "ending"
    template = f"SUBSTR(%(expressions)s, -{ENDING})"
    output_field = CharField()

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        """Say it as PostgreSQL does, to which a negative place is one before the text."""
        return self.as_sql(compiler, connection, template=f"RIGHT(%(expressions)s, {ENDING})", **context)

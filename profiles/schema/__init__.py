"""The document of a profile as senders write it, and how one becomes a draft (rules 8.1).

One schema serves batches, the API, imports, staff edits and the OpenAPI document. Parsing needs no query, raises
nothing for bad input and finds all errors at once; what was right beside an error is kept in the draft, so that
matching can add what it finds.
"""

from profiles.schema.findings import pointer_to
from profiles.schema.parsing import parse_entry, parse_record
from profiles.schema.record import MEMBERS, RECORD_FIELDS, Record

__all__ = ["MEMBERS", "RECORD_FIELDS", "Record", "parse_entry", "parse_record", "pointer_to"]

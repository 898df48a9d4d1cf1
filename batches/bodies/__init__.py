"""A body's bytes: its envelope, its records as values, and any record's own bytes.

Receiving needs the envelope only and skims over the records. Processing reads record by record, with a parser that
also finds what two databases or clients would understand differently: keys that stand twice, integers no database
holds, bottomless nesting. Whatever a body holds, both take time and memory in proportion to its bytes.
"""

from batches.bodies.envelope import BodyError, Envelope, EnvelopeError, read_envelope
from batches.bodies.records import RawRecord, RecordReader, find_record, iter_records
from batches.bodies.scanning import record_texts

__all__ = [
    "BodyError",
    "Envelope",
    "EnvelopeError",
    "RawRecord",
    "RecordReader",
    "find_record",
    "iter_records",
    "read_envelope",
    "record_texts",
]

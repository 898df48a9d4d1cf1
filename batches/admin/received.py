"""What was received, made readable without changing any of it."""

import re
from typing import Final

from batches.bodies import find_record
from batches.models import Batch, BatchBody, BatchRecord, PreviewRecord

MOST_SHOWN: Final = 20_000
BODY_SHOWN: Final = 4_000
DEEPEST_INDENT: Final = 40
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{},:]|[^\s\[\]{},:"]+', re.DOTALL)
_EMPTY: Final = {"{": "}", "[": "]"}


def indented(text: str, *, most: int = MOST_SHOWN) -> str:
    """Return JSON text indented and cut at a length.

    Every token stays as it was written: `1.0`, `1e5`, escapes, keys that stand twice, numbers no database holds. The
    text may be cut off anywhere.
    """
    out: list[str] = []
    depth = length = 0
    tokens = [match[0] for match in _TOKEN.finditer(text, 0, most * 2)]
    for index, token in enumerate(tokens):
        following = tokens[index + 1] if index + 1 < len(tokens) else ""
        if token in _EMPTY:
            depth += 1
            piece = token if following == _EMPTY[token] else token + _line(depth)
        elif token in _EMPTY.values():
            depth -= 1
            piece = token if index and tokens[index - 1] in _EMPTY else _line(depth) + token
        else:
            piece = {",": f",{_line(depth)}", ":": ": "}.get(token, token)
        out.append(piece)
        length += len(piece)
        if length > most:
            break
    shown = "".join(out)
    return shown if length <= most and len(text) <= most * 2 else f"{shown[:most]}\n… cut here"


def _line(depth: int) -> str:
    return "\n" + "  " * max(0, min(depth, DEEPEST_INDENT))


def beginning_of_body(batch: Batch) -> str | None:
    """Return the beginning of the body as it came, `None` where it is no longer kept; queries."""
    content = BatchBody.objects.filter(batch=batch).values_list("content", flat=True).first()
    if content is None:
        return None
    text = bytes(content[:BODY_SHOWN]).decode(errors="replace")
    return f"{text}\n… {batch.body_size - BODY_SHOWN:,} more bytes" if batch.body_size > BODY_SHOWN else text


def received_record(record: BatchRecord | PreviewRecord) -> str | None:
    """Return the record as it came, indented; `None` where its body is no longer kept; queries."""
    content = BatchBody.objects.filter(batch=record.batch_id).values_list("content", flat=True).first()
    raw = None if content is None else find_record(bytes(content), record.position)
    return None if raw is None else indented(raw.text)

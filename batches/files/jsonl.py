"""JSON Lines: one object in each line; empty lines are skipped."""

import json
import re
from collections.abc import Iterator
from io import BufferedReader
from typing import Any, Final

import orjson

from batches.files.faults import UNREADABLE
from batches.files.lines import (
    TOO_LONG,
    FileError,
    Line,
    RawLine,
    Tell,
    decoded,
    faulty_line,
    nobody,
    raw_lines,
    split_at_newlines,
)
from batches.files.mappings import ColumnMapping
from batches.files.rejects import OWN, ROW
from profiles.criteria import Criteria

# Deeper than any record may be (see `bodies`), and shallow enough for every parser.
_DEEPEST: Final = 200
_TOO_DEEP: Final = f"the record is nested deeper than {_DEEPEST} levels."
_ONE_DOCUMENT: Final = frozenset({b"[", b"{"})
_ARRAY: Final = re.compile(rb"\[\s*\{")
_TEXT_OR_BRACKET: Final = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{}]')
_TEXT_OR_CONSTANT: Final = re.compile(r'"(?:[^"\\]|\\.)*"?|-?Infinity|NaN')


def read_json_lines(
    file: BufferedReader,
    *,
    criteria: Criteria,
    mapping: ColumnMapping | None = None,
    encoding: str | None = None,
    tell: Tell = nobody,
) -> Iterator[Line]:
    """Yield the lines' records as they are, byte for byte; raises `FileError`.

    The criterion is a matter of each record here, while a CSV's header would tell at once.
    """
    if mapping is not None:
        raise FileError("JSON Lines hold records as the hub knows them; a mapping is for CSV.")
    is_first = True
    for line in raw_lines(file, split=split_at_newlines, encoding=encoding, is_json=True, tell=tell):
        text = line.content.strip()
        if not text:
            continue
        if is_first and text in _ONE_DOCUMENT:
            raise FileError("the file is one JSON document, not JSON Lines; its format is json.", line=line.number)
        if is_first and _ARRAY.match(text) and (line.is_cut or text.endswith((b",", b"]"))):
            raise FileError("the file is a JSON array, not JSON Lines; its format is json.", line=line.number)
        is_first = False
        yield record_line(line)
    if is_first:
        raise FileError("the file is empty.")


def record_line(line: RawLine) -> Line:
    """Return the record that some text is, byte for byte, or what stands for it where it is none."""
    text = line.content.strip()
    fault = TOO_LONG if line.is_cut else _fault(text, line)
    if fault:
        shown, _ = decoded(text)
        return faulty_line(line.number, shown, [fault])
    return Line(line.number, _without_reasons(text))


def _without_reasons(text: bytes) -> bytes:
    """Return a record without what a file of rejected rows tells beside it; any other as it is, byte for byte."""
    if b'"rejected_' not in text:
        return text
    members = list(_members(text.decode()))
    kept = [member for name, member in members if name not in OWN]
    return text if len(kept) == len(members) else f"{{{','.join(kept)}}}".encode()


def _members(text: str) -> Iterator[tuple[str, str]]:
    """Yield the names of an object's members, each with the member as it is written."""
    place = _BLANKS.match(text, 1).end()  # type: ignore[union-attr] # it matches nothing, too
    while text[place] != "}":
        name, end = _BY_THE_LETTER.raw_decode(text, place)
        value = _COLON.match(text, end).end()  # type: ignore[union-attr] # it is JSON
        _, end = _BY_THE_LETTER.raw_decode(text, value)
        yield name, text[place:end]
        place = _COMMA.match(text, end).end()  # type: ignore[union-attr] # likewise


_BLANKS: Final = re.compile(r"[ \t\r\n]*")
_COLON: Final = re.compile(r"[ \t\r\n]*:[ \t\r\n]*")
_COMMA: Final = re.compile(r"[ \t\r\n]*,?[ \t\r\n]*")
# Numbers of any length, which nobody looks at here.
_BY_THE_LETTER: Final = json.JSONDecoder(parse_int=str, parse_float=str)


def _fault(text: bytes, line: RawLine) -> str:
    """Return why the line is no record, nothing if it is one: what is in it is the record's own matter."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        value, fault = _read_by_the_letter(line)
        if fault:
            return fault
    if not isinstance(value, dict):
        return f"the line is {_kind(value)}; a record is an object."
    if UNREADABLE in value:
        return f"the field {UNREADABLE} is the hub's own."
    if ROW in value:
        return f"the row is still as it was rejected: correct it, and leave out {ROW}."
    if text.count(b"[") + text.count(b"{") > _DEEPEST and _is_too_deep(text.decode()):
        return _TOO_DEEP
    return ""


def _read_by_the_letter(line: RawLine) -> tuple[Any, str]:
    """Read what the quick parser refuses, some of which is JSON by the letter, or say where it is not."""
    text, fault = decoded(line.content)
    if fault:
        return None, fault
    text = text.rstrip(" \t\r\n")  # what is blank in JSON, and no more
    constant = next((token for token in _TEXT_OR_CONSTANT.finditer(text) if not token[0].startswith('"')), None)
    if constant is not None:
        return None, f"{constant[0]} at column {constant.start() + 1} is not JSON; write null, or leave the field out."
    if _is_too_deep(text):
        return None, _TOO_DEEP
    try:
        return json.loads(text, parse_int=str), ""
    except json.JSONDecodeError as error:
        return None, f"not JSON at column {error.pos + 1}: {_cause(text, error)}"


def _cause(text: str, error: json.JSONDecodeError) -> str:
    """Return what is probably meant by the parser's words."""
    before, rest = text[: error.pos].rstrip(), text[error.pos :]
    is_extra = error.msg == "Extra data"
    causes = (
        (text.startswith("\ufeff"), "a byte order mark stands before the object."),
        (not rest and text.startswith("["), "a square bracket stands before the object; a line is one object."),
        (not rest, "the line ends too early."),
        (is_extra and rest == ",", "the line ends with a comma; objects are separated by line ends alone."),
        (is_extra, "something follows after the object; each stands in a line of its own."),
        (rest[:1] in {"}", "]"} and before.endswith(","), f"a comma stands before the {rest[:1]}."),
        (rest.startswith("'"), "names and texts stand in double quotation marks."),
        (error.msg.startswith("Unterminated"), "the text that begins there is never closed."),
        (error.msg.startswith("Invalid control"), "tabs and other control characters are escaped in a text."),
    )
    otherwise = f"{error.msg[:1].lower()}{error.msg[1:].removesuffix(' at')}."
    return next((told for is_so, told in causes if is_so), otherwise)


def _is_too_deep(text: str) -> bool:
    depth = 0
    for token in _TEXT_OR_BRACKET.finditer(text):
        if token[0] in "[{":
            depth += 1
            if depth > _DEEPEST:
                return True
        elif token[0] in "]}":
            depth -= 1
    return False


def _kind(value: object) -> str:
    if isinstance(value, list):
        return "a list"
    return "a text" if isinstance(value, str) else "a single value"

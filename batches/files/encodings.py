"""Which encoding a file's text has: as it is told, or as its first bytes show; everything behind works on UTF-8."""

import codecs
import re
from typing import Final

ENCODINGS: Final = ("utf-8", "utf-16", "cp1252")
NAMES: Final = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "cp1252": "Windows-1252",
}
_UTF8_BOM: Final = codecs.BOM_UTF8
# A letter of UTF-8 beyond ASCII; text in Windows-1252 has next to none of them by chance.
_LETTER: Final = re.compile(rb"[\xc3-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_BEYOND_ASCII: Final = re.compile(rb"[\x80-\xff]")
# No letter in Windows-1252.
_NOWHERE: Final = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_ENOUGH: Final = 4


def encoding_of(beginning: bytes, told: str | None = None, *, is_json: bool = False) -> str:
    """Return the codec of a file that begins so; `told` is one of `ENCODINGS`.

    Where nothing is told UTF-16 is known by its mark or its zeros, and Windows-1252 by letters that are none of UTF-8
    where there is no letter of that; JSON is never in that.
    """
    zeros = [len(beginning) >= _ENOUGH and beginning[place : place + 3 : 2] == b"\0\0" for place in (0, 1)]
    if beginning.startswith(codecs.BOM_UTF16_BE) or (told is None and zeros[0]):
        return "utf-16-be"
    if beginning.startswith(codecs.BOM_UTF16_LE) or told == "utf-16" or (told is None and zeros[1]):
        return "utf-16-le"
    if told is not None:
        return told
    if is_json or _BEYOND_ASCII.search(beginning) is None or _LETTER.search(beginning) or _NOWHERE.search(beginning):
        return "utf-8"
    return "cp1252"


def wrongly_decoded(text: bytes) -> str:
    """Return a sentence where text in UTF-8 looks as if it had once been read as Windows-1252; mostly nothing.

    A few such signs may be meant; more are accents that somebody's program has spoilt.
    """
    signs = _TWICE_ENCODED.findall(text)
    if len(signs) < _MANY_SIGNS:
        return ""
    return f"Text such as “{signs[0].decode()}” looks decoded wrongly before it came here: look where it was exported."


# What accents and quotation marks become: two or three letters that hardly ever follow each other.
_TWICE_ENCODED: Final = re.compile(
    rb"\xc3[\x82\x83]\xc2[\xa0-\xbf]|\xc3\xa2\xe2\x82\xac(?:\xe2\x84\xa2|\xc5\x93|\xcb\x9c)?"
)
_MANY_SIGNS: Final = 4


class Recoder:
    """Turns a file's bytes into UTF-8, piece by piece."""

    def __init__(self, encoding: str) -> None:
        self.encoding = encoding
        self._decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)()
        self._is_first = True

    def __call__(self, piece: bytes | None) -> bytes:
        """Return a piece in UTF-8, without a byte order mark; raises `UnicodeDecodeError`. `None` is the end."""
        if self._decoder is not None:
            text = self._decoder.decode(piece or b"", final=piece is None)
            if self._is_first:
                text = text.removeprefix("\ufeff")
            piece = text.encode()
        elif self._is_first and piece:
            piece = piece.removeprefix(_UTF8_BOM)
        self._is_first = False
        return piece or b""

"""Bodies and records that cost more than they weigh, if anything does: each is a function from its size in bytes.

Where a hub's work grows faster than what it was sent, one sender holds it for all others.
"""

import json
from collections.abc import Callable
from typing import Any, Final

MARKS: Final = "\u0301\u0323"  # of different classes: putting them in order is the costly part of NFC
LONE: Final = r"\ud800"  # half of a pair
QUOTED_LONE: Final = f'"{LONE}"'
PAIR: Final = r"\ud83d\ude00"
Shape = Callable[[int], bytes]


def batch(*records: str) -> bytes:
    """Return a body of these records, each of them text."""
    return b'{"match_criteria":"email","profiles":[%s]}' % ",".join(records).encode()


def written(**fields: Any) -> str:
    """Return a record's text, other than ASCII as it is."""
    return json.dumps({"email": "a@example.com", **fields}, ensure_ascii=False, separators=(",", ":"))


def record(fields: Callable[[int], dict[str, Any]]) -> Shape:
    """Return the shape of a body of one record."""
    return lambda size: batch(written(**fields(size)))


def records_like(fields: Callable[[int], Any]) -> Shape:
    """Return the shape of a body of many records, which differ by their number."""
    return lambda size: batch(*(written(**fields(number)) for number in range(min(500, size // 300))))


def text_record(fields: Callable[[int], str]) -> Shape:
    """Return the shape of a body of one record whose further members are written by hand."""
    return lambda size: batch(f'{{"email":"a@example.com",{fields(size)}}}')


def member(make: Callable[[int], str]) -> Shape:
    """Return the shape of a body with something beside the batch."""
    return lambda size: b'{"x":%s,"match_criteria":"email","profiles":[{}]}' % make(size).encode()


def address(number: int, **fields: Any) -> dict[str, Any]:
    """Return an address that is a person's only one with that number."""
    lines = {"address_line_1": f"{number} St", "city": "Perth", "postcode": "6000", "country": "AU"}
    return lines | fields


def beside_lone(make: Callable[[int], str]) -> Shape:
    """Return the shape of a body with something beside the batch, and half a pair that makes it be walked through."""
    return member(lambda size: f'["{LONE}",{make(size)}]')


def listed(text: str, count: int) -> str:
    """Return the text so many times, separated by commas."""
    return ",".join([text] * count)


def deep(depth: int, inside: str, names: str = "a") -> str:
    """Return so many objects in one another."""
    return f'{{"{names}":' * depth + inside + "}" * depth


TEXTS: Final = (
    *("title", "first_name", "last_name", "company", "occupation", "reference", "avatar_url", "gender", "currency"),
    *("joined_at", "mobile_phone", "secondary_phone", "birth_day", "region", "region_country", "region_state"),
)


def everywhere(text: str, *, size: int) -> dict[str, Any]:
    """Return a record that has the text, repeated, wherever a text may stand."""
    long = text * (size // len(text.encode()) // 30)
    return {
        **dict.fromkeys(TEXTS, long),
        "email": long,
        "tags": [long],
        "statuses": [long],
        "identities": [{"handle": long, "identifier": long}],
        "addresses": [{"external_id": long, "address_line_1": long, "notes": long, "country": long}],
        "custom_attributes": [{"namespace": long, "handle": long, "type": long, "value": long}],
        "dates_attributes": [{"handle": long, "date": long}],
    }


RECORDS: Final[dict[str, Shape]] = {
    "marks in every text": record(lambda size: everywhere(MARKS, size=size)),
    "marks in short runs in every text": record(lambda size: everywhere("e" + MARKS * 14, size=size)),
    "marks in notes": record(
        lambda size: {"addresses": [address(n, notes="e" + MARKS * 14) for n in range(min(50, size // 150))]}
    ),
    "marks in unknown fields": record(lambda size: {"x": MARKS * (size // 4)}),
    "blanks in every text": record(lambda size: everywhere(" ", size=size)),
    "blanks around every text": record(lambda size: everywhere(" " * 99 + "\u2003x", size=size)),
    "letters that lengthen": record(lambda size: everywhere("\ufdfa\u1f82\u0390", size=size)),
    "escapes": text_record(lambda size: '"company":"%s"' % ("\\u00e9" * (size // 6))),
    "backslashes": text_record(lambda size: '"company":"%s"' % ("\\\\" * (size // 2))),
    "lone surrogates": text_record(lambda size: '"company":"%s"' % ("\\ud800" * (size // 6))),
    "lone surrogates in every value": text_record(lambda size: f'"x":[{listed(QUOTED_LONE, size // 9)}]'),
    "control characters in names": record(lambda size: {"\x85" * (size // 2): 1}),
    "members in members": text_record(lambda size: f'"x":{deep(size // 6, "0")}'),
    "lists in lists": text_record(lambda size: f'"x":{"[" * (size // 2)}{"]" * (size // 2)}'),
    "lists beside lists": text_record(lambda size: f'"x":[{listed("[]", (size // 3))}]'),
    "objects beside objects": text_record(lambda size: f'"x":[{listed("{}", (size // 3))}]'),
    "deep attributes": record(
        lambda size: {
            "custom_attributes": [
                {"namespace": "n", "handle": n, "type": "json", "value": json.loads(deep(28, "[1,2,3]"))}
                for n in range(min(100, size // 250))
            ]
        }
    ),
    "wide attributes": record(
        lambda size: {
            "custom_attributes": [
                {"namespace": "n", "handle": n, "type": "json", "value": dict.fromkeys(map(str, range(200)), 1.5)}
                for n in range(min(100, size // 2_200))
            ]
        }
    ),
    "wide meta": record(
        lambda size: {
            "addresses": [
                address(n, meta={f"m{k}": [k, {}] for k in range(900)}) for n in range(min(50, size // 15_000))
            ]
        }
    ),
    "zeros in meta": record(lambda size: {"addresses": [address(1, meta=[0] * min(65_000, size // 2))]}),
    "faults in attributes": record(
        lambda size: {
            "custom_attributes": [
                {"namespace": "n", "handle": n, "type": "json", "value": ["\x00"] * 30}
                for n in range(min(100, size // 330))
            ]
        }
    ),
    "one huge integer": text_record(lambda size: f'"x":{"9" * size}'),
    "huge integers": text_record(lambda size: f'"x":[{listed("9" * 20, (size // 21))}]'),
    "huge integers far down": text_record(
        lambda size: f'"x":{deep(30, "[" + listed("9" * 20, size // 21) + "]", "k" * 100)}'
    ),
    "one long float": text_record(lambda size: f'"x":0.{"9" * size}'),
    "long floats": text_record(lambda size: f'"x":[{listed("0." + "9" * 700, size // 703)}]'),
    "infinite floats": text_record(lambda size: f'"x":[{listed("1e999", (size // 6))}]'),
    "NaN": text_record(lambda size: f'"x":[{listed("NaN", (size // 4))}]'),
    "unknown members and faults": record(
        lambda size: {
            **{f"x{n:0200}": n for n in range(min(800, size // 210))},
            **{name: [1] for name in TEXTS},
            "addresses": [{f"y{n:0200}": n for n in range(min(300, size // 700))} | {"city": 1}] * 3,
        }
    ),
    "unknown members of every entry": record(
        lambda size: {
            "addresses": [{f"y{k:030}": 1 for k in range(100)} | {"city": []} for _ in range(min(50, size // 3_600))]
        }
    ),
    "too many members": text_record(lambda size: ",".join(f'"x{n}":0' for n in range(size // 10))),
    "members that stand twice": text_record(lambda size: listed('"x":0', min(990, size // 6))),
    "members that stand twice, everywhere": text_record(
        lambda size: '"x":[' + listed("{" + listed('"a":0', 9) + "}", size // 56) + "]"
    ),
    "too many identities": text_record(lambda size: f'"identities":[{listed("{}", (size // 3))}]'),
    "too many tags": text_record(lambda size: f'"tags":[{listed("0", (size // 2))}]'),
    "identities": record(
        lambda size: {
            "identities": [{"handle": f"h{n:0250}", "identifier": f"{n:0255}"} for n in range(min(100, size // 550))]
        }
    ),
    "the same identity": record(
        lambda size: {"identities": [{"handle": "pos", "identifier": 7}] * min(100, size // 34)}
    ),
    "identities that are none": record(lambda size: {"identities": [{}] * min(100, size // 3)}),
    "addresses": record(
        lambda size: {
            "addresses": [
                address(n, address_line_2="\u00e9" * 250, state="x" * 250) for n in range(min(50, size // 900))
            ]
        }
    ),
    "addresses of one name": record(
        lambda size: {
            "addresses": [
                address(n, external_id="home", is_default=True, notes="x" * 2_000)
                for n in range(min(50, size // 2_100))
            ]
        }
    ),
    "attributes of one name": record(
        lambda size: {
            "custom_attributes": [{"namespace": "n", "handle": "h", "type": "string", "value": "x" * 2_000}]
            * min(100, size // 2_100)
        }
    ),
    "links times dates": record(
        lambda size: {
            "dates_attributes": [
                {
                    "handle": n,
                    "name": "B",
                    "date": "2000-01-01",
                    "links": [{"profile_id": f"0198c0de-0000-7000-8000-{n * 50 + k:012}"} for k in range(50)],
                }
                for n in range(min(50, size // 2_800))
            ]
        }
    ),
    "links that are none": record(
        lambda size: {
            "dates_attributes": [
                {"handle": n, "name": "B", "date": "2000-01-01", "links": [{}] * 50}
                for n in range(min(50, size // 220))
            ]
        }
    ),
    "dates that are none": record(lambda size: everywhere("2000-01-01", size=size)),
    "numbers that are none": record(lambda size: everywhere("+61 (4) ", size=size)),
    "URLs that are none": record(lambda size: everywhere("https://[x]@", size=size)),
    "emails that are none": record(lambda size: everywhere('"a.b"@', size=size)),
    "domains of many parts": record(lambda size: {"email": "a@" + "\u00e9." * (size // 3) + "com"}),
    "statuses nobody knows": record(lambda size: {"statuses": [f"{n:0250}" for n in range(min(50, size // 255))]}),
    "regions nobody knows": record(
        lambda size: {"regions": [{"handle": f"{n:0250}"} for n in range(min(50, size // 265))]}
    ),
    "organisations nobody knows": record(
        lambda size: {"organisations": [{"id": 10**17 + n} for n in range(min(50, size // 25))]}
    ),
    "tags": record(lambda size: {"tags": [f"{n} " * 60 + "\u00e9" for n in range(min(200, size // 230))]}),
    "tags of blanks": record(lambda size: {"tags": ["a" + " \t\u2003" * 80 + "b"] * min(200, size // 450)}),
    "consent and looks nobody knows": record(
        lambda size: {
            "comms_attributes": {f"c{n:0100}": 1 for n in range(min(900, size // 320))},
            "attributes": {
                "comms": {f"c{n:0100}": 1 for n in range(min(900, size // 320))},
                "appearance": {f"c{n:0100}": 1 for n in range(min(900, size // 320))},
            },
        }
    ),
}

# Batches of many records, where one alone is bounded by its texts' lengths.
BATCHES: Final[dict[str, Shape]] = {
    name: records_like(fields)
    for name, fields in {
        "emails of odd domains": lambda n: {"email": str(n) + "@" + "b\u00fccher." * 28 + "com"},
        "emails in quotes": lambda n: {"email": f'"{" " * 40}{n}"@{"x." * 90}com'},
        "emails of marks": lambda n: {"email": f"{n}{('e' + MARKS * 7) * 4}@example.com"},
        "numbers in many groups": lambda n: {"email": f"{n}@example.com", "mobile_phone": f"+61 4 {'0 ' * 100}{n}"},
        "numbers with brackets": lambda n: {"email": f"{n}@example.com", "mobile_phone": f"{'(' * 120}{n}{')' * 120}"},
        "countries nobody knows": lambda n: {
            "email": f"{n}@example.com",
            "addresses": [address(n, country="\u00e9\u0301" * 60 + str(n))],
        },
        "times of many digits": lambda n: {"email": f"{n}@example.com", "joined_at": f"2020-01-01T00:00:00.{n:0200}"},
        "persons in each other's way": lambda n: {
            "email": f"{n}@example.com",
            "identities": [{"handle": "pos", "identifier": n + k} for k in range(5)],
        },
        "the same person": lambda n: {"company": f"c{n:0200}"},
        "the same person, another identity": lambda n: {"identities": [{"handle": "h", "identifier": f"{n:0200}"}]},
    }.items()
}

ENVELOPES: Final[dict[str, Shape]] = {
    "records": lambda size: batch(*[written(company="x" * (size // 500))] * 500),
    "zeros for records": lambda size: batch(listed("0", size // 2)),
    "empty records": lambda size: batch(listed("{}", size // 3)),
    "zeros beside": member(lambda size: f"[{listed('0', size // 2)}]"),
    "empty objects beside": member(lambda size: "[" + listed("{}", size // 3) + "]"),
    "members beside": lambda size: b'{"match_criteria":"email","profiles":[{}]' + b',"a":0' * (size // 6) + b"}",
    "long members beside": lambda size: (
        b'{"match_criteria":"email","profiles":[{}]'
        + b"".join(b',"%d%s":0' % (n, b"a" * (size // 98)) for n in range(97))
        + b"}"
    ),
    "a long member that stands twice": lambda size: (
        b'{"match_criteria":"email","profiles":[{}],"%s":0,"%s":0}' % (b"a" * (size // 2), b"a" * (size // 2))
    ),
    "a text beside": member(lambda size: f'"{"x" * size}"'),
    "a text beside a lone surrogate": beside_lone(lambda size: '"' + "x" * size + '"'),
    "a wide text beside a lone surrogate": beside_lone(lambda size: '"' + "\U0001f600" * (size // 4) + '"'),
    "zeros beside a lone surrogate": beside_lone(lambda size: "[" + listed("0", size // 2) + "]"),
    "brackets in texts beside a lone surrogate": beside_lone(lambda size: listed('"[{"', size // 5)),
    "pairs beside a lone surrogate": beside_lone(lambda size: '"' + PAIR * (size // 12) + '"'),
    "backslashes beside a lone surrogate": beside_lone(lambda size: '"' + r"\\" * (size // 2) + '"'),
    "lists in lists beside a lone surrogate": beside_lone(lambda size: listed("[" * 500 + "]" * 500, size // 1_001)),
    "lone surrogates": beside_lone(lambda size: '"' + LONE * (size // 6) + '"'),
    "records with lone surrogates": lambda size: batch(*['{"a":"%s\\ud800"}' % ("x" * (size // 500))] * 500),
    "empty objects in a record beside a lone surrogate": lambda size: batch(
        f'{{"a":"{LONE}"}}', f'{{"b":[{listed("{}", size // 3)}]}}', "{}"
    ),
    "lists in lists in a record beside a lone surrogate": lambda size: batch(
        f'{{"a":"{LONE}"}}', f'{{"b":[{listed("[" * 20 + "]" * 20, size // 41)}]}}', "{}"
    ),
    "a huge number beside a lone surrogate": lambda size: (
        b'{"x":%s,"match_criteria":"email","profiles":[{"a":"\\ud800"}]}' % (b"9" * size)
    ),
    "a criterion of letters": lambda size: b'{"match_criteria":"%s","profiles":[{}]}' % (b"a" * size),
    "a criterion of marks": lambda size: b'{"match_criteria":"%s","profiles":[{}]}' % (MARKS * (size // 4)).encode(),
    "a criterion of digits": lambda size: b'{"match_criteria":%s,"profiles":[{}]}' % (b"9" * size),
    "profiles that are an object": lambda size: (
        b'{"match_criteria":"a","profiles":{%s}}' % listed('"a":0', size // 6).encode()
    ),
    "blanks before": lambda size: b" " * size + batch("{}"),
    "blanks within": lambda size: batch(*["{}" + "\n" * (size // 500)] * 500),
    "blanks after and no end": lambda size: batch("{}")[:-1] + b"\n" * size,
    "lines, and no JSON": lambda size: batch("{}")[:-2] + b"\n" * size + b"x",
    "not UTF-8 at its end": lambda size: batch("{}") + b"\n" * size + b"\xff",
    "lists in lists": member(lambda size: "[" * (size // 2) + "]" * (size // 2)),
    "nothing but a bracket": lambda size: b"[" * size,
    "nothing but a quote": lambda size: b'"' + b"x" * size,
}

# --- Of many small things ------------------------------------------------------------------------------------------


def heavy(fields: dict[str, Any]) -> Callable[..., bytes]:
    """Return a function that makes a body of equal records."""
    return lambda *, times_record: batch(*[written(**fields)] * times_record)


HEAVY: Final[dict[str, Callable[..., bytes]]] = {
    "links that are none": heavy(
        {"dates_attributes": [{"handle": n, "name": "B", "date": "2000-01-01", "links": [{}] * 50} for n in range(50)]}
    ),
    "unknown members of every entry": heavy({"addresses": [{f"y{k}": 1 for k in range(100)}] * 50}),
    "faults in attributes": heavy(
        {
            "custom_attributes": [
                {"namespace": "n", "handle": n, "type": "json", "value": ["\x00"] * 20} for n in range(100)
            ]
        }
    ),
    "zeros": heavy({"addresses": [address(1, meta=[0] * 60_000)]}),
    "links times dates": heavy(
        {
            "dates_attributes": [
                {"handle": n, "links": [{"profile_id": f"0198c0de-0000-7000-8000-{k:012}"} for k in range(50)]}
                for n in range(50)
            ]
        }
    ),
}

# --- What is sent against what is stored ---------------------------------------------------------------------------

Records = list[dict[str, Any]]
MARY: Final = {"email": "mary@example.com"}


def against(name: str, entry: Callable[[int], dict[str, Any]], *, at_once: int) -> Callable[[int], Any]:
    """Return what makes a person with so many entries, and a record of a tenth as many, new ones, for the same."""

    def make(count: int) -> tuple[list[Records], Records]:
        entries = [entry(number) for number in range(count + count // 10)]
        stored = [[MARY | {name: entries[start : start + at_once]}] for start in range(0, count, at_once)]
        return stored, [MARY | {name: entries[count:]}]

    return make


def one_by_one(name: str, entry: Callable[[int], dict[str, Any]]) -> Callable[[int], Any]:
    """Return what makes a batch of records for one person, each with an entry of its own."""
    return lambda count: ([], [MARY | {name: [entry(number)]} for number in range(count)])


def identity(number: int) -> dict[str, Any]:
    return {"handle": "pos", "identifier": number}


def attribute(number: int) -> dict[str, Any]:
    return {"namespace": "n", "handle": number, "type": "integer", "value": number}


def date(number: int) -> dict[str, Any]:
    return {"handle": number, "name": "B", "date": "2000-01-01"}


def strangers(count: int) -> tuple[list[Records], Records]:
    return [], [{"email": f"p{n}@example.com", "identities": [identity(n)]} for n in range(count)]


def everybody_claimed(count: int) -> tuple[list[Records], Records]:
    stored = [[{"email": f"p{n}@example.com", "identities": [identity(n)]} for n in range(100)]]
    return stored, [{"identities": [identity(n) for n in range(100)], "company": str(k)} for k in range(count)]


def emails_handed_on(count: int) -> tuple[list[Records], Records]:
    stored = [[{"email": f"p{n}@example.com", "identities": [identity(n)]} for n in range(count)]]
    return stored, [{"email": f"q{n}@example.com", "identities": [identity(n)]} for n in range(count)]


PROCESSED: Final[dict[str, tuple[Callable[[int], tuple[list[Records], Records]], tuple[int, ...]]]] = {
    "strangers": (strangers, (30, 125, 500)),
    "records that mean a hundred": (everybody_claimed, (15, 60, 240)),
    "emails handed on": (emails_handed_on, (30, 125, 500)),
    "identities against identities": (against("identities", identity, at_once=100), (60, 240, 900)),
    "addresses against addresses": (against("addresses", address, at_once=50), (30, 100, 400)),
    "attributes against attributes": (against("custom_attributes", attribute, at_once=100), (60, 240, 900)),
    "dates against dates": (against("dates_attributes", date, at_once=50), (30, 100, 400)),
    "identities one by one": (one_by_one("identities", identity), (30, 125, 500)),
    # Each record goes through all addresses of its person, which are 500 at most: beyond that, nothing more.
    "addresses one by one": (one_by_one("addresses", address), (15, 60, 150)),
    "attributes one by one": (one_by_one("custom_attributes", attribute), (30, 125, 500)),
    "dates one by one": (one_by_one("dates_attributes", date), (30, 125, 500)),
}

"""Finding people by what one has at hand: a key, in any spelling of it, or beginnings of their names.

Every question is one look into an index. Few who are found are told by their ids; many by the question itself, which
a list then answers page by page: nobody is left out.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import reduce
from operator import and_, or_
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from profiles import keys
from profiles.db.expressions import ENDING, AsciiLower
from profiles.db.ids import read_id
from profiles.db.lookups import starts_with
from profiles.models import Identity, MiddleName, Profile

MANY: Final = 5_000  # profiles found by one question
# A name of more words is looked for by the first of them.
MOST_WORDS: Final = 10
_PHONE: Final = re.compile(r"\+?[0-9\s\-.()/]*[0-9][0-9\s\-.()/]*", re.ASCII)


def find_profiles(term: str) -> QuerySet[Profile]:
    """Return who has this email, phone, identifier, id, or names that begin so; merged and deleted ones too.

    Where nobody has the key as written, those count whose email or phone begins so, whose identifier differs in case
    only, or whose phone has the same last digits. Queries.
    """
    try:
        term = keys.name(term)
    except keys.InvalidValueError:
        return Profile.objects.none()
    few, asked, are_many = set[UUID](), list[Q](), False
    for tries in _questions(term):
        for one in tries:
            if ids := Profile.objects.filter(one).values_list("id", flat=True)[: MANY + 1]:
                few.update(ids)
                asked.append(one)
                are_many |= len(ids) > MANY
                break
    return Profile.objects.filter(reduce(or_, asked) if are_many else Q(id__among=few))


def _questions(term: str) -> Iterator[Sequence[Q]]:
    """Yield what is asked; of each the tries, of which the first that finds somebody counts."""
    if (profile_id := read_id(term)) is not None:
        yield [Q(id=profile_id)]
    yield list(_by_email(term))
    if _PHONE.fullmatch(term):
        yield list(_by_phone(term))
    yield list(_by_identifier(term))
    if folded := keys.search_name(term):
        yield [_at_an_end(folded)]
        yield [_in_the_middle(folded)]
    words = keys.name_words(term)[:MOST_WORDS]
    if len(words) > 1:
        yield from ([one] for one in _in_any_order(words))
        yield [_last_name_first(words)]


# --- Keys --------------------------------------------------------------------------------------------------------


def _by_email(term: str) -> Iterator[Q]:
    """Yield the whole email, and its beginning."""
    if "@" in term:
        with suppress(keys.InvalidValueError):
            yield Q(email_key=keys.email_key(term))
    if not re.search(r"\s", term):
        yield starts_with("email_key", term.lower())


def _by_phone(term: str) -> Iterator[Q]:
    """Yield the whole phone, its beginning from the plus, and the last digits of one whose country is not told."""
    with suppress(keys.InvalidValueError):
        number = keys.phone(term, default_country=settings.PHONE_DEFAULT_COUNTRY)
        yield Q(mobile_phone=number) | Q(_ending("secondary_phone", number), secondary_phone=number)
    digits = re.sub(r"\D", "", term)
    if term.startswith("+"):
        yield starts_with("mobile_phone", f"+{digits}")
    elif len(digits) >= ENDING:
        yield _ending("mobile_phone", digits) | _ending("secondary_phone", digits)


def _ending(column: str, number: str) -> Q:
    return Q(**{f"{column}__isnull": False, f"{column}__ending": number[-ENDING:]})


def _by_identifier(term: str) -> Iterator[Q]:
    """Yield the identifier, alone or after its handle, as it is and in any case."""
    handle, _, identifier = (part.strip() for part in term.partition(":"))
    yield _held(Q(identifier=term) | Q(handle=handle, identifier=identifier) if identifier else Q(identifier=term))
    yield _held(_in_any_case(term) | _in_any_case(identifier, handle=handle) if identifier else _in_any_case(term))


def _in_any_case(identifier: str, **of: str) -> Q:
    """Match by an index each: those without capitals as they are, the others as if they had none."""
    lower = "".join(one.lower() if one.isascii() else one for one in identifier)
    with_capitals = ~Q(identifier=AsciiLower("identifier")) & Q(identifier__ascii_lower=lower, **of)
    return Q(identifier=lower, **of) | with_capitals


def _held(identity: Q) -> Q:
    return Q(id__in=Identity.objects.filter(identity).values("profile_id"))


# --- Names -------------------------------------------------------------------------------------------------------


def _at_an_end(folded: str) -> Q:
    return starts_with("search_name", folded) | starts_with("search_last", folded)


def _in_the_middle(folded: str) -> Q:
    return Q(id__in=MiddleName.objects.filter(starts_with("name", folded)).values("profile_id"))


def _in_any_order(words: Sequence[str]) -> Iterator[Q]:
    """Match those of whose names one begins with each of the words; by the longest, which few have, they are found."""
    longest, *others = sorted(words, key=len, reverse=True)
    have_others = reduce(and_, (_at_an_end(word) | _in_the_middle(word) for word in others))
    yield _at_an_end(longest) & have_others
    yield _in_the_middle(longest) & have_others


def _last_name_first(words: Sequence[str]) -> Q:
    """Match all of the last name and the beginning of the first: `mac donald jo`, where one ends is not told."""
    ends = range(1, len(words))
    parts = (("".join(words[:end])[: keys.NAME_LENGTH], "".join(words[end:])[: keys.NAME_LENGTH]) for end in ends)
    return reduce(or_, (Q(search_last=last) & starts_with("search_name", first) for last, first in parts))

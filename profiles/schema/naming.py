"""What a sender may have meant by a name that the hub does not know."""

import difflib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from profiles import shape

_LONGEST: Final = 60
_LIKE_ENOUGH: Final = 0.8
# What other systems call it, where likeness would not find it.
_CALLED_ELSEWHERE: Final[Mapping[str, tuple[str, ...]]] = {
    name: meant
    for names, meant in (
        ("mail email mailaddress emailaddress", ("email",)),
        ("phone telephone phonenumber mobile mobilenumber cell cellphone", ("mobile_phone",)),
        ("surname familyname", ("last_name",)),
        ("forename givenname", ("first_name",)),
        ("name fullname", ("first_name", "last_name")),
        ("birthday birthdate dateofbirth dob", ("birth_day", "birth_month", "birth_year")),
        ("id externalid customerid userid profileid customer identity identities identifier", ("identities",)),
        ("sex salutation", ("gender",)),
        ("acceptsmarketing acceptsemailmarketing newsletter subscribed optin", ("email_promo",)),
        ("unsubscribed optout", ("email_optout",)),
        ("comms consent consents", ("comms_attributes",)),
        ("commsattributes", ("comms",)),
        ("dates", ("dates_attributes",)),
    )
    for name in names.split()
}


# Where the members of objects stand, for those who write them beside the objects.
_PLACES: Final[Mapping[str, str]] = {
    **{name: f"attributes.appearance.{name}" for name in shape.APPEARANCE_MEMBERS},
    **{name: f"comms_attributes.{name}" for name in shape.COMMS_MEMBERS},
    "appearance": "attributes.appearance",
}


def called_elsewhere(name: str) -> tuple[str, ...]:
    """Return the fields that other systems call so; none where nobody does."""
    return _CALLED_ELSEWHERE.get(_bare(name), ())


def did_you_mean(name: str, known: frozenset[str]) -> str:
    """Return the question, such as `did you mean first_name?`; empty where no name is near."""
    return "" if len(name) > _LONGEST else _question(name, known)


@lru_cache(maxsize=1024)
def _question(name: str, known: frozenset[str]) -> str:
    meant = _without_case(known).get(_bare(name)) or _elsewhere(name, known) or _like(name, known) or _place(name)
    return f"did you mean {meant}?" if meant else ""


def _elsewhere(name: str, known: frozenset[str]) -> str:
    meant = called_elsewhere(name)
    return listed(meant) if known.issuperset(meant) else ""


def _place(name: str) -> str:
    return listed([_PLACES[one] for one in called_elsewhere(name) or (name.lower(),) if one in _PLACES])


def listed(names: Sequence[str]) -> str:
    """Return the names as a sentence lists them."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _like(name: str, known: frozenset[str]) -> str:
    like = difflib.get_close_matches(name.lower(), sorted(known), n=1, cutoff=_LIKE_ENOUGH)
    return like[0] if like else ""


@lru_cache(maxsize=64)
def _without_case(known: frozenset[str]) -> dict[str, str]:
    """Return the names as they look to somebody who pays no heed to case, blanks, hyphens and underscores."""
    return {_bare(name): name for name in known}


def _bare(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())

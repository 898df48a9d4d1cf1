"""What a record would come to, in sixteen bytes: by them a run is held to what was shown (way 4).

Pure. In a digest is whatever the sender was shown; not in it is what moves by itself: the versions that were read, so
that a change elsewhere in the profile spoils nothing, times that follow from the moment of deciding, and which row of
its table a removed row was.
"""

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any, Final
from uuid import UUID

import orjson

from profiles import shape
from profiles.reconcile.referrals import expiry
from profiles.values import Decision, Finding, Outcome, OutcomeKind, References, StatusTerm

SIZE: Final = 16
Changes = Mapping[str, Mapping[str, Any]]
Given = Mapping[tuple[str, str], list[Any]]
"""The statuses that can be given now, by handle and the end they would have: the term that leads to it."""


def given_statuses(references: References, *, now: Any) -> Given:
    """Return the ends of all statuses given at this moment, where they follow from the moment."""
    given = {}
    for name, term in references.items():
        if name.kind == "status" and isinstance(term, StatusTerm) and term.absolute_expiry is None:
            end = expiry(term, now=now)
            if end is not None:
                given[name.value, end] = [term.period, term.period_type]
    return given


def digest_of(outcome: Outcome, changes: Changes, *, new: Mapping[UUID, int], given: Given) -> bytes:
    """Return the digest of one record's decision.

    `new` are the ids of the profiles that records of the batch may make, with their records' positions: two previews
    name the same new person differently.
    """
    profile: Any = outcome.profile_id
    if profile in new:
        profile = {"new": new[profile]}
    told = [
        outcome.kind,
        profile,
        outcome.rule,
        None if outcome.key is None else outcome.key.as_json(),
        _codes(outcome.errors),
        _codes(outcome.warnings),
        {
            pointer: _without_moment(pointer, sides, given) if pointer.startswith("/statuses/") and given else sides
            for pointer, sides in changes.items()
            if not shape.is_of_origin(pointer)
        },
    ]
    return blake2b(orjson.dumps(told, option=orjson.OPT_SORT_KEYS), digest_size=SIZE).digest()


def digest_of_all(digests: Iterable[bytes]) -> str:
    """Return the digest of a batch, as it is written, from those of its records in order."""
    return blake2b(b"".join(digests), digest_size=SIZE).hexdigest()


def digest_of_changes(changes: Iterable[Changes]) -> str:
    """Return the digest of what would change of several profiles, in their order, as the desk holds staff to it."""
    return blake2b(orjson.dumps([*changes], option=orjson.OPT_SORT_KEYS), digest_size=SIZE).hexdigest()


def decided(
    outcomes: Iterable[Outcome], changes: Mapping[int | None, Changes], *, new: Mapping[UUID, int], given: Given
) -> list[Decision]:
    """Return what each record would come to, with the difference it would make, by its position."""
    decisions = []
    for outcome in outcomes:
        difference = changes.get(outcome.cause.position, {})
        digest = digest_of(outcome, difference, new=new, given=given)
        decisions.append(Decision(outcome, difference, digest))
    return decisions


def in_words(kind: str, profile_id: UUID | None, codes: Iterable[str]) -> str:
    """Return what was decided as a person would say it."""
    if kind == OutcomeKind.REJECTED:
        return f"rejected ({', '.join(dict.fromkeys(codes))})"
    return kind if profile_id is None or kind == OutcomeKind.CREATED else f"{kind}, profile {profile_id}"


def _codes(findings: Iterable[Finding]) -> list[list[str]]:
    return [[finding.code, finding.pointer] for finding in findings]


def _without_moment(pointer: str, sides: Mapping[str, Any], given: Given) -> dict[str, Any]:
    """Return a status' change with the term in place of an end that follows from the moment."""
    handle = pointer.split("/")[2].replace("~1", "/").replace("~0", "~")
    return {
        side: {"term": given[handle, value]} if isinstance(value, str) and (handle, value) in given else value
        for side, value in sides.items()
    }

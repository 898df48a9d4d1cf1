"""One record after another: whom it means, what speaks against it, and only then the change."""

import copy
import datetime as dt
from collections.abc import Iterable, Sequence

from profiles.criteria import Criteria
from profiles.keys import MatchKey
from profiles.values import ErrorCode, MatchRule, MobileClash, OutcomeKind, ProfileDraft, WarningCode
from tests.properties.reference.addresses import set_addresses
from tests.properties.reference.collections import (
    set_custom_attributes,
    set_dates,
    set_identities,
    set_links,
    set_tags,
)
from tests.properties.reference.consent import forget_old_addresses, set_comms
from tests.properties.reference.fields import is_birthday_sound, set_fields, set_locations
from tests.properties.reference.memberships import set_organisations, set_regions, set_statuses
from tests.properties.reference.names import look_up
from tests.properties.reference.people import Person
from tests.properties.reference.sources import hear
from tests.properties.reference.told import Told, place
from tests.properties.reference.world import Decision, World, newcomer


def apply_one_by_one(
    world: World,
    drafts: Sequence[ProfileDraft],
    criteria: Criteria,
    *,
    now: dt.datetime,
    mobile_clash: MobileClash = MobileClash.REJECT,
) -> list[Decision]:
    """Handle the records one after another, changing `world`."""
    return [apply_one(world, draft, criteria, now=now, mobile_clash=mobile_clash) for draft in drafts]


def apply_one(  # noqa: C901, PLR0912, PLR0915 the whole rule in one piece, top to bottom
    world: World,
    draft: ProfileDraft,
    criteria: Criteria,
    *,
    now: dt.datetime,
    mobile_clash: MobileClash,
) -> Decision:
    """Handle one record: who is meant, what speaks against it, and only if nothing does, the change."""
    errors = {(error.code.value, place(error.pointer)) for error in draft.errors}
    warnings = {(warning.code.value, warning.pointer) for warning in draft.warnings}
    ignored: set[tuple[str, str]] = set()
    look_up(draft, Told(errors, warnings), world)
    position = draft.cause.position

    def refuse(code: ErrorCode, pointer: str) -> None:
        errors.add((code.value, place(pointer)))

    def rejected(*, rule: MatchRule | None, key: MatchKey | None, considered: Iterable[Person]) -> Decision:
        return Decision(
            kind=OutcomeKind.REJECTED.value,
            label=None,
            rule=None if rule is None else rule.value,
            key=key,
            considered=frozenset(person.label for person in considered),
            nobody=nobody,
            errors=frozenset(errors),
            warnings=frozenset(warnings),
        )

    # Who is meant: by the first criterion that finds somebody; if none does, by any of the identities.
    rule: MatchRule | None = MatchRule.CRITERION
    hits: list[Person] = []
    number = 0
    while not hits and number < len(criteria):
        tried = criterion_keys(draft, criteria[number])
        hits = world.meant_by(tried)
        number += 1
    in_vain = criteria if not hits else criteria[: number - 1]
    nobody = frozenset(in_vain if len(criteria) > 1 else ())
    if not hits:
        rule = MatchRule.ROUTED
        tried = identity_keys(draft)
        hits = world.meant_by(tried)
    if len(hits) > 1:
        refuse(ErrorCode.AMBIGUOUS, "")
        lowest = min(hits, key=lambda person: person.label)
        for other in hits:
            if other is not lowest:
                world.note_pair(lowest, other, reason=ErrorCode.AMBIGUOUS, position=position)
        return rejected(rule=rule, key=None, considered=hits)

    person = hits[0] if hits else None
    key = next((key for key in tried if world.holder(key) is not None), None)
    if person is None:
        rule = None
        homes = ["/email" if criterion == "email" else "/identities" for criterion in criteria]
        if not values_for(draft, criteria) and not any(
            pointer.startswith(home) for _, pointer in errors for home in homes
        ):
            refuse(ErrorCode.NO_MATCH_VALUE, homes[0])

    # What of the record counts: its source may have spoken about some of it later.
    after = newcomer(world) if person is None else copy.deepcopy(person)
    told = Told(errors, ignored)
    draft = hear(copy.deepcopy(after), after, draft, told, world, now=now)
    if person is not None and person.fields["profile_type"] == "deleted" and "profile_type" not in draft.fields:
        refuse(ErrorCode.DELETED_PROFILE, "")

    # Whose are the other keys: this person's, one's who was merged into this person, or somebody else's.
    aliases = set()
    shared = set()
    considered = list(hits)
    for one in tuple(draft.pointers):
        holder = world.holder(one)
        if holder is None or holder is person:
            continue
        other = world.survivor(holder)
        if other is person:
            aliases.add(one)
            ignored.add((WarningCode.ALIAS_KEY.value, draft.pointers[one]))
        elif one.kind == "mobile" and mobile_clash == "secondary" and may_share(person, draft, one.value):
            shared.add(one)
            ignored.add((WarningCode.MOBILE_AS_SECONDARY.value, draft.pointers[one]))
        else:
            considered.append(other)
            refuse(ErrorCode.CLAIMED_ELSEWHERE, draft.pointers[one])
            if person is not None:
                world.note_pair(person, other, reason=ErrorCode.CLAIMED_ELSEWHERE, position=position)

    set_fields(after, draft, aliases | shared)
    for one in shared:
        after.fields["secondary_phone"] = one.value
    set_identities(after, draft, aliases)
    set_tags(after, draft)
    set_addresses(after, draft, told)
    if person is not None:
        forget_old_addresses(person, after)
    set_comms(after, draft, told, now=now)
    set_custom_attributes(after, draft, told)
    set_dates(after, draft, told)
    set_links(after, draft, world)
    set_locations(after, draft)
    set_statuses(after, draft, now=now)
    set_regions(after, draft, told)
    set_organisations(after, draft)
    if person is not None and "joined_at" in draft.fields and draft.fields["joined_at"] != after.fields["joined_at"]:
        ignored.add((WarningCode.JOINED_AT_KEPT.value, "/joined_at"))
    if not is_birthday_sound(after):
        refuse(ErrorCode.INVALID, "/birth_day")

    if errors:
        return rejected(rule=rule, key=key, considered=considered)
    return Decision(
        kind=world.put_down(person, after, position=position).value,
        label=after.label,
        rule=(rule or MatchRule.NEW).value,
        key=key or values_for(draft, criteria)[0],
        considered=frozenset(),
        nobody=nobody,
        errors=frozenset(),
        warnings=frozenset(warnings | ignored),
    )


def may_share(person: Person | None, draft: ProfileDraft, number: str) -> bool:
    """Whether the second phone, as the record leaves it, is free for the number or holds it already."""
    if "mobile_phone" not in draft.fields:
        return False  # late: it is claimed, and set nowhere
    second = None if person is None else person.fields["secondary_phone"]
    if "secondary_phone" in draft.fields:
        second = draft.fields["secondary_phone"]
    return second is None or second == number


def values_for(draft: ProfileDraft, criteria: Criteria) -> list[MatchKey]:
    """Return what the record gives for any of the criteria, in their order."""
    return [key for criterion in criteria for key in criterion_keys(draft, criterion)]


def criterion_keys(draft: ProfileDraft, criterion: str) -> list[MatchKey]:
    """Return what the record gives for a criterion: its email, or all its identities of that handle."""
    if criterion == "email":
        return [key for key in tuple(draft.pointers) if key.kind == "email"]
    return [key for key in identity_keys(draft) if key.handle == criterion]


def identity_keys(draft: ProfileDraft) -> list[MatchKey]:
    """Return the record's identities."""
    return [key for key in tuple(draft.pointers) if key.kind == "identity"]

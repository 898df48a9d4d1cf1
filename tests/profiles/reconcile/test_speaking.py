"""What was written of one profile is said of another."""

from uuid import UUID

from profiles import shape
from profiles.keys import identity_match_key, mobile_match_key
from profiles.reconcile.difference import State
from profiles.reconcile.registers import read_back
from profiles.reconcile.speaking import part_of, say
from profiles.values import Cause, CauseKind, ChangeAction, LedgerRow

OTHER = UUID(int=9)
IDENTITY = {"is_primary": False, "is_active": True, "merged_from": None}


def state(fields=(), **collections):
    rows = {name: collections.get(name, {}) for name in shape.COLLECTIONS}
    return State({**dict.fromkeys(shape.PROFILE_FIELDS), **dict(fields)}, rows)


def row(changes):
    return LedgerRow(2, ChangeAction.UPDATED, changes, Cause(CauseKind.BATCH), at="2026-01-01T00:00:00Z")


def writes_of(one, present):
    return read_back([one], present)[1][2]


def nobody(_):
    return None


def attribute(value):
    return {"type": "string", "value": value}


def test_fields_and_rows_are_said_as_they_were_written():
    one = row(
        {
            "/title": {"from": None, "to": "Dr"},
            "/tags/vip": {"to": True},
            "/identities/web/w/is_active": {"to": True},
            "/identities/web/w/is_primary": {"to": False},
        }
    )
    present = state({"title": "Dr"}, tags={("vip",): {}}, identities={("web", "w"): IDENTITY})

    said = say(state({"title": "Ms"}), one, writes_of(one, present), holder_of=nobody)

    assert said.left_out == ()
    assert said.after.fields["title"] == "Dr"
    assert said.after.collections["tags"] == {("vip",): {}}
    assert set(said.after.collections["identities"]) == {("web", "w")}


def test_member_of_a_row_that_is_not_there_says_nothing():
    one = row({"/custom_attributes/n/h/value": {"from": "a", "to": "b"}})
    present = state(custom_attributes={("n", "h"): attribute("b")})
    writes = writes_of(one, present)

    with_it = say(state(custom_attributes={("n", "h"): attribute("c")}), one, writes, holder_of=nobody)
    without = say(state(), one, writes, holder_of=nobody)

    assert with_it.after.collections["custom_attributes"] == {("n", "h"): attribute("b")}
    assert without.after == state()


def test_keys_that_somebody_has_are_left_out():
    one = row(
        {
            "/mobile_phone": {"from": None, "to": "+61404000001"},
            "/title": {"from": None, "to": "Dr"},
            "/identities/web/w/is_active": {"to": True},
        }
    )
    held = {mobile_match_key("+61404000001"): OTHER, identity_match_key("web", "w"): OTHER}
    present = state({"mobile_phone": "+61404000001", "title": "Dr"}, identities={("web", "w"): IDENTITY})

    said = say(state(), one, writes_of(one, present), holder_of=held.get)

    assert (said.after.fields["mobile_phone"], said.after.fields["title"]) == (None, "Dr")
    assert said.after.collections["identities"] == {}
    assert dict(said.left_out) == {"/mobile_phone": OTHER, "/identities/web/w": OTHER}


def test_part_of_what_was_written_is_that_of_some_rows_and_fields():
    one = row(
        {
            "/title": {"from": None, "to": "Dr"},
            "/comms/sms_optout": {"from": None, "to": True},
            "/custom_attributes/n/h/value": {"from": "a", "to": "b"},
            "/custom_attributes/n/other/value": {"from": "a", "to": "b"},
        }
    )
    rows = {("n", "h"): attribute("b"), ("n", "other"): attribute("b")}
    writes = writes_of(one, state({"title": "Dr", "comms/sms_optout": True}, custom_attributes=rows))

    part = part_of(writes, places={("custom_attributes", ("n", "h"))}, fields=["/comms/sms_optout"])

    assert (list(part.fields), list(part.members), part.rows, part.flags, part.times) == (
        ["/comms/sms_optout"],
        ["/custom_attributes/n/h/type"],
        {},
        {},
        {},
    )


def test_flag_goes_to_a_row_that_is_there_although_nothing_else_is_said_of_it():
    place = {"country": None, "state": None, "is_active": True}
    one = row({"/regions/victoria/is_default": {"from": False, "to": True}})
    writes = writes_of(one, state(regions={("victoria",): place | {"is_default": True}}))

    said = say(state(regions={("victoria",): place | {"is_default": False}}), one, writes, holder_of=nobody)

    assert said.after.collections["regions"] == {("victoria",): place | {"is_default": True}}

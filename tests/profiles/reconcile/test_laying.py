"""What moves between two replays, laid on the present."""

import pytest

from profiles import shape
from profiles.reconcile.difference import State
from profiles.reconcile.laying import Sides, ended, laid_on, moves_between, unclear_registers
from profiles.reconcile.replaying import Shown
from profiles.values import Origin

PLACE = ("tags", ("vip",))
HOME = {**dict.fromkeys(shape.ADDRESSES.fields), "city": "Perth"}
del HOME["is_default"]


def present(fields=(), **collections):
    return State(dict(fields), {name: collections.get(name, {}) for name in shape.COLLECTIONS})


def shown(**known):
    return Shown(**known)


def test_only_what_differs_moves():
    old = shown(fields={"/company": {"company": "A"}, "/title": {"title": "Dr"}}, rows={PLACE: {}})
    new = shown(fields={"/company": {"company": "B"}, "/title": {"title": "Dr"}}, rows={PLACE: None})

    moves = moves_between(old, new)

    assert moves.fields == {"/company": Sides({"company": "A"}, {"company": "B"})}
    assert moves.rows == {PLACE: Sides({}, None)}
    assert (moves.members, moves.flags, moves.times) == ({}, {}, {})


def test_present_takes_what_moves_and_nothing_else():
    moves = moves_between(shown(fields={"/company": {"company": "A"}}), shown(fields={"/company": {"company": "B"}}))

    after = laid_on(present({"company": "A", "title": "Ms"}), moves)

    assert after.fields == {"company": "B", "title": "Ms"}


def test_what_is_excepted_stays():
    moves = moves_between(
        shown(fields={"/company": {"company": "A"}}, rows={PLACE: {}}),
        shown(fields={"/company": {"company": "B"}}, rows={PLACE: None}),
    )

    after = laid_on(present({"company": "A"}, tags={("vip",): {}}), moves, but={"/company", "/tags/vip"})

    assert (after.fields, after.collections["tags"]) == ({"company": "A"}, {("vip",): {}})


def test_email_moves_with_its_key():
    moves = moves_between(
        shown(fields={"/email": {"email": "a@example.com"}}), shown(fields={"/email": {"email": "B@Example.com"}})
    )

    after = laid_on(present({"email": "a@example.com"}), moves)

    assert (after.fields["email"], after.email_key) == ("B@Example.com", "b@example.com")


def test_row_that_comes_back_is_the_row_it_was_and_bears_the_flag_where_it_did():
    place = ("addresses", ("k",))
    moves = moves_between(
        shown(rows={place: None}, flags={"addresses": None}),
        shown(rows={place: HOME}, flags={"addresses": ("k",)}, origins={place: Origin(7, None)}),
    )

    after = laid_on(present(), moves)

    assert after.collections["addresses"] == {("k",): HOME | {"is_default": True}}
    assert after.origins["addresses"] == {("k",): Origin(7, None)}


@pytest.mark.parametrize(
    ("stored", "after"),
    [("2026-01-01T00:00:00Z", {}), ("2026-03-01T00:00:00Z", {"comms/email_promo": "2026-03-01T00:00:00Z"})],
)
def test_time_that_somebody_moved_meanwhile_stays(stored, after):
    pointer = "/effective/comms/email_promo"
    moves = moves_between(shown(times={pointer: "2026-01-01T00:00:00Z"}), shown(times={pointer: None}))

    laid = laid_on(State({}, {}, {"comms/email_promo": stored}), moves)

    assert laid.effective_times == after


def test_registers_that_do_not_hold_what_the_ledger_says_are_unclear():
    moves = moves_between(
        shown(fields={"/company": {"company": "A"}, "/title": {"title": "Dr"}}, rows={PLACE: {}}),
        shown(fields={"/company": {"company": "B"}, "/title": {"title": None}}, rows={PLACE: None}),
    )

    found = list(unclear_registers(present({"company": "X", "title": "Dr"}), moves))

    assert found == ["/company", "/tags/vip"]


def test_nothing_is_left_of_a_profile_that_has_ended_but_where_it_went():
    after = ended(present({"email": "a@example.com", "merged_into": "s"}, tags={("vip",): {}}))

    assert {name: value for name, value in after.fields.items() if value is not None} == {
        "first_name": "",
        "last_name": "",
        "profile_type": "deleted",
        "ended": "undone",
        "merged_into": "s",
    }
    assert (set(map(len, after.collections.values())), after.email_key) == ({0}, None)

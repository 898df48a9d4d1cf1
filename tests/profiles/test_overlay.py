"""What a dry run has made so far is laid over what is stored."""

import pytest

from profiles.directory import Scope, open_directory
from profiles.keys import email_match_key, identity_match_key
from profiles.overlay import Overlay
from profiles.values import ProfileResult, ProfileSnapshot
from tests.builders import make_profile

pytestmark = pytest.mark.django_db
ANN, NEW = email_match_key("ann@example.com"), email_match_key("new@example.com")
CARD = identity_match_key("pos", "7")


def known(overlay, *keys, collections=("identities", "tags")):
    scope = overlay.widened(Scope(keys=list(keys), collections=collections))
    return overlay.over(open_directory(scope, lock=False), scope)


def changed(before, **changes):
    """Return the profile as it would be stored with other fields or collections."""
    names = {name: changes.pop(name) for name in ("identities", "tags") if name in changes}
    fields = {**before.fields, **changes}
    return ProfileResult(
        before.id, before.version + 1, fields, {**before.collections, **names}, fields.get("email"), before
    )


def test_without_anything_foretold_it_is_what_is_stored():
    ann = make_profile(email="ann@example.com", tags=["vip"])
    with Overlay() as overlay:
        directory = known(overlay, ANN)

    assert directory.holders == {ANN: ann.id}
    assert directory.profiles[ann.id].collections["tags"] == {("vip",): {}}


def test_key_that_was_given_up_is_nobodys_and_the_new_one_is_found():
    ann = make_profile(email="ann@example.com")
    with Overlay() as overlay:
        overlay.take([changed(known(overlay, ANN).profiles[ann.id], email="new@example.com")])
        directory = known(overlay, ANN, NEW)

    assert directory.holders == {NEW: ann.id}
    assert (directory.profiles[ann.id].email_key, directory.profiles[ann.id].version) == ("new@example.com", 2)


def test_key_goes_from_one_to_another_in_either_order():
    ann, bob = make_profile(email="ann@example.com"), make_profile(email="bob@example.com")
    for order in (1, -1):
        with Overlay() as overlay:
            profiles = known(overlay, ANN, email_match_key("bob@example.com")).profiles
            results = [
                changed(profiles[ann.id], email="new@example.com"),
                changed(profiles[bob.id], email="ann@example.com"),
            ]
            overlay.take(results[::order])
            directory = known(overlay, ANN, NEW)

        assert directory.holders == {ANN: bob.id, NEW: ann.id}


def test_collections_that_were_not_looked_at_then_are_as_stored():
    ann = make_profile(email="ann@example.com", tags=["vip"], identities=[{"handle": "pos", "identifier": "7"}])
    with Overlay() as overlay:
        before = known(overlay, ANN, collections=("identities",)).profiles[ann.id]
        overlay.take([changed(before, identities={})])
        directory = known(overlay, ANN, CARD)

    assert directory.holders == {ANN: ann.id}
    assert directory.profiles[ann.id].collections == {"identities": {}, "tags": {("vip",): {}}}


def test_profile_that_would_be_new_is_known_by_its_keys():
    person = ProfileSnapshot(make_profile().id, 0, {"email": "new@example.com"}, {}, None)
    with Overlay() as overlay:
        new = ProfileResult(person.id, 1, person.fields, {"tags": {("vip",): {}}}, "new@example.com", None)
        overlay.take([new])
        directory = known(overlay, NEW)

    assert directory.holders == {NEW: person.id}
    assert directory.profiles[person.id].collections == {"identities": {}, "tags": {("vip",): {}}}

"""Organisations, roles and memberships as rows: named by handles, and never gone while somebody stands on them."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from profiles.models import Organisation, OrganisationMembership, RoleDefinition
from tests.builders import make_profile

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme():
    return Organisation.objects.create(handle="acme", name="Acme")


@pytest.fixture
def buyer():
    return RoleDefinition.objects.create(handle="buyer", name="Buyer")


def join(profile, organisation, **fields):
    now = timezone.now()
    return OrganisationMembership.objects.create(
        profile=profile, organisation=organisation, created_at=now, updated_at=now, **fields
    )


def test_member_is_named_by_handles(acme, buyer):
    ann = make_profile()

    membership = join(ann, acme, role=buyer)

    stored = OrganisationMembership.objects.filter(organisation="acme", role="buyer")
    assert stored.values_list("profile_id", "organisation_id", "role_id", "is_active", "expires_at").get() == (
        (ann.id, "acme", "buyer", True, None)
    )
    assert (str(acme), str(buyer), str(membership)) == ("acme", "buyer", f"{ann.id} in acme")


@pytest.mark.parametrize("model", [Organisation, RoleDefinition])
def test_handle_is_there_once(model):
    model.objects.create(handle="acme", name="Acme")
    model.objects.create(handle="Acme", name="Acme")

    with pytest.raises(IntegrityError, match="handle"), transaction.atomic():
        model.objects.create(handle="acme", name="Other")


def test_somebody_is_a_member_once_whatever_their_role(acme, buyer):
    ann, bob = make_profile(), make_profile()
    join(ann, acme)
    join(bob, acme, role=buyer)

    with pytest.raises(IntegrityError), transaction.atomic():
        join(ann, acme, role=buyer)

    assert [one.profile_id for one in acme.memberships.order_by("pk")] == [ann.id, bob.id]


@pytest.mark.parametrize("name", ["organisation", "role"])
def test_what_a_member_stands_on_cannot_go(acme, buyer, name):
    membership = join(make_profile(), acme, role=buyer)

    with pytest.raises(ProtectedError):
        getattr(membership, name).delete()
    membership.delete()
    getattr(membership, name).delete()

    assert Organisation.objects.count() + RoleDefinition.objects.count() == 1


def test_membership_goes_with_its_profile(acme):
    ann = make_profile()
    join(ann, acme)
    ann.changes.all().delete()

    ann.delete()

    assert (OrganisationMembership.objects.count(), Organisation.objects.count()) == (0, 1)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"type": "guild"}, {"type"}),
        ({"name": ""}, {"name"}),
        ({"handle": "x" * 256, "name": "x" * 255, "domain": "x" * 256}, {"handle", "domain"}),
    ],
)
def test_organisation_that_is_none_is_refused(fields, wrong):
    with pytest.raises(ValidationError) as refused:
        Organisation(**{"handle": "acme", "name": "Acme", **fields}).full_clean()

    assert set(refused.value.message_dict) == wrong


def test_organisation_is_a_company_in_use_unless_told(acme):
    acme.full_clean()

    assert (acme.type, acme.is_active, acme.description, acme.domain) == ("company", True, "", None)


def test_times_move_by_themselves(acme):
    made, moved = acme.created_at, acme.updated_at

    acme.save()

    acme.refresh_from_db()
    assert (acme.created_at == made, acme.updated_at > moved) == (True, True)

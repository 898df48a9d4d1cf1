"""The rules about keys as the tables tell them."""

import pytest

from profiles.directory import load_key_rules
from profiles.keyrules import KeyRules
from profiles.models import BlockedValue, IdentityLimit

pytestmark = pytest.mark.django_db


def test_rules_are_read_in_one_statement(django_assert_num_queries):
    BlockedValue.objects.create(kind="identity", handle="pos", exact='G"U\u00e9ST')
    BlockedValue.objects.create(kind="email", pattern=r"\*@x*")
    BlockedValue.objects.create(kind="mobile", exact="0404", is_active=False)
    IdentityLimit.objects.create(handle="pos", most=3)

    with django_assert_num_queries(1):
        rules = load_key_rules()

    assert rules.blocked.has("identity", 'G"U\u00e9ST', "pos")
    assert rules.blocked.has("email", "*@x.example")
    assert not rules.blocked.has("email", "a@x.example")
    assert not rules.blocked.has("mobile", "0404")
    assert rules.identity_limits == {"pos": 3}
    assert load_key_rules() is rules


def test_hub_without_any_has_those_of_all_hubs():
    rules = load_key_rules()

    assert rules.identity_limits == KeyRules().identity_limits == {}
    assert rules.blocked.has("mobile", "0000000")
    assert not rules.blocked.has("mobile", "+61404123123")

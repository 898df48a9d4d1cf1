"""Handling records singly and in order, spelled out: the slow, obvious twin of the hub's set-based path.

The world is a list of people in memory, found by walking through it; every record is decided and put down
before the next one is looked at. Nothing here is shared with the real decisions but the parsed draft and the
normal forms, so that the two can disagree.
"""

from tests.properties.reference.ledger import LedgerRow
from tests.properties.reference.matching import apply_one, apply_one_by_one
from tests.properties.reference.names import LOCATIONS, ORGANISATIONS, ROLES
from tests.properties.reference.people import OTHER_COLLECTIONS, Person, id_of
from tests.properties.reference.placeholders import is_nobodys_email, is_placeholder, without_placeholders
from tests.properties.reference.sources import name_of_address
from tests.properties.reference.told import place
from tests.properties.reference.world import Decision, World, newcomer

__all__ = [
    "LOCATIONS",
    "ORGANISATIONS",
    "OTHER_COLLECTIONS",
    "ROLES",
    "Decision",
    "LedgerRow",
    "Person",
    "World",
    "apply_one",
    "apply_one_by_one",
    "id_of",
    "is_nobodys_email",
    "is_placeholder",
    "name_of_address",
    "newcomer",
    "place",
    "without_placeholders",
]

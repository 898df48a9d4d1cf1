"""What all properties stand on."""

import pytest

from profiles.models import Location, Organisation, RoleDefinition
from profiles.reference_data import example_data, load_reference_data
from tests.properties import reference


@pytest.fixture(autouse=True)
def _reference_data(db):
    load_reference_data(example_data())
    reference.ORGANISATIONS.clear()
    reference.ORGANISATIONS.update(Organisation.objects.values_list("id", "handle"))
    reference.ROLES.clear()
    reference.ROLES.update(RoleDefinition.objects.values_list("id", "handle"))
    reference.LOCATIONS.clear()
    for id_, external_id, code in Location.objects.values_list("id", "external_id", "external_code"):
        reference.LOCATIONS[id_] = {"id": str(id_), "external_id": external_id, "external_code": code}

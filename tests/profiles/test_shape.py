"""What the shape says of profiles holds together: fields, members, collections and what only makes sense together."""

import pytest

from profiles import shape
from profiles.models import COLLECTION_MODELS, Profile


def test_every_column_is_one_of_the_profiles():
    columns = {field.attname for field in Profile._meta.concrete_fields}

    assert set(shape.COLUMNS.values()) <= columns
    assert set(shape.JSON_COLUMNS) <= columns


@pytest.mark.parametrize("name", shape.COLLECTIONS)
def test_collection_has_its_columns_and_its_flag(name):
    collection, model = shape.COLLECTIONS[name], COLLECTION_MODELS[name]
    fields = {field.name for field in model._meta.concrete_fields}

    assert {*collection.key, *collection.fields} <= fields
    assert not collection.flag or collection.flag in collection.fields
    assert not collection.name_of_row or collection.name_of_row in collection.fields
    assert collection.most_of_profile >= collection.most


def test_fields_that_go_together_are_fields():
    assert all(name in shape.PROFILE_FIELDS for names in shape.FIELDS_TOGETHER for name in names)


@pytest.mark.parametrize(
    ("pointer", "is_of_origin"),
    [
        ("/identities/pos/7/id", True),
        ("/identities/pos/7/created_at", True),
        ("/identities/pos/id", False),
        ("/identities/pos/7/is_active", False),
        ("/company", False),
        ("/id", False),
    ],
)
def test_origin_of_a_row_is_told_from_its_members(pointer, is_of_origin):
    assert shape.is_of_origin(pointer) is is_of_origin

"""Reference data, whichever way it comes: a document or the desk."""

import pytest

from profiles.keys import InvalidValueError
from profiles.models import Location, Organisation, Region, Status
from profiles.reference_data import ReferenceDataError, example_data, in_normal_form, load_reference_data

ZERO_WIDTH = "\u200b"


@pytest.mark.parametrize(
    ("model", "column", "written", "kept"),
    [
        (Status, "handle", f" gold{ZERO_WIDTH} ", "gold"),
        (Status, "handle", "Café", "Café"),
        (Status, "name", " Gold ", "Gold"),
        (Status, "name", "", ""),
        (Status, "description", "two\nlines", "two\nlines"),
        (Location, "external_id", "SYD-01 ", "SYD-01"),
        (Location, "external_id", "", ""),
    ],
)
def test_text_is_kept_in_normal_form(model, column, written, kept):
    assert in_normal_form(model, column, written) == kept


@pytest.mark.parametrize(
    ("model", "column", "written", "message"),
    [
        (Status, "handle", f"go{ZERO_WIDTH}ld", "The text must not hold an invisible character (U+200B)."),
        (Location, "external_id", f"SYD{ZERO_WIDTH}01", "The text must not hold an invisible character (U+200B)."),
        (Location, "external_code", "a\nb", "The text must not hold a line break."),
        (Region, "handle", "x" * 256, "The text must not be longer than 255 characters."),
        (Organisation, "name", "a\nb", "The text must not hold a line break."),
        (Status, "description", "a\x00b", "The text must not hold a NUL character (U+0000)."),
        (Status, "description", "x" * 10_001, "The text must not be longer than 10,000 characters."),
    ],
)
def test_text_that_no_record_could_say_is_refused(model, column, written, message):
    with pytest.raises(InvalidValueError) as refused:
        in_normal_form(model, column, written)

    assert str(refused.value) == message


@pytest.mark.django_db
def test_document_and_desk_refuse_the_same(staff_client):
    handle = f"go{ZERO_WIDTH}ld"

    with pytest.raises(ReferenceDataError) as refused:
        load_reference_data({"statuses": [{"handle": handle, "name": "Gold"}]})
    answer = staff_client.post("/admin/profiles/status/add/", {"handle": handle, "name": "Gold", "sort_order": "0"})

    sentence = "The text must not hold an invisible character (U+200B)."
    assert refused.value.problems == [f"statuses[0].handle: {sentence}"]
    assert answer.context["adminform"].form.errors == {"handle": [sentence]}
    assert not Status.objects.exists()


@pytest.mark.django_db
def test_example_is_loaded_once_and_changes_nothing_again():
    first, again = load_reference_data(example_data()), load_reference_data(example_data())

    assert {name: (one.created, one.updated, one.unchanged) for name, one in first.items()} == {
        "regions": (3, 0, 0),
        "locations": (3, 0, 0),
        "statuses": (3, 0, 0),
        "organisations": (2, 0, 0),
        "roles": (2, 0, 0),
    }
    assert all((one.created, one.updated) == (0, 0) for one in again.values())

"""Whose records are whose since a merge, in words too, and the command that takes the two apart."""

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from batches.unmerging import records_of, sentences
from profiles.keys import MatchKey
from profiles.models import ProfileChange
from profiles.unmerging import KeyedRecord, Unmerge, unmerge_profiles
from tests.batches.asking import CAUSE, merged_into
from tests.builders import process

pytestmark = pytest.mark.django_db


# --- Whose the records are -------------------------------------------------------------------------------------------


def test_records_tell_their_keys(pair):
    _, ann = pair
    batch = process([{"email": "ann@example.com", "company": "Acme"}])  # changes nothing

    records = records_of(ann.id, 3)

    first = ProfileChange.objects.get(profile=ann, version=3).batch_id
    assert records == [
        KeyedRecord(first, 0, MatchKey("email", "anna@example.com"), is_changing=True),
        KeyedRecord(first, 1, MatchKey("email", "ann@example.com"), is_changing=True),
        KeyedRecord(batch.id, 0, MatchKey("email", "ann@example.com"), is_changing=False),
    ]


def test_sentences_count(pair):
    with transaction.atomic():
        plan = unmerge_profiles(
            Unmerge(pair[0].id), cause=CAUSE, now=timezone.now(), records_of=records_of, write=False
        )

    assert sentences(plan) == [
        "2 values of the merged profile and 2 values of the one it was merged into change. Nobody else is touched.",
        "1 change since the merge came by the merged profile's keys and goes to it, by the ledger.",
        "They are remembered as different people.",
    ]


# --- Command ---------------------------------------------------------------------------------------------------------


def test_command_takes_them_apart_once_it_is_told_to(capsys, monkeypatch, pair):
    anna, ann = pair
    monkeypatch.setattr("builtins.input", lambda question: capsys.readouterr() and "y")

    call_command("unmerge", str(anna.id), str(ann.id), "--note", "Two sisters")

    assert capsys.readouterr().out == "They are two again.\n"
    assert merged_into(anna) is None
    assert ProfileChange.objects.get(profile=anna, action="unmerged").note == "Two sisters"


@pytest.mark.parametrize(
    ("options", "answer", "message"),
    [
        ([], "n", "Nothing was taken apart."),
        (["--to-merged", "77"], "y", "The survivor's ledger has no such change since the merge."),
        (["--user", "nobody"], "y", "There is no user nobody."),
    ],
)
def test_command_that_is_not_confirmed_or_wrong_does_nothing(monkeypatch, pair, options, answer, message):
    anna, ann = pair
    monkeypatch.setattr("builtins.input", lambda _: answer)

    with pytest.raises(CommandError) as refused:
        call_command("unmerge", str(anna.id), *options)

    assert (str(refused.value), refused.value.returncode) == (message, 2)
    assert merged_into(anna) == ann.id


def test_command_shows_it(capsys, pair):
    anna, ann = pair

    call_command("unmerge", str(anna.id), "--dry-run")

    lines = capsys.readouterr().out.splitlines()
    assert (len(lines), lines[-1]) == (4, "Nothing was written.")
    assert merged_into(anna) == ann.id

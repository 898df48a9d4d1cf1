"""The demo's customers are the same each time, overlap between systems, and some of their records are wrong."""

from batches.demo.customers import SYSTEMS, ReferenceIds, make_records

IDS = ReferenceIds(
    regions={"new-south-wales": 1, "victoria": 2, "north-island": 3},
    organisations={"acme": 1, "rowing-club": 2},
    roles={"buyer": 1, "member": 2},
)


def made(seed=1):
    return make_records(customers=200, seed=seed, ids=IDS)


def test_every_system_has_records():
    assert made().keys() == SYSTEMS.keys()
    assert all(made().values())


def test_same_seed_gives_the_same_records():
    assert made() == made()
    assert made(2) != made()


def test_people_are_known_in_several_systems():
    records = made()
    emails = [{record.get("email") for record in records[system]} - {None} for system in ("mailing", "shop")]

    assert len(emails[0] & emails[1]) > 10


def test_references_are_those_of_the_system():
    for system, records in made().items():
        assert all(record["reference"].startswith(f"{system}-") for record in records)

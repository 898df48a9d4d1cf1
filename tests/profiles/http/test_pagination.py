"""Pages in the contract's envelope."""

import pytest
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from profiles.http.errors import InvalidFieldsError
from profiles.http.pagination import Page, page_response, read_page


def asked(query):
    return Request(APIRequestFactory().get(f"/api/v3/things?{query}"))


@pytest.mark.parametrize(
    ("query", "page"),
    [
        ("", Page(1, 15)),
        ("page[size]=20&page[number]=3", Page(3, 20)),
        ("per_page=20&page=3", Page(3, 20)),
        ("limit=100", Page(1, 100)),
        ("page[size]=10&per_page=20", Page(1, 10)),
        ("per_page=101", Page(1, 100)),
        ("page=101&per_page=100", Page(101, 100)),
        ("limit=10&offset=30", Page(4, 10)),
        ("offset=15", Page(2, 15)),
        ("page[size]=1&page[number]=10000", Page(10_000, 1)),
    ],
)
def test_page_is_read_by_any_of_its_names(query, page):
    assert read_page(asked(query)) == page


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("page[size]=0", {"page[size]": ["The page[size] must be a whole number between 1 and 999,999,999."]}),
        ("page=x", {"page": ["The page must be a whole number between 1 and 999,999,999."]}),
        ("page=-1", {"page": ["The page must be a whole number between 1 and 999,999,999."]}),
        ("page=٣", {"page": ["The page must be a whole number between 1 and 999,999,999."]}),
        ("page=1e3", {"page": ["The page must be a whole number between 1 and 999,999,999."]}),
        (f"page={'9' * 5_000}", {"page": ["The page must be a whole number between 1 and 999,999,999."]}),
        ("limit=10&offset=15", {"offset": ["The offset must be a multiple of the limit, which is 10."]}),
        ("limit=101&offset=101", {"limit": ["With an offset the limit must not be more than 100."]}),
        ("offset=-1", {"offset": ["The offset must be a whole number between 0 and 999,999,999."]}),
    ],
)
def test_page_that_is_none_is_refused(query, errors):
    with pytest.raises(InvalidFieldsError) as refused:
        read_page(asked(query))

    assert refused.value.errors == errors


def test_envelope_leads_to_the_other_pages_with_the_same_question():
    request = asked("page=2&per_page=2&filter[name]=a b&filter[name]=c")

    body = page_response(request, Page(2, 2), ["c", "d"], total=5).data

    def link(number):
        query = "filter%5Bname%5D=a+b&filter%5Bname%5D=c"
        return f"http://testserver/api/v3/things?{query}&page%5Bnumber%5D={number}&page%5Bsize%5D=2"

    assert body["links"] == {"first": link(1), "last": link(3), "prev": link(1), "next": link(3)}
    assert {name: value for name, value in body["meta"].items() if name != "links"} == {
        "current_page": 2,
        "from": 3,
        "last_page": 3,
        "path": "http://testserver/api/v3/things",
        "per_page": 2,
        "to": 4,
        "total": 5,
    }
    assert [(one["label"], one["active"]) for one in body["meta"]["links"]] == [
        ("&laquo; Previous", False),
        ("1", False),
        ("2", True),
        ("3", False),
        ("Next &raquo;", False),
    ]


@pytest.mark.parametrize(("number", "total"), [(1, 0), (9, 5)])
def test_page_without_rows_leads_nowhere_on(number, total):
    body = page_response(asked(""), Page(number, 5), [], total=total).data

    assert (body["meta"]["from"], body["meta"]["to"], body["meta"]["last_page"]) == (None, None, 1)
    assert body["links"]["next"] is None

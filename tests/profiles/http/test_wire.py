"""How bodies, times and ids stand on the wire."""

import datetime as dt
import io
from uuid import UUID

import pytest
from django.http import Http404
from django.test import RequestFactory
from rest_framework.exceptions import ParseError, UnsupportedMediaType

from profiles.http.wire import JSONRenderer, PayloadTooLargeError, parse_id, read_body, wire_time


def posted(body, content_type="application/json", **headers):
    return RequestFactory().generic("POST", "/", body, content_type=content_type, headers=headers)


def test_body_is_read_up_to_its_bound(settings):
    settings.MAX_BODY_BYTES = 4

    assert read_body(posted(b"1234")) == b"1234"
    with pytest.raises(PayloadTooLargeError):
        read_body(posted(b"12345"))


def test_body_that_does_not_tell_its_length_is_bounded_too(settings):
    settings.MAX_BODY_BYTES = 4
    request = posted(b"1")
    request.META["CONTENT_LENGTH"] = ""
    request.read = io.BytesIO(b"12345").read

    with pytest.raises(PayloadTooLargeError):
        read_body(request)


@pytest.mark.parametrize(
    ("content_type", "headers"),
    [("text/plain", {}), ("application/json", {"Content-Encoding": "gzip"}), ("multipart/form-data", {})],
)
def test_body_that_is_no_plain_json_is_refused(content_type, headers):
    with pytest.raises(UnsupportedMediaType):
        read_body(posted(b"{}", content_type, **headers))


def test_sender_who_broke_off_is_told_of():
    request = posted(b"{}")

    def breaking(_):
        raise OSError

    request.read = breaking
    with pytest.raises(ParseError, match=r"The body ended too early\."):
        read_body(request)


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (None, None),
        (dt.datetime(2020, 5, 5, 15, 20, 32, 999_999, tzinfo=dt.UTC), "2020-05-05 15:20:32"),
        (dt.datetime(2020, 5, 5, 1, 0, tzinfo=dt.timezone(dt.timedelta(hours=10))), "2020-05-04 15:00:00"),
    ],
)
def test_times_are_utc_to_the_second(moment, written):
    assert wire_time(moment) == written


def test_id_is_read_in_any_writing_of_it():
    known = UUID("0190aaaa-0000-7000-8000-000000000001")

    assert parse_id(str(known)) == parse_id(str(known).upper()) == known


@pytest.mark.parametrize("text", ["", "x", "0190aaaa", "0190aaaa-0000-7000-8000-00000000000g", "1" * 5_000])
def test_what_is_no_id_names_nothing(text):
    with pytest.raises(Http404):
        parse_id(text)


def test_no_value_is_no_body():
    assert (JSONRenderer().render(None), JSONRenderer().render({})) == (b"", b"{}")

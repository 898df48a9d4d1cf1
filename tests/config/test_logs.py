"""What becomes of others' messages, of exceptions and of warnings."""

import io
import json
import logging
import sys
import threading
import warnings

import pytest
import structlog
from django.db import DataError

from config import logs
from config.logs import UNTOLD, describe

EMAIL = "ada@example.com"


@pytest.fixture
def told(monkeypatch):
    """Return a function that gives the lines written to the log meanwhile."""
    [handler] = [handler for handler in logging.getLogger().handlers if handler.get_name() == "hub"]
    monkeypatch.setattr(handler, "stream", io.StringIO())
    return lambda: [json.loads(line) for line in handler.stream.getvalue().splitlines()]


def one_line(told, *without):
    [line] = told()
    return {name: value for name, value in line.items() if name not in {"timestamp", "stack", *without}}


# --- Others' words -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("say", "expected"),
    [
        (lambda it: it.warning("Worker %s has left", EMAIL), "Worker %s has left"),
        (lambda it: it.warning("%s", EMAIL), "%s"),
        (lambda it: it.warning(f"{EMAIL} is not welcome"), UNTOLD),
        (lambda it: it.warning("Look at " + EMAIL), UNTOLD),
        (lambda it: it.warning(ValueError(EMAIL)), UNTOLD),
        (lambda it: it.warning({"email": EMAIL}), UNTOLD),
    ],
    ids=["literal", "all a value", "f-string", "sum", "exception", "object"],
)
def test_of_others_messages_what_stands_in_the_source_is_told(told, say, expected):
    say(logging.getLogger("somebody"))

    assert one_line(told, "at") == {"event": expected, "level": "warning", "logger": "somebody"}


def test_place_of_others_messages_is_told(told):
    logging.getLogger("somebody").warning("Here")

    assert one_line(told)["at"].startswith("tests/config/test_logs.py:")


def test_extra_members_and_stacks_of_others_are_not_told(told):
    logging.getLogger("somebody").warning("Here", extra={"email": EMAIL}, stack_info=True)

    assert one_line(told, "at") == {"event": "Here", "level": "warning", "logger": "somebody"}


@pytest.mark.parametrize("logger", ["gunicorn.access", "django.server", "django.request"])
def test_lines_with_paths_and_query_strings_are_not_written(told, logger):
    logging.getLogger(logger).warning('"GET /%s" 200', EMAIL)
    if logger == "django.request":
        logging.getLogger(logger).error("%s: %s", "Service Unavailable", EMAIL, extra={"status_code": 503})

    assert told() == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("ask", "error"),
    [
        (lambda client: client.get("/admin/", headers={"Host": f"{EMAIL}.example.com"}), "DisallowedHost"),
        (lambda client: client.get("/api/v3/batches", headers={"Host": "a.example.com"}), "DisallowedHost"),
        (lambda client: client.post("/admin/login/", {str(n): EMAIL for n in range(1_100)}), "TooManyFieldsSent"),
        (
            lambda client: client.post(
                "/admin/login/", b"a=" + b"x" * 3_000_000, content_type="application/x-www-form-urlencoded"
            ),
            "RequestDataTooBig",
        ),
    ],
    ids=["page of another host", "API of another host", "too many fields", "too large"],
)
def test_what_django_refuses_is_a_line_without_a_stack(client, told, settings, ask, error):
    settings.ACCESS_LOG = False

    answer = ask(client)

    assert answer.status_code == 400
    assert one_line(told, "at", "request_id") == {
        "event": "request_refused",
        "level": "warning",
        "logger": f"django.security.{error}",
        "error": f"django.core.exceptions.{error}",
    }


# --- Exceptions ------------------------------------------------------------------------------------------------------


def fail(email):
    raise ValueError(email)


def fail_from(email):
    try:
        fail(email)
    except ValueError as error:
        raise DataError(email) from error


def test_exception_is_class_place_stack_and_causes(told):
    try:
        fail_from(EMAIL)
    except DataError:
        structlog.get_logger("hub.test").exception("it_failed")

    line = one_line(told)
    assert line.pop("place").endswith(" fail_from")
    [cause] = line.pop("causes")
    assert (cause["error"], cause["place"].split()[-1]) == ("builtins.ValueError", "fail")
    assert line == {"error": "django.db.utils.DataError", "event": "it_failed", "level": "error", "logger": "hub.test"}


def test_others_exceptions_are_told_alike(told):
    try:
        fail(EMAIL)
    except ValueError:
        logging.getLogger("somebody").exception("Look: %s", EMAIL)

    line = one_line(told, "at", "place")
    assert line == {"error": "builtins.ValueError", "event": "Look: %s", "level": "error", "logger": "somebody"}


def test_what_was_put_together_by_hand_is_not_told(told):
    structlog.get_logger("hub.test").error("it_failed", exception=f"Traceback … {EMAIL}")

    assert one_line(told) == {"event": "it_failed", "level": "error", "logger": "hub.test"}


def test_suppressed_cause_stays_away():
    try:
        try:
            fail(EMAIL)
        except ValueError:
            raise KeyError(EMAIL) from None
    except KeyError as error:
        told = describe(error)

    assert told.keys() == {"error", "place", "stack"}


def test_long_stack_is_cut_in_the_middle():
    def dig(depth):
        return dig(depth - 1) if depth else fail(EMAIL)

    with pytest.raises(ValueError, match=EMAIL) as caught:
        dig(200)

    stack = describe(caught.value)["stack"]
    assert len(stack) == 61
    assert stack[30] == "… 143 more …"
    assert stack[-1].endswith(" fail")


def test_causes_of_causes_come_to_an_end():
    def dig(depth):
        try:
            fail(EMAIL)
        except ValueError as error:
            if depth:
                dig(depth - 1)
            raise KeyError(EMAIL) from error

    with pytest.raises(KeyError) as caught:
        dig(20)

    assert len(describe(caught.value)["causes"]) <= 5


@pytest.mark.django_db
def test_database_says_which_error_it_was(engine):
    from django.db import connection, transaction  # noqa: PLC0415 only here

    with pytest.raises(Exception, match=r"user") as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO profiles_user (id) VALUES (1)")

    [cause] = describe(caught.value)["causes"]
    assert cause["code"] == {"sqlite": "SQLITE_CONSTRAINT_NOTNULL", "postgres": "23502"}[engine]


# --- What Python would print ------------------------------------------------------------------------------------


@pytest.fixture
def _caught(monkeypatch):
    for module, name in (
        (sys, "excepthook"),
        (sys, "unraisablehook"),
        (threading, "excepthook"),
        (warnings, "showwarning"),
    ):
        monkeypatch.setattr(module, name, getattr(module, name))
    logs.catch_what_python_prints()


@pytest.mark.usefixtures("_caught")
def test_uncaught_exception_is_told(told):
    try:
        fail(EMAIL)
    except ValueError as error:
        sys.excepthook(type(error), error, error.__traceback__)

    line = one_line(told, "place")
    assert line == {"error": "builtins.ValueError", "event": "uncaught", "level": "critical", "logger": "hub"}


@pytest.mark.usefixtures("_caught")
def test_uncaught_exception_of_a_thread_is_told(told):
    thread = threading.Thread(target=fail, args=[EMAIL])
    thread.start()
    thread.join()

    line = one_line(told, "place")
    assert line == {
        "error": "builtins.ValueError",
        "event": "uncaught_in_thread",
        "level": "critical",
        "logger": "hub",
    }


@pytest.mark.usefixtures("_caught")
def test_warning_is_its_class_and_place(told):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning(RuntimeWarning(EMAIL), RuntimeWarning, __file__, 7)

    assert one_line(told) == {
        "at": "tests/config/test_logs.py:7",
        "category": "RuntimeWarning",
        "event": "python_warning",
        "level": "warning",
        "logger": "hub",
    }


def test_people_at_a_terminal_read_lines():
    record = logging.LogRecord("somebody", logging.WARNING, __file__, 7, "Look at %s", (EMAIL,), None)

    line = logs.make_formatter(readable=True).format(record)

    assert "Look at %s" in line
    assert EMAIL not in line


def test_line_that_cannot_be_written_is_not_printed_instead(told, capsys):
    assert told() == []
    [handler] = [handler for handler in logging.getLogger().handlers if handler.get_name() == "hub"]
    handler.stream.close()

    logging.getLogger("somebody").warning("Look at %s", EMAIL)

    assert EMAIL not in capsys.readouterr().err


def test_exception_is_readable_where_people_read(told, monkeypatch):
    [handler] = [handler for handler in logging.getLogger().handlers if handler.get_name() == "hub"]
    monkeypatch.setattr(handler, "formatter", logs.make_formatter(readable=True))

    try:
        raise ValueError(EMAIL)  # noqa: TRY301 the log is to tell of it
    except ValueError as error:
        structlog.get_logger("batches").warning("tried", exc_info=error)

    written = handler.stream.getvalue()
    assert "tried" in written
    assert "error=builtins.ValueError" in written
    assert "\n  tests/config/test_logs.py:" in written
    assert EMAIL not in written

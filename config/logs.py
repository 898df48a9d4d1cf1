"""What the log says, and above all what it does not: no line of it holds a person's data.

Lines of our own hold what we chose: ids, counts, places. Others' lines (Django's, gunicorn's, a driver's) hold values:
paths, headers, SQL. Of those the text is kept where it stands in the source, without what was filled in. An exception
is its class, its place and its stack; its message, the lines of source and the local variables are not told.
"""

import logging
import logging.config
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from profiles.http.requests import route

ROOT: Final = Path(__file__).resolve().parent.parent
UNTOLD: Final = "(not told: it may hold a person's data)"
MOST_FRAMES: Final = 60
MOST_CAUSES: Final = 5

log = structlog.get_logger("hub")


def configure(options: dict[str, Any]) -> None:
    """Set up logging; Django calls this with the setting LOGGING: `level`, and `readable` for people at a terminal."""
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    # A line that cannot be written is lost: Python would print it, with its values, beside a traceback.
    logging.raiseExceptions = bool(options["readable"])
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"hub": {"()": make_formatter, "readable": options["readable"]}},
            "filters": {"only_exceptions": {"()": lambda: _has_exception}},
            "handlers": {"hub": {"class": "logging.StreamHandler", "formatter": "hub"}},
            "root": {"handlers": ["hub"], "level": options["level"]},
            "loggers": {
                # Named here they lose handlers of their own, and everything is said once.
                "django": {"level": "NOTSET"},
                "gunicorn.error": {"propagate": True},
                # One line for a request is enough (hub.requests), and these have its path and query string.
                "django.request": {"level": "ERROR", "filters": ["only_exceptions"]},
                "django.server": {"level": "ERROR", "propagate": True},
                "gunicorn.access": {"level": "CRITICAL", "propagate": False},
                "axes": {"level": "WARNING"},
                # Asked for by name, whatever the level of the rest.
                "hub.requests": {"level": "INFO"},
            },
        }
    )


def _has_exception(record: logging.LogRecord) -> bool:
    """Whether an exception was behind it: that we are busy is an answer like any other."""
    return record.exc_info is not None


def make_formatter(*, readable: bool) -> logging.Formatter:
    """Return what makes a line of a record: JSON, or for people."""
    written: list[Processor] = (
        [stack_in_lines, structlog.dev.ConsoleRenderer(colors=False)]
        if readable
        else [structlog.processors.JSONRenderer()]
    )
    return structlog.stdlib.ProcessorFormatter(
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *written],
        foreign_pre_chain=[as_in_the_source, *_SHARED, refusals_in_a_line],
        use_get_message=False,  # others' values are not even filled in
    )


def stack_in_lines(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Write a stack as people read it: a place a line."""
    if isinstance(event.get("stack"), list):
        event["stack"] = "\n".join(f"  {place}" for place in event["stack"])
    return event


# --- Others' words ---------------------------------------------------------------------------------------------------


def as_in_the_source(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Keep of somebody else's message what stands in the source, and say where it was logged."""
    record: logging.LogRecord = event["_record"]
    if not _stands_in_source(event["event"]):
        event["event"] = UNTOLD
    event["at"] = f"{_shown_path(record.pathname)}:{record.lineno}"
    if record.name == "django.request":  # its message is "%s: %s", of which nothing is left
        event["event"] = "request_failed"
        event["status"] = getattr(record, "status_code", None)
        if (request := getattr(record, "request", None)) is not None:
            event["route"] = route(request)
    return event


def refusals_in_a_line(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Tell of what Django refuses as somebody else's mistake: a scanner would fill the log with stacks of it."""
    record: logging.LogRecord = event["_record"]
    if record.name.startswith("django.security.") and record.exc_info:
        for name in ("place", "stack", "causes"):
            event.pop(name, None)
        event.update(event="request_refused", level="warning")
    return event


def _stands_in_source(text: object) -> bool:
    """Whether the text is a constant of a function that is running: written by a programmer, holding nobody's data."""
    return any(text in frame.f_code.co_consts for frame in _running())


def _running() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe()  # noqa: SLF001 the only way to them
    while frame is not None:
        yield frame
        frame = frame.f_back


# --- Exceptions ------------------------------------------------------------------------------------------------------


def without_values(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Put class, place and stack in the place of an exception; what a caller has put together is not told."""
    told = event.pop("exc_info", None)
    event.pop("stack_info", None)
    event.pop("exception", None)
    if told is True:
        told = sys.exc_info()
    if isinstance(told, tuple):
        told = told[1]
    if isinstance(told, BaseException):
        event.update(describe(told))
    return event


def describe(error: BaseException) -> dict[str, object]:
    """Return an exception as the log tells it."""
    causes: list[dict[str, object]] = []
    cause = _cause(error)
    while cause is not None and len(causes) < MOST_CAUSES:
        causes.append(_told(cause))
        cause = _cause(cause)
    told = _told(error)
    return {**told, "causes": causes} if causes else told


def _cause(error: BaseException) -> BaseException | None:
    return error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _told(error: BaseException) -> dict[str, object]:
    stack = _stack(error.__traceback__)
    told: dict[str, object] = {"error": f"{type(error).__module__}.{type(error).__qualname__}"}
    # What the database calls it: a word of its manual.
    code = getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None)
    if code is not None:
        told["code"] = code
    if stack:
        told["place"] = stack[-1]
        told["stack"] = stack
    return told


def _stack(traceback: TracebackType | None) -> list[str]:
    """Return the way down to where it was raised, its beginning and end if it is long."""
    frames = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        frames.append(f"{_shown_path(code.co_filename)}:{traceback.tb_lineno} {code.co_name}")
        traceback = traceback.tb_next
    if len(frames) <= MOST_FRAMES:
        return frames
    half = MOST_FRAMES // 2
    return [*frames[:half], f"… {len(frames) - 2 * half} more …", *frames[-half:]]


def _shown_path(filename: str) -> str:
    """Return a file as it is called in its repository or package."""
    _, installed, below = filename.rpartition("site-packages/")
    return below if installed else filename.removeprefix(f"{ROOT}/")


_SHARED: Final[list[Any]] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso"),
    without_values,
]


# --- What Python prints by itself ------------------------------------------------------------------------------------


def catch_what_python_prints() -> None:
    """Have the log tell of what nobody caught, and of warnings: Python would print their messages.

    For the processes of a hub in production: what starts one calls it.
    """
    sys.excepthook = _tell_uncaught
    threading.excepthook = lambda caught: _tell("uncaught_in_thread", caught.exc_value)
    sys.unraisablehook = lambda caught: _tell("uncaught_while_clearing_up", caught.exc_value)
    warnings.showwarning = _tell_warning


def _tell_uncaught(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if isinstance(error, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
    else:
        _tell("uncaught", error)


def _tell(event: str, error: BaseException | None) -> None:
    if not isinstance(error, SystemExit):
        log.critical(event, exc_info=error)


def _tell_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    log.warning("python_warning", category=category.__name__, at=f"{_shown_path(filename)}:{lineno}")

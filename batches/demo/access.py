"""The login and the token that all demos of one folder share, and whose turn it is to set a hub up.

The hub keeps digests only. So that a later demo can show what an earlier one showed, instead of taking it away from
whoever uses it, both are kept in a file that only its owner may read.
"""

import contextlib
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Final

from django.conf import settings
from rest_framework.exceptions import AuthenticationFailed

from batches.filelocks import wait_for_lock
from profiles.http.authentication import BearerAuthentication
from profiles.models import ApiToken, User

FOLDER: Final = Path(settings.BASE_DIR) / ".run"
SECONDS_BETWEEN_LOOKS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Access:
    """What opens the desk and the API of a demo's hub."""

    username: str
    password: str
    token: str


@contextlib.contextmanager
def one_at_a_time(*, stop: threading.Event, on_wait: Callable[[], object]) -> Iterator[None]:
    """Keep other demos of this folder waiting while the block runs, and wait for the one there is until `stop`."""
    with contextlib.ExitStack() as stack:
        try:
            FOLDER.mkdir(exist_ok=True)
            lock = stack.enter_context((FOLDER / "demo.lock").open("w"))
        except OSError:  # whoever may not write here has nobody to wait for
            yield
            return
        wait_for_lock(lock, stop=stop, seconds=SECONDS_BETWEEN_LOOKS, on_wait=on_wait)
        yield


def open_access() -> Access:
    """Return the login and the token of this folder's demos, made where they are missing or not this hub's."""
    kept = _read()
    password = kept.password if kept else secrets.token_urlsafe(9)
    names = (f"demo-{number}" if number > 1 else "demo" for number in count(1))
    user = next(user for name in names if (user := _login(name, password)) is not None)
    access = Access(user.username, password, kept.token if kept and _is_valid(kept.token) else _new_token())
    if access != kept:
        _write(access)
    return access


def _login(name: str, password: str) -> User | None:
    """Return the member of staff of that name, made if missing; nothing where the password is another."""
    user = User.objects.filter(username=name).first()
    if user is None:
        return User.objects.create_superuser(name, password=password, first_name="Demo")
    return user if user.is_active and user.is_superuser and user.check_password(password) else None


def _is_valid(token: str) -> bool:
    try:
        BearerAuthentication().authenticate_credentials(token.encode())
    except AuthenticationFailed:
        return False
    return True


def _new_token() -> str:
    user = User.objects.filter(username="demo-systems").first() or User.objects.create_user("demo-systems")
    _, token = ApiToken.objects.create(user=user, label="demo", scopes=["*"])
    return str(token)


def _read() -> Access | None:
    try:
        access = Access(**json.loads((FOLDER / "demo.json").read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
    return access if all(isinstance(part, str) and part for part in asdict(access).values()) else None


def _write(access: Access) -> None:
    with contextlib.suppress(OSError):  # then the next demo makes a login of its own
        new = FOLDER / "demo.json.new"
        new.unlink(missing_ok=True)
        new.touch(0o600, exist_ok=False)
        new.write_text(json.dumps(asdict(access)))
        new.replace(FOLDER / "demo.json")

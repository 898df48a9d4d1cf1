"""A line between worker and PostgreSQL that can be cut and held up."""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

_AT_ONCE = struct.pack("ii", 1, 0)  # closing does not say good-bye


class Line:
    """Passes bytes on between a port of this machine and a server's socket."""

    def __init__(self, server: str) -> None:
        self.server = server
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.passing = threading.Event()
        self.passing.set()
        self.ends: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> int:
        """End every connection where it stands; return how many ends there were. New ones are let through."""
        ends, self.ends = self.ends, []
        for end in ends:
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self.passing.set()
        return len(ends)

    def hold(self) -> None:
        """Keep back whatever is said, until `let_pass` or `cut`."""
        self.passing.clear()

    def let_pass(self) -> None:
        """Deliver what was kept back."""
        self.passing.set()

    def close(self) -> None:
        """Be no more."""
        self.listener.close()
        self.cut()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                worker, _ = self.listener.accept()
                database = socket.socket(socket.AF_UNIX)
                try:
                    database.connect(self.server)
                except OSError:  # the server is away
                    worker.close()
                    database.close()
                    continue
                self.ends += [worker, database]
                for source, sink in ((worker, database), (database, worker)):
                    threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while content := source.recv(65_536):
                self.passing.wait()
                sink.sendall(content)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def line_to(url: str) -> Iterator[tuple[Line, str]]:
    """Give a line to the database, and the address at its near end."""
    parts = urlsplit(url)
    folder = parse_qs(parts.query)["host"][0]
    line = Line(str(Path(folder) / ".s.PGSQL.5432"))
    try:
        yield line, parts._replace(netloc=f"hub@127.0.0.1:{line.port}", query="").geturl()
    finally:
        line.close()

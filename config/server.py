"""How gunicorn runs the hub's web processes: `gunicorn --config config/server.py --bind …`."""

from typing import Final

wsgi_app: Final = "config.wsgi"
worker_class: Final = "profiles.http.serving.PatientWorker"
# Requests at work in one process; those that only come in or go out hold no thread.
threads: Final = 4
# Connections of one process; what is beyond waits, or takes the place of who has waited longest. Each is a file.
worker_connections: Final = 400
keepalive: Final = 5
# Seconds of silence after which the process is taken for hung, and replaced.
timeout: Final = 30
graceful_timeout: Final = 30
limit_request_line: Final = 8190
limit_request_fields: Final = 100
# Whom to believe about the client is said by TRUST_PROXY alone, and asked in one place.
forwarded_allow_ips: Final = ""
forwarder_headers: Final = ""
secure_scheme_headers: Final[dict[str, str]] = {}
# One reading of a head, whatever else is installed.
http_parser: Final = "python"
loglevel: Final = "warning"

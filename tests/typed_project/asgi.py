"""The same for ASGI."""

from pathlib import Path

from downtime import guard

application = guard.asgi(flag_file=[Path(__file__).parent / "downtime.flag"])

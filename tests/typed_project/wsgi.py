"""The application, behind the guard."""

from pathlib import Path

from downtime import guard

BASE = Path(__file__).parent

application = guard.wsgi(flag_file=BASE / "downtime.flag", schedule_file=BASE / "downtime.yml", time_zone="UTC")

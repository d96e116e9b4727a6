import os
from pathlib import Path

from downtime import guard

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sample_site.settings")

# The same as in the settings, which may be what is broken.
BASE_DIR = Path(__file__).resolve().parent.parent

application = guard.asgi(
    flag_file=BASE_DIR / "downtime.flag",
    schedule_file=BASE_DIR / "downtime.yml",
    time_zone="Europe/Berlin",
)

import os
from pathlib import Path

from downtime import guard

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sample_site.settings")

# As in the settings, which can't be asked for if they are what is broken.
BASE_DIR = Path(__file__).resolve().parent.parent

application = guard.asgi(
    flag_file=BASE_DIR / "downtime.flag",
    schedule_file=BASE_DIR / "downtime.yml",
    time_zone="Europe/Berlin",
)

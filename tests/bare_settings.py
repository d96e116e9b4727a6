"""A site that has the app and nothing else, and no database."""

from pathlib import Path
from typing import Any

BASE_DIR = Path(__file__).parent
SECRET_KEY = "only for tests"
ALLOWED_HOSTS = ["*"]
USE_TZ = True
TIME_ZONE = "Europe/Berlin"
DATABASES: dict[str, Any] = {}
INSTALLED_APPS = ["downtime"]
MIDDLEWARE = ["downtime.middleware.DowntimeMiddleware"]
ROOT_URLCONF = "tests.urls"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
# Each request looks at the files itself, so that no test has to wait for a change to be seen.
DOWNTIME_RECHECK = 0
DOWNTIME_WATCH = "none"

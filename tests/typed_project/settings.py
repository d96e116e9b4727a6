"""Settings of every kind."""

from datetime import timedelta
from pathlib import Path

BASE_DIR = Path(__file__).parent
SECRET_KEY = "only for tests"
ALLOWED_HOSTS = ["*"]
USE_TZ = True
INSTALLED_APPS = ["downtime"]
MIDDLEWARE = ["downtime.middleware.DowntimeMiddleware"]
ROOT_URLCONF = "tests.typed_project.urls"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DOWNTIME_FLAG_FILE: list[Path] = []
DOWNTIME_SCHEDULE_FILE = BASE_DIR / "downtime.yml"
DOWNTIME_EXEMPT_IF = ["tests.typed_project.views.is_tester"]
DOWNTIME_VIEW = "tests.typed_project.views.sorry"
DOWNTIME_RETRY_AFTER = timedelta(minutes=10).seconds
DOWNTIME_WATCH = "none"

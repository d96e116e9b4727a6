"""A tiny site whose files and database are named by environment variables."""

import json
import os

SECRET_KEY = "only-for-tests"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "tests.support.site.urls"
WSGI_APPLICATION = "tests.support.site.wsgi.application"
# Without the app, for a test that compares.
APPS = os.environ["SITE_APP"].split()
INSTALLED_APPS = [*APPS, "tests.support.site.slow"]
MIDDLEWARE = [
    "tests.support.site.middleware.WorkerMiddleware",
    *(f"{app}.middleware.DowntimeMiddleware" for app in APPS),
]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DATABASES = {
    "default": {
        "ENGINE": "tests.support.site.database",
        "NAME": os.environ["SITE_DATABASE"],
    }
}
USE_TZ = True
TIME_ZONE = "UTC"

DOWNTIME_SCHEDULE_FILE = os.environ["SITE_SCHEDULE"]
DOWNTIME_FLAG_FILE = os.environ["SITE_FLAG"]
DOWNTIME_RECHECK = float(os.environ["SITE_RECHECK"])

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"worker": {"format": "[%(process)d] %(name)s: %(message)s"}},
    "handlers": {"log": {"class": "logging.StreamHandler", "formatter": "worker"}},
    "root": {"handlers": ["log"], "level": "INFO"},
}

# Other settings of a test.
globals().update(json.loads(os.environ.get("SITE_SETTINGS", "{}")))

"""That site, with the apps that the admin needs. Its own tests bring in the rest, and alone may ask the database."""

from tests.bare_settings import *  # noqa: F403

DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "downtime",
]
STATIC_URL = "static/"

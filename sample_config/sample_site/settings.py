"""A site that only goes down and comes back. Only its admin uses a database, to know who has logged in."""

import sys
from pathlib import Path

# The app looks here for the schedule, downtime.yml, and the flag, downtime.flag.
BASE_DIR = Path(__file__).resolve().parent.parent

# The sample shows the app of this checkout. A site of your own just installs it.
sys.path.insert(0, str(BASE_DIR.parent))

SECRET_KEY = "demo-only-not-a-secret-never-use-this-on-a-real-site"
DEBUG = True
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "downtime",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    # Above everything that opens a session, a user or a database.
    "downtime.middleware.DowntimeMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "sample_site.urls"
WSGI_APPLICATION = "sample_site.wsgi.application"
ASGI_APPLICATION = "sample_site.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# Not in the folder of the schedule and the flag: each transaction would wake the watch.
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": BASE_DIR / "sample_site" / "demo.sqlite3",
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en"
TIME_ZONE = "Europe/Berlin"
USE_TZ = True

STATIC_URL = "static/"

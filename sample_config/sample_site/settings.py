"""A site that does nothing but go down and come back. It needs no database."""

import sys
from pathlib import Path

# The schedule, downtime.yml, and the flag, downtime.flag, are looked for here.
BASE_DIR = Path(__file__).resolve().parent.parent

# The sample shows the app of this checkout. A site of your own just installs it.
sys.path.insert(0, str(BASE_DIR.parent))

SECRET_KEY = "demo-only-not-a-secret-never-use-this-on-a-real-site"
DEBUG = True
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

INSTALLED_APPS = [
    "django.contrib.staticfiles",
    "downtime",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    # Above all that opens a session, a user or a database.
    "downtime.middleware.DowntimeMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
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
    },
]

DATABASES = {}

LANGUAGE_CODE = "en"
TIME_ZONE = "Europe/Berlin"
USE_TZ = True

STATIC_URL = "static/"

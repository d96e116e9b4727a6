"""Staff users pass, by sessions and users above the middleware, for as long as the database answers."""

import os
import subprocess
import sys

import pytest

from tests.support.programs import ROOT

SITE = """
import asyncio, logging, os, sqlite3, sys
import django
from django.conf import settings

settings.configure(
    SECRET_KEY="only for tests",
    ALLOWED_HOSTS=["*"],
    BASE_DIR=os.getcwd(),
    USE_TZ=True,
    DATABASES={"default": {
        "ENGINE": "django.db.backends.sqlite3", "NAME": "site.sqlite3", "OPTIONS": {"timeout": 0.1},
    }},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions", "downtime"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "downtime.middleware.DowntimeMiddleware",
    ],
    ROOT_URLCONF="tests.urls",
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    DOWNTIME_EXEMPT_IF=["downtime.exemptions.is_staff"],
    DOWNTIME_RECHECK=0,
    DOWNTIME_WATCH="none",
)
django.setup()

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import AsyncClient, Client

call_command("migrate", verbosity=0)
users = {
    "staff": User.objects.create_user("staff", is_staff=True),
    "inactive": User.objects.create_user("inactive", is_staff=True, is_active=False),
    "visitor": User.objects.create_user("visitor"),
}
client, asynchronous = Client(), AsyncClient()


def ask(when):
    for answer in client.get("/"), asyncio.run(asynchronous.get("/")):
        when += f" {answer.status_code}" + " private" * ("private" in answer.get("Cache-Control", ""))
    print(when)


open("downtime.flag", "w").close()
ask("anonymous")
for name, user in users.items():
    if user.is_active:
        client.force_login(user)
        asynchronous.force_login(user)
        ask(name)
client.force_login(users["staff"])
asynchronous.force_login(users["staff"])
connection.close()
locked = sqlite3.connect("site.sqlite3")
locked.execute("BEGIN EXCLUSIVE")
ask("locked")
locked.rollback()
ask("unlocked")
locked.execute("ALTER TABLE auth_user RENAME TO gone")
locked.commit()
ask("migrating")
locked.execute("DROP TABLE django_session")
locked.commit()
ask("no-sessions")
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the site said, sync and async, by situation."""
    ran = subprocess.run(
        [sys.executable, "-c", SITE],
        cwd=tmp_path_factory.mktemp("staff"),
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "default"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    assert "Traceback" not in ran.stderr
    return dict(line.split(" ", 1) for line in ran.stdout.splitlines())


@pytest.mark.parametrize(
    ("situation", "said"),
    [
        ("anonymous", "503 private 503 private"),
        ("staff", "200 private 200 private"),
        ("visitor", "503 private 503 private"),
        ("locked", "503 private 503 private"),
        ("unlocked", "200 private 200 private"),
        ("migrating", "503 private 503 private"),
        ("no-sessions", "503 private 503 private"),
    ],
)
def test_staff_pass_while_the_database_answers_and_nobody_else_ever(
    answers: dict[str, str], situation: str, said: str
) -> None:
    assert answers[situation] == said

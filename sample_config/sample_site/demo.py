"""Makes the admin's database before the site runs, with a user who may look at the admin."""

import os

import django
from django.core.management import call_command

USER = PASSWORD = "demo"


def prepare() -> None:
    """Makes what is missing, but not in the process that `runserver` restarts at each change of the code."""
    if os.environ.get("RUN_MAIN") == "true":
        return
    django.setup()
    from django.contrib.auth.models import User

    call_command("migrate", verbosity=0)
    if not User.objects.filter(username=USER).exists():
        User.objects.create_user(USER, password=PASSWORD, is_staff=True)

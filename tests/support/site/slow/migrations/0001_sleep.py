"""A migration that stays inside its transaction until a file appears."""

import os
import time
from pathlib import Path

from django.db import migrations, models

GIVES_UP_AFTER = 60.0


def sleep(apps: object, schema_editor: object) -> None:
    """Says that the transaction is open, then waits for the signal to go on."""
    Path(os.environ["SITE_MIGRATING"]).touch()
    deadline = time.monotonic() + GIVES_UP_AFTER
    while not Path(os.environ["SITE_MIGRATE_ON"]).exists():
        if time.monotonic() > deadline:
            raise TimeoutError("Nobody let the migration go on.")
        time.sleep(0.02)


class Migration(migrations.Migration):
    operations = [
        migrations.CreateModel("Thing", [("id", models.BigAutoField(primary_key=True))]),
        migrations.RunPython(sleep),
    ]

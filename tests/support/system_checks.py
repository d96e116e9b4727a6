"""What `manage.py check --tag downtime` reports, in this process."""

from django.core.checks import CheckMessage, run_checks


def found() -> list[CheckMessage]:
    """The messages of the checks."""
    return run_checks(tags=["downtime"])


def ids() -> list[str]:
    """The ids of the messages, without the name of the app."""
    return [str(message.id).removeprefix("downtime.") for message in found()]

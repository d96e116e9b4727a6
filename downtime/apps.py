"""The app's configuration, which registers the system checks."""

from django.apps import AppConfig
from django.core import checks
from django.utils.translation import pgettext_lazy

from downtime.checks.system_checks import check_files, check_middleware, check_settings


class DowntimeConfig(AppConfig):
    """The app `downtime`, without a model."""

    name = "downtime"
    verbose_name = pgettext_lazy("downtime", "Downtime")

    def ready(self) -> None:
        """Registers the system checks, and does nothing else."""
        for check in (check_settings, check_middleware, check_files):
            checks.register(check, "downtime")

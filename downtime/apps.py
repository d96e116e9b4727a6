"""Registers the checks, and nothing else."""

from django.apps import AppConfig
from django.core import checks
from django.utils.translation import pgettext_lazy

from downtime.checks import check_files, check_middleware, check_settings


class DowntimeConfig(AppConfig):
    name = "downtime"
    verbose_name = pgettext_lazy("downtime", "Downtime")

    def ready(self) -> None:
        for check in (check_settings, check_middleware, check_files):
            checks.register(check, "downtime")

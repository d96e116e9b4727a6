from django.apps import apps
from django.core.checks.registry import registry

from downtime.checks import system_checks


def test_the_app_registers_its_checks_and_keeps_no_table() -> None:
    config = apps.get_app_config("downtime")
    assert list(config.get_models()) == []
    registered = {check for check in registry.get_checks() if "downtime" in getattr(check, "tags", ())}
    assert registered == {system_checks.check_settings, system_checks.check_middleware, system_checks.check_files}

"""The test suites of others that the middleware must not change."""

from __future__ import annotations

from dataclasses import dataclass

# Those of Django's tests that send requests, or look closely at what becomes of one.
_DJANGO = """
    admin_changelist admin_custom_urls admin_docs admin_filters admin_inlines admin_ordering admin_views async asgi
    auth_tests builtin_server cache check_framework conditional_processing contenttypes_tests context_processors
    csrf_tests decorators deprecation file_uploads flatpages_tests generic_inline_admin generic_views handlers i18n
    logging_tests messages_tests middleware middleware_exceptions redirects_tests requests_tests resolve_url responses
    servers sessions_tests settings_tests shortcuts signals sitemaps_tests sites_tests staticfiles_tests
    syndication_tests template_tests test_client test_client_regress test_utils urlpatterns urlpatterns_reverse
    user_commands view_tests wsgi
"""


@dataclass(frozen=True, slots=True)
class Suite:
    """The tests in a source distribution: the command that runs them in a folder of it, and what else they need."""

    requirement: str
    command: str
    needs: str
    folder: str = "."
    extras: str = ""


SUITES = {
    "django": Suite(
        "django>=5.2",
        f"runtests.py --parallel=1 {_DJANGO}",
        "aiosmtpd argon2-cffi bcrypt docutils jinja2 Pillow selenium tblib",
        folder="tests",
    ),
    "rest_framework": Suite(
        "djangorestframework",
        "pytest",
        "pytest==9.* pytest-django dj-database-url importlib-metadata django-filter django-guardian inflection "
        "markdown psycopg[binary] pygments requests uritemplate",
    ),
    "allauth": Suite(
        "django-allauth",
        "pytest tests allauth",
        "pytest pytest-asyncio==1.3.0 pytest-django django-ninja djangorestframework Pillow pyyaml psycopg[binary]",
        extras="[headless,socialaccount,mfa,idp-oidc,openid,steam,saml]",
    ),
}

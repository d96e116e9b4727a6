"""The same site, with the default language at the paths without a prefix."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import re_path

from tests.urls import echo

urlpatterns = i18n_patterns(re_path("", echo), prefix_default_language=False)

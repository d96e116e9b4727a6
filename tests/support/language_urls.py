"""A site with a page in each language, below /de/ and so on."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import re_path

from tests.urls import echo

urlpatterns = i18n_patterns(re_path("", echo))

"""The same page, and Django's admin with its static files."""

from django.contrib import admin
from django.contrib.staticfiles.views import serve
from django.urls import path

from tests.support.site import urls

urlpatterns = [
    path("admin/", admin.site.urls),
    path("static/<path:path>", serve, {"insecure": True}),
    *urls.urlpatterns,
]

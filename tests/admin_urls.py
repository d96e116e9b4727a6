from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import path, re_path

from downtime.admin import Period, PeriodAdmin
from tests.urls import echo


class Office(admin.AdminSite):
    """An admin of its own, for whoever is logged in."""

    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active


class ForSuperusers(PeriodAdmin):
    """A page of its own, for fewer."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser


office, closed = Office(name="office"), admin.AdminSite(name="closed")
office.register(Period, PeriodAdmin)
closed.register(Period, ForSuperusers)

urlpatterns = [
    path("admin/", admin.site.urls),
    path("office/", office.urls),
    path("closed/", closed.urls),
    re_path("", echo),
]

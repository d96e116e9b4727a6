"""The read-only admin page of periods, over a stand-in model without a table in the database."""

from __future__ import annotations

import logging
from copy import copy
from typing import TYPE_CHECKING, Any, NoReturn

from django.apps import apps
from django.apps.registry import Apps
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import Error, models
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.utils.translation import pgettext_lazy

from downtime.admin_page.changelist import PeriodList, StateFilter
from downtime.admin_page.columns import COLUMNS
from downtime.admin_page.status_panel import Panel

logger = logging.getLogger(__name__)

# A registry of its own, as in Django's MigrationRecorder: migrations, dumps, checks and content types never see the
# model. It knows the app, which the breadcrumbs need.
_app = apps.get_app_config("downtime")
_registry = Apps()
_registry.app_configs[_app.label] = _app


class Period(models.Model):  # noqa: DJ008 (nothing ever names a row)
    """The stand-in model: a row of the page's table, whose fields hold the HTML of its cells."""

    rank = models.IntegerField(primary_key=True)
    name = models.TextField(pgettext_lazy("downtime", "name"))
    state = models.TextField(pgettext_lazy("downtime", "state"))
    start = models.TextField(pgettext_lazy("downtime", "start"))
    end = models.TextField(pgettext_lazy("downtime", "end"))
    length = models.TextField(pgettext_lazy("downtime", "how long"))
    repeats = models.TextField(pgettext_lazy("downtime", "repeats"))
    covers = models.TextField(pgettext_lazy("downtime", "covers"))
    message = models.TextField(pgettext_lazy("downtime", "message"))
    command = models.TextField(pgettext_lazy("downtime", "command"))

    class Meta:
        app_label = _app.label
        apps = _registry
        managed = False
        default_permissions = ()
        verbose_name = pgettext_lazy("downtime", "period")
        verbose_name_plural = pgettext_lazy("downtime", "periods")


if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Period]
else:
    _ModelAdmin = admin.ModelAdmin


@admin.register(Period)
class PeriodAdmin(_ModelAdmin):
    """Shows what is down and what is coming to everybody who may enter the admin; changes nothing.

    To use it in an AdminSite of your own: `site.register(Period, PeriodAdmin)`."""

    list_display = COLUMNS
    list_display_links = None
    list_filter = (StateFilter,)
    list_per_page = 100
    ordering = ("state", "start")
    search_fields = ("name", "message")  # turns the search on; PeriodList searches all texts of a period
    show_facets = admin.ShowFacets.NEVER
    sortable_by = COLUMNS[:-1]
    actions = None

    class Media:
        css = {"all": ["downtime/admin.css"]}
        js = ["downtime/admin.js"]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user may enter the admin: the model has no permissions of its own."""
        return self.admin_site.has_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """The same as for viewing."""
        return self.has_view_permission(request)

    def _nobody_has(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_add_permission = has_change_permission = has_delete_permission = _nobody_has

    def get_urls(self) -> list[URLPattern]:
        """The admin's own, and `state/`."""
        state = self.admin_site.admin_view(self.state_view)
        return [path("state/", state, name="downtime_period_state"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Period]:
        """An empty query, which is never sent."""
        query: models.QuerySet[Period] = models.QuerySet(self.model).none()
        return query

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[PeriodList]:
        """PeriodList, which takes its rows from memory."""
        return PeriodList

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The page; without the sidebar of other apps if the database can't tell the user's permissions."""
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        context = {"title": _app.verbose_name, **(extra_context or {})}
        try:
            return super().changelist_view(request, context)
        except Error as error:
            logger.warning("the page of periods is shown without the list of the other apps: %s", error)
            site = copy(self.admin_site)
            site.enable_nav_sidebar = False
            site.get_app_list = lambda *args, **kwargs: []  # type: ignore[method-assign]
            return super(PeriodAdmin, type(self)(self.model, site)).changelist_view(request, context)

    def state_view(self, request: HttpRequest) -> JsonResponse:
        """The state of the site as JSON; the open page polls it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        panel = Panel()
        return JsonResponse({"state": panel.site_status.state, "status": panel.status})

    def _refuse(self, request: HttpRequest, *args: Any, **kwargs: Any) -> NoReturn:
        raise PermissionDenied

    changeform_view = delete_view = history_view = _refuse

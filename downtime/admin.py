"""The read-only page of the admin, over a stand-in for a model that no database knows of."""

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

# Of its own, so that migrations, dumps, checks and content types never meet the model; as Django's own
# MigrationRecorder does it. It knows the app, for the breadcrumbs.
_app = apps.get_app_config("downtime")
_registry = Apps()
_registry.app_configs[_app.label] = _app


class Period(models.Model):  # noqa: DJ008 (nothing ever names a row)
    """A row of the table; the fields are its columns, and hold HTML."""

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
    """Shows whoever may enter the admin what is down and what is coming; changes nothing.

    For an AdminSite of your own: `site.register(Period, PeriodAdmin)`."""

    list_display = COLUMNS
    list_display_links = None
    list_filter = (StateFilter,)
    list_per_page = 100
    ordering = ("state", "start")
    search_fields = ("name", "message")  # so that there is a search; PeriodList does it, in all texts of a period
    show_facets = admin.ShowFacets.NEVER
    sortable_by = COLUMNS[:-1]
    actions = None

    class Media:
        css = {"all": ["downtime/admin.css"]}
        js = ["downtime/admin.js"]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """For all who may enter: there are no permission rows."""
        return self.admin_site.has_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        state = self.admin_site.admin_view(self.state_view)
        return [path("state/", state, name="downtime_period_state"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Period]:
        """A query that is never sent."""
        query: models.QuerySet[Period] = models.QuerySet(self.model).none()
        return query

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[PeriodList]:
        return PeriodList

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The page; where tables of permissions are gone, without the sidebar that needs them."""
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        context = {"title": _app.verbose_name, **(extra_context or {})}
        try:
            return super().changelist_view(request, context)
        except Error as error:
            logger.warning("the page of periods is shown without the list of the other apps: %s", error)
            alone = copy(self.admin_site)
            alone.enable_nav_sidebar = False
            alone.get_app_list = lambda *args, **kwargs: []  # type: ignore[method-assign]
            return super(PeriodAdmin, type(self)(self.model, alone)).changelist_view(request, context)

    def state_view(self, request: HttpRequest) -> JsonResponse:
        """The state of the site, as the page asks for it again and again."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        panel = Panel()
        return JsonResponse({"state": panel.site_status.state, "status": panel.status})

    def _refuse(self, request: HttpRequest, *args: Any, **kwargs: Any) -> NoReturn:
        raise PermissionDenied

    changeform_view = delete_view = history_view = _refuse

"""The read-only admin page of periods, over a stand-in model without a table in the database."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from copy import copy
from typing import TYPE_CHECKING, Any, NoReturn

from django.apps import apps
from django.apps.registry import Apps
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import Error, models
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext, pgettext_lazy

from downtime.admin_page.changelist import PeriodList, StateFilter
from downtime.admin_page.columns import COLUMNS
from downtime.admin_page.preview import PreviewForm, page_language, preview, window_of
from downtime.admin_page.simulator import VisitForm, simulate
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
    when = models.TextField(pgettext_lazy("downtime", "when"))
    covers = models.TextField(pgettext_lazy("downtime", "covers"))
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
    ordering = ("state", "when")
    search_fields = ("name",)  # turns the search on; PeriodList searches all texts of a period
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
        """The admin's own URLs, and `state/`, `visit/` and `preview/`."""
        views = {"state": self.state_view, "visit": self.visit_view, "preview": self.preview_view}
        own = [
            path(f"{name}/", self.admin_site.admin_view(view), name=f"downtime_period_{name}")
            for name, view in views.items()
        ]
        return [*own, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Period]:
        """An empty query, which is never sent."""
        query: models.QuerySet[Period] = models.QuerySet(self.model).none()
        return query

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[PeriodList]:
        """PeriodList, which takes its rows from memory."""
        return PeriodList

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The page; without the sidebar of other apps if the database can't be asked for the user's permissions."""
        self._check(request)
        context = {"title": _app.verbose_name, **(extra_context or {})}
        # In the lambda, `super()` is bound to `owner`.
        return self._despite_database(lambda owner: super().changelist_view(request, context))

    def state_view(self, request: HttpRequest) -> JsonResponse:
        """The state of the site as JSON; the open page polls it."""
        self._check(request)
        panel = Panel()
        return JsonResponse({"state": panel.site_status.state, "status": panel.status, "version": panel.version})

    def visit_view(self, request: HttpRequest) -> HttpResponse:
        """What a visitor would get at a moment, for a path and a method."""
        self._check(request)
        panel, form = Panel(), VisitForm(request.GET if "path" in request.GET else None, initial={"path": "/"})
        context = {
            "title": gettext("What would a visitor get?"),
            "opts": self.opts,
            "form": form,
            "outcome": simulate(panel, form.cleaned_data) if form.is_valid() else None,
            "preview_form": PreviewForm(panel.overview, initial={"language": page_language("")}),
        }
        template = "admin/downtime/period/visit.html"
        return self._despite_database(
            lambda owner: TemplateResponse(request, template, {**owner.admin_site.each_context(request), **context})
        )

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """The down page of a period, in a language."""
        self._check(request)
        rank = request.GET.get("period", "")
        window = window_of(Panel().overview, int(rank)) if re.fullmatch(r"-?[0-9]{1,9}", rank) else None
        if window is None:
            raise Http404(f"there is no period {rank!r}")
        return preview(window, page_language(request.GET.get("language", "")))

    def _check(self, request: HttpRequest) -> None:
        """Refuses users who may not see the periods, and requests that do more than read."""
        if request.method not in ("GET", "HEAD") or not self.has_view_permission(request):
            raise PermissionDenied

    def _despite_database(self, show: Callable[[PeriodAdmin], HttpResponse]) -> HttpResponse:
        try:
            return show(self)
        except Error as error:
            logger.warning("the page of periods is shown without the list of the other apps: %s", error)
            site = copy(self.admin_site)
            site.enable_nav_sidebar = False
            site.get_app_list = lambda *args, **kwargs: []  # type: ignore[method-assign]
            return show(type(self)(self.model, site))

    def _refuse(self, request: HttpRequest, *args: Any, **kwargs: Any) -> NoReturn:
        raise PermissionDenied

    changeform_view = delete_view = history_view = _refuse

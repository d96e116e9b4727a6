"""Django's change list, over the periods that this process has in memory instead of over a table."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import InvalidPage
from django.http import HttpRequest
from django.utils.text import smart_split, unescape_string_literal
from django.utils.translation import pgettext_lazy

from downtime.admin_page import rows, wording
from downtime.admin_page.columns import cells
from downtime.admin_page.rows import Row
from downtime.admin_page.status_panel import Panel
from downtime.admin_page.timeline import VIEWS
from downtime.admin_page.timeline_svg import Drawing

VIEW = "timeline"
"""The parameter that names the view of the picture."""

_DEFAULT_VIEW = "week"


class StateFilter(SimpleListFilter):
    """By the state of a period."""

    title = pgettext_lazy("downtime", "state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(wording.PERIOD_STATES.items())

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """PeriodList filters its rows by the value."""
        return queryset


class PeriodList(ChangeList):
    """The rows that the parameters of a request ask for, and the panel above them, both as of one moment."""

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self.panel = Panel()
        view = request.GET.get(VIEW, "")
        self.view = view if view in VIEWS else _DEFAULT_VIEW
        super().__init__(request, *args, **kwargs)

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        """Without the view, which filters nothing."""
        return {name: value for name, value in super().get_filters_params(params).items() if name != VIEW}

    def get_queryset(  # type: ignore[override]
        self, request: HttpRequest, exclude_parameters: Any = None
    ) -> list[Row]:
        """The chosen rows in their order; Django's own query is prepared for its parameters, and never sent."""
        asked = super().get_queryset(request, exclude_parameters)
        overview = self.panel.overview
        found = rows.rows(overview.schedule, overview.answer.active, overview.upcoming)
        self.full_result_count = len(found)
        state = next((spec.value() for spec in self.filter_specs if isinstance(spec, StateFilter)), None)
        return rows.ordered(rows.chosen(found, state=state, words=_words(self.query)), map(str, asked.query.order_by))

    def get_results(self, request: HttpRequest) -> None:
        """The rows of one page as instances of the stand-in model, which Django's templates expect."""
        self.paginator = self.model_admin.get_paginator(request, self.queryset, self.list_per_page)
        self.result_count = self.paginator.count
        self.show_full_result_count, self.show_admin_actions = True, False
        self.can_show_all = self.result_count <= self.list_max_show_all
        self.multi_page = self.result_count > self.list_per_page
        shown = self.queryset
        if self.multi_page and not (self.show_all and self.can_show_all):
            try:
                shown = self.paginator.page(self.page_num).object_list
            except InvalidPage as error:
                raise IncorrectLookupParameters(str(error)) from error
        panel = self.panel
        self.result_list = [self.model(rank=row.rank, **cells(row, panel.now, panel.zone)) for row in shown]

    def drawing(self) -> Drawing:
        """The picture of the coming days."""
        return self.panel.drawing(self.view)

    def views(self) -> list[tuple[str, str, bool]]:
        """The name and the address of each view of the picture, and whether it is the one that is shown."""
        return [(str(wording.VIEWS[key]), self.get_query_string({VIEW: key}), key == self.view) for key in VIEWS]


def _words(query: str) -> list[str]:
    """The words that are searched for, as in the rest of the admin: what stands in quotes is one."""
    words = smart_split(query)
    return [unescape_string_literal(word) if word[0] in "\"'" and word[0] == word[-1] else word for word in words]

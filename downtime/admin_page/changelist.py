"""Django's change list over the periods in memory, instead of over a table of the database."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import InvalidPage
from django.http import HttpRequest
from django.utils.text import smart_split, unescape_string_literal
from django.utils.translation import pgettext_lazy

from downtime.admin_page import wording
from downtime.admin_page.columns import render_cells
from downtime.admin_page.rows import Row, filter_rows, make_rows, sort_rows
from downtime.admin_page.status_panel import Panel
from downtime.admin_page.timeline import VIEWS
from downtime.admin_page.timeline_svg import TimelineSvg

VIEW = "timeline"
"""The parameter of the page's address that names the view of the timeline."""

_DEFAULT_VIEW = "week"


class StateFilter(SimpleListFilter):
    """Filters by the state of a period; PeriodList does it, on its rows."""

    title = pgettext_lazy("downtime", "state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The states, and how the page calls them."""
        return list(wording.PERIOD_STATES.items())

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """The same queryset, unfiltered."""
        return queryset


class PeriodList(ChangeList):
    """The rows that match the parameters of a request, and the panel above them, both as of one moment."""

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self.panel = Panel()
        view = request.GET.get(VIEW, "")
        self.view = view if view in VIEWS else _DEFAULT_VIEW
        super().__init__(request, *args, **kwargs)

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        """The parameters that filter: all except the view of the timeline."""
        return {name: value for name, value in super().get_filters_params(params).items() if name != VIEW}

    def get_queryset(  # type: ignore[override]
        self, request: HttpRequest, exclude_parameters: Any = None
    ) -> list[Row]:
        """The matching rows, sorted; Django's own query is never sent, and only tells by which columns to sort."""
        queryset = super().get_queryset(request, exclude_parameters)
        overview = self.panel.overview
        all_rows = make_rows(overview.schedule, overview.answer.active, overview.upcoming)
        self.full_result_count = len(all_rows)
        state = next((spec.value() for spec in self.filter_specs if isinstance(spec, StateFilter)), None)
        matching = filter_rows(all_rows, state=state, words=_words(self.query))
        return sort_rows(matching, map(str, queryset.query.order_by))

    def get_results(self, request: HttpRequest) -> None:
        """Sets `result_list` to the rows of one page, as instances of the stand-in model for Django's templates."""
        self.paginator = self.model_admin.get_paginator(request, self.queryset, self.list_per_page)
        self.result_count = self.paginator.count
        self.show_full_result_count, self.show_admin_actions = True, False
        self.can_show_all = self.result_count <= self.list_max_show_all
        self.multi_page = self.result_count > self.list_per_page
        page = self.queryset
        if self.multi_page and not (self.show_all and self.can_show_all):
            try:
                page = self.paginator.page(self.page_num).object_list
            except InvalidPage as error:
                raise IncorrectLookupParameters(str(error)) from error
        panel = self.panel
        self.result_list = [self.model(rank=row.rank, **render_cells(row, panel.now, panel.zone)) for row in page]

    def timeline_svg(self) -> TimelineSvg:
        """The picture of the coming days."""
        return self.panel.timeline_svg(self.view)

    def views(self) -> list[tuple[str, str, bool]]:
        """The name and the address of each view of the timeline, and whether it is the current one."""
        return [(str(wording.VIEWS[key]), self.get_query_string({VIEW: key}), key == self.view) for key in VIEWS]


def _words(query: str) -> list[str]:
    """The words of a search, as in the rest of the admin: what is in quotes counts as one."""
    words = smart_split(query)
    return [unescape_string_literal(word) if word[0] in "\"'" and word[0] == word[-1] else word for word in words]

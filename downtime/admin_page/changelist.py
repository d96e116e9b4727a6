"""Django's change list over the periods in memory instead of a database table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import label_for_field
from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.core.paginator import InvalidPage
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.text import smart_split, unescape_string_literal
from django.utils.translation import pgettext_lazy

from downtime.admin_page import wording
from downtime.admin_page.columns import COLUMNS, anchor, render_cells
from downtime.admin_page.rows import OVER, Row, filter_rows, make_rows, sort_rows
from downtime.admin_page.status_panel import Panel
from downtime.admin_page.timeline import VIEWS
from downtime.admin_page.timeline_svg import TimelineSvg

VIEW = "timeline"
"""The parameter of the page's address that names the view of the timeline."""

_DEFAULT_VIEW = "week"
_MOST_OVER = 100


class StateFilter(SimpleListFilter):
    """The filter by the state of a period, which PeriodList applies to its rows."""

    title = pgettext_lazy("downtime", "state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The states, and their names on the page."""
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
        """The parameters that filter: all except the timeline's view."""
        return {name: value for name, value in super().get_filters_params(params).items() if name != VIEW}

    def get_queryset(  # type: ignore[override]
        self, request: HttpRequest, exclude_parameters: Any = None
    ) -> list[Row]:
        """The matching rows, sorted, without those that are over unless the state is chosen.

        Django's own query is never sent; it only says which columns to sort by."""
        queryset = super().get_queryset(request, exclude_parameters)
        overview = self.panel.overview
        all_rows = make_rows(overview.schedule, overview.answer.active, overview.upcoming)
        state = next((spec.value() for spec in self.filter_specs if isinstance(spec, StateFilter)), None)
        matching = filter_rows(all_rows, state=state, words=_words(self.query))
        self.over: list[Row] = []
        self.unfolded = _folded(all_rows)[0]
        if state is None:
            matching, self.over = _folded(matching)
        self.full_result_count = len(self.unfolded if state is None else all_rows)
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
        self.shown = {row.rank for row in page}
        self.result_list = [self.model(rank=row.rank, **self._cells(row)) for row in page]

    def _cells(self, row: Row) -> dict[str, str | None]:
        return render_cells(row, self.panel.now, self.panel.zone)

    def columns(self) -> list[str]:
        """The headings of the columns."""
        return [str(label_for_field(name, self.model, self.model_admin)) for name in COLUMNS]

    def over_cells(self) -> Iterator[dict[str, str | None]]:
        """The cells of the first rows that are over."""
        return map(self._cells, self.over[:_MOST_OVER])

    def all_over(self) -> str:
        """The address of all rows that are over; empty if all of them are shown already."""
        return self.get_query_string({"state": OVER}, [PAGE_VAR]) if len(self.over) > _MOST_OVER else ""

    def timeline_svg(self) -> TimelineSvg:
        """The picture of the coming days."""
        return self.panel.timeline_svg(self.view, self.row_of)

    def row_of(self, rank: int) -> str:
        """The address of the row of a period that is not over, by its place in the file; a flag leads to the files."""
        if rank < 0:
            return "#downtime-files"
        if rank in self.shown:
            return f"#{anchor(rank)}"
        if number := self._pages.get(rank):
            return f"{self.get_query_string({PAGE_VAR: number})}#{anchor(rank)}"
        return f"?{VIEW}={self.view}&{PAGE_VAR}={self._pages_of_all[rank]}#{anchor(rank)}"

    @cached_property
    def _pages(self) -> dict[int, int]:
        """The page number of each matching row that is not folded, by its place in the file."""
        return _page_numbers(self.queryset, self.list_per_page)

    @cached_property
    def _pages_of_all(self) -> dict[int, int]:
        """The same without filter or search, in the default order of the page."""
        everything = sort_rows(self.unfolded, map(str, self.model_admin.ordering or ()))
        return _page_numbers(everything, self.list_per_page)

    def views(self) -> list[tuple[str, str, bool]]:
        """The name and the address of each view of the timeline, and whether it is the current one."""
        return [(str(wording.VIEWS[key]), self.get_query_string({VIEW: key}), key == self.view) for key in VIEWS]


def _folded(rows: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    """The rows that are not over, and the rows that are, the latest end first."""
    rest: list[Row] = []
    over: list[Row] = []
    for row in rows:
        (over if row.state == OVER else rest).append(row)
    return rest, sorted(over, key=lambda row: row.end, reverse=True)


def _page_numbers(rows: Iterable[Row], per_page: int) -> dict[int, int]:
    return {row.rank: place // per_page + 1 for place, row in enumerate(rows)}


def _words(query: str) -> list[str]:
    """The words of a search, as in the rest of the admin: a quoted phrase counts as one."""
    words = smart_split(query)
    return [unescape_string_literal(word) if word[0] in "\"'" and word[0] == word[-1] else word for word in words]

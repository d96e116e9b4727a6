"""The down page as visitors would see it in a period, in a language of the viewer's choice, as a harmless response."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.urls import get_script_prefix
from django.utils.translation import get_language, gettext, pgettext_lazy

from downtime.admin_page import wording
from downtime.http.language import Language, has_project_texts, has_texts
from downtime.http.pages import Kind, has_own_page, prepare_page
from downtime.reload.snapshot import Overview
from downtime.schedule.periods import Window

_MOST_CHOICES = 300
# A project's template may load whatever else it asks for, but no script runs, and no form is sent.
_POLICY = "script-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


class PreviewForm(forms.Form):
    """The period, among those that are active or coming, and the language of the page."""

    period = forms.ChoiceField(label=pgettext_lazy("downtime", "Period"))
    language = forms.ChoiceField(label=pgettext_lazy("downtime", "Language"))

    def __init__(self, overview: Overview, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        windows = [*overview.answer.active, *overview.upcoming][:_MOST_CHOICES]
        names = [(window.rank, wording.label(window.period, overview.flags)) for window in windows]
        self.fields["period"].choices = names  # type: ignore[attr-defined]
        self.fields["language"].choices = _languages()  # type: ignore[attr-defined]


def window_of(overview: Overview, rank: int) -> Window | None:
    """The active or next window of the period at that place in the file, or its whole time; None if there is none."""
    for window in (*overview.answer.active, *overview.upcoming):
        if window.rank == rank:
            return window
    if not 0 <= rank < len(overview.schedule.periods):
        return None
    period = overview.schedule.periods[rank]
    return Window(period.start, rank, period.end, period)


def page_language(code: str) -> str:
    """That language if visitors may get the page in it, otherwise the viewer's or, failing that, the first one."""
    offered = [offered for offered, _ in _languages()]
    return next((one for one in (code, get_language()) if one in offered), offered[0])


def preview(window: Window, code: str) -> HttpResponse:
    """The page of that window, in the language of that code, for somebody who is not refused."""
    period = window.period
    home = "" if period.is_whole else get_script_prefix()
    page = prepare_page(window, window.end, Kind(Language(code), was_sent=period.read_only, home=home))
    headers = {"Content-Security-Policy": _POLICY, "Content-Language": code, "X-Robots-Tag": "noindex"}
    return HttpResponse(page.response.content, headers=headers)


def _languages() -> list[tuple[str, str]]:
    """The code and the name of each language in which visitors may get the page."""
    is_offered = has_texts if has_own_page() else has_project_texts
    offered = [(code, gettext(str(name))) for code, name in settings.LANGUAGES if is_offered(code)]
    return offered or [("en", "English")]

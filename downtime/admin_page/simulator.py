"""What a visitor would get at some moment, for a path and a method: the form that asks for them, and the answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy

from downtime.admin_page import times, wording
from downtime.admin_page.status_panel import Panel
from downtime.conf import conf
from downtime.reload.snapshot import Overview
from downtime.schedule import converters
from downtime.schedule.occurrence import rounded_up
from downtime.schedule.periods import Window, is_known
from downtime.visit import Visit, to_path, visit

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_EXEMPT_BY = {
    "redirect": gettext_lazy("the redirect, which leads to that very path,"),
    "downtime_exempt": "@downtime_exempt",
}


class VisitForm(forms.Form):
    """The moment, in the time zone of the viewer, the path and the method of a request."""

    use_required_attribute = False
    at = forms.CharField(
        label=pgettext_lazy("downtime", "Time"),
        required=False,
        widget=forms.TextInput(attrs={"type": "datetime-local"}),
        help_text=gettext_lazy("Empty means now."),
    )
    path = forms.CharField(label=pgettext_lazy("downtime", "Path"), widget=forms.TextInput(attrs={"dir": "ltr"}))
    method = forms.ChoiceField(label=pgettext_lazy("downtime", "Method"), choices=[(name, name) for name in _METHODS])

    def clean_at(self) -> datetime | None:
        """The moment; None for now."""
        text = self.cleaned_data["at"]
        try:
            return converters.moment(text, get_current_timezone(), fold=0) if text else None
        except ValueError as error:
            raise forms.ValidationError(gettext("Give a date and a time such as 2026-12-01 02:30.")) from error

    def clean_path(self) -> str:
        """The path, if a request can have it."""
        try:
            return to_path(self.cleaned_data["path"])
        except ValueError as error:
            message = gettext("Give a path of this site such as /search, without a host, query or fragment.")
            raise forms.ValidationError(message) from error


@dataclass(frozen=True, slots=True)
class Outcome:
    """A request, and whether, why and until when it would be refused."""

    request: str
    is_refused: bool
    facts: tuple[str, ...]
    view: str
    """What would answer at that path, in English; empty if it makes no difference."""
    rank: int | None
    """For a refused request, the place in the file of the period whose page it gets."""


def simulate(panel: Panel, asked: dict[str, Any]) -> Outcome:
    """The outcome for the cleaned data of a VisitForm, by what applies in this process."""
    overview = panel.overview
    answer = overview.schedule.at(asked["at"] or panel.now, [flag.period for flag in overview.flags])
    visited = visit(asked["path"], asked["method"], answer, is_sure=not panel.doubts)
    is_page = visited.is_refused and not conf.DOWNTIME_VIEW and not _redirect(visited)
    return Outcome(
        request=f"{visited.method} {visited.path}",
        is_refused=visited.is_refused,
        facts=tuple(_facts(visited, panel)),
        view="" if visited.exempt_by else visited.view,
        rank=_rank(visited.window, overview) if visited.window and is_page else None,
    )


def _rank(window: Window, overview: Overview) -> int | None:
    """The present rank of the period; a flag's rank counts among the raised flags, which differ at another time."""
    if not window.is_flag:
        return window.rank
    return next((active.rank for active in overview.answer.active if active.period is window.period), None)


def _facts(visited: Visit, panel: Panel) -> list[str]:
    window, by = visited.window, visited.exempt_by
    names = {"by": _EXEMPT_BY.get(by or "", by)}
    facts = []
    if window is None:
        facts.append(gettext("No period covers this request."))
        if by:
            facts.append(gettext("In a downtime of the whole site, %(by)s would let it through.") % names)
    else:
        cause = wording.label(window.period, panel.overview.flags)
        facts.append(gettext("It is covered by %(name)s, %(until)s.") % _cause(cause, visited, panel))
        facts.append(gettext("%(by)s lets it through.") % names if by else _answer(visited))
    if panel.doubts:
        facts.append(gettext("This is what applies in this process; the state of the site is in doubt."))
    facts.append(gettext("Exemptions by who asks (address, bypass link, DOWNTIME_EXEMPT_IF) were not asked."))
    return facts


def _cause(name: str, visited: Visit, panel: Panel) -> dict[str, str]:
    if not is_known(visited.until):
        return {"name": name, "until": gettext("end not known")}
    time = times.short_time(rounded_up(visited.until), panel.zone, panel.now)
    return {"name": name, "until": gettext("until %(time)s") % {"time": time}}


def _redirect(visited: Visit) -> str:
    """The URL that the visitor would be sent to instead of the page; empty for none."""
    return (visited.window.period.redirect if visited.window else "") or conf.DOWNTIME_URL_REDIRECT or ""


def _answer(visited: Visit) -> str:
    """What a refused request gets."""
    if conf.DOWNTIME_VIEW:
        return gettext("The visitor gets what DOWNTIME_VIEW returns.")
    if redirect := _redirect(visited):
        return gettext("The visitor is sent to %(url)s.") % {"url": redirect}
    return gettext("The visitor gets the down page, with status 503.")

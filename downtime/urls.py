"""The public state of the site, for `path("downtime/", include("downtime.urls"))`."""

from __future__ import annotations

from django.urls import path

from downtime import feeds

app_name = "downtime"
urlpatterns = [
    path("status.json", feeds.status, name="status"),
    path("downtime.ics", feeds.calendar, name="calendar"),
    path("banner.html", feeds.banner, name="banner"),
]

"""The public state of the site, for `path("downtime/", include("downtime.urls"))`."""

from __future__ import annotations

from django.urls import path

from downtime.feeds import views

app_name = "downtime"
urlpatterns = [
    path("status.json", views.status, name="status"),
    path("downtime.ics", views.calendar, name="calendar"),
    path("banner.html", views.banner, name="banner"),
]

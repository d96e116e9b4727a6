"""The URLs of the site."""

from django.urls import include, path

from tests.typed_project import views

urlpatterns = [
    path("", views.front),
    path("health/", views.health),
    path("search/<str:words>/", views.search),
    path("about/", views.About.as_view()),
    path("downtime/", include("downtime.urls")),
]

from django.contrib import admin
from django.urls import include, path
from django.views.generic import TemplateView

urlpatterns = [
    path("admin/", admin.site.urls),
    # status.json and downtime.ics; the banner of the home page follows them.
    path("downtime/", include("downtime.urls")),
    path("", TemplateView.as_view(template_name="home.html")),
]

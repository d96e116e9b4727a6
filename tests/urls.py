from django.http import HttpRequest, HttpResponse
from django.urls import re_path


def echo(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"up: {request.path_info}")


urlpatterns = [re_path("", echo)]

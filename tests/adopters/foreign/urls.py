from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from feed.api import api


def index(request: HttpRequest) -> HttpResponse:
    return HttpResponse("A shop.")


urlpatterns = [
    path("", index),
    path("activity/", include("feed.urls")),
    path("api/", api.urls),
    path("accounts/login/", LoginView.as_view(template_name="login.html"), name="login"),
]

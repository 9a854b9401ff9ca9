from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def index(request: HttpRequest) -> HttpResponse:
    return HttpResponse("A shop.")


urlpatterns = [
    path("", index),
    path("activity/", include("feed.urls")),
    path("accounts/login/", LoginView.as_view(template_name="login.html")),
]

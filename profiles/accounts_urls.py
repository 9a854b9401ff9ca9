"""Without a namespace: LOGIN_URL, Django's own views and its admin know these names."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from profiles import views

urlpatterns = [
    path("signup/", views.signup, name="signup"),
    path("login/", views.Login.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
]

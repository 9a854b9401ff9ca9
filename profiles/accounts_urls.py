"""Without a namespace: LOGIN_URL, Django's own views and its admin know these names."""

from django.urls import path

from profiles import views

urlpatterns = [
    path("signup/", views.signup, name="signup"),
    path("login/", views.Login.as_view(), name="login"),
    path("logout/", views.Logout.as_view(), name="logout"),
]

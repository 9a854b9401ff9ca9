"""URLs of the accounts. They have no namespace, because Django's own views and admin use these names."""

from django.urls import path

from profiles import views

urlpatterns = [
    path("signup/", views.signup, name="signup"),
    path("login/", views.Login.as_view(), name="login"),
    path("logout/", views.Logout.as_view(), name="logout"),
]

"""URLs of the accounts. They have no namespace, because Django's own views and admin use these names."""

from django.urls import path

from profiles import password_views, views

urlpatterns = [
    path("signup/", views.signup, name="signup"),
    path("login/", views.Login.as_view(), name="login"),
    path("logout/", views.Logout.as_view(), name="logout"),
    path("password/", password_views.change_password, name="password_change"),
    path("reset/", password_views.Reset.as_view(), name="password_reset"),
    path("reset/<uidb64>/<token>/", password_views.ResetConfirm.as_view(), name="password_reset_confirm"),
]

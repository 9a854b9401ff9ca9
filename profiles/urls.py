from django.urls import path

from profiles import views

app_name = "profiles"
urlpatterns = [
    # Not <str>: a name that was not checked may hold a slash.
    path("people/<path:name>/", views.person, name="person"),
    path("profile/", views.edit_profile, name="edit"),
]

from django.urls import path, register_converter

from profiles import views
from profiles.names import NameConverter

register_converter(NameConverter, "name")

app_name = "profiles"
urlpatterns = [
    path("people/<name:name>/", views.person, name="person"),
    path("profile/", views.edit_profile, name="edit"),
]

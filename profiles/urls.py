from django.urls import path, register_converter

from profiles import account_views, people_views
from profiles.names import NameConverter

register_converter(NameConverter, "name")

app_name = "profiles"
urlpatterns = [
    path("people/", people_views.people, name="people"),
    path("people/<name:name>/", people_views.person, name="person"),
    path("people/<name:name>/avatar/<slug:version>-<int:size>.webp", people_views.picture, name="picture"),
    path("profile/", account_views.edit_profile, name="edit"),
    path("profile/picture/", account_views.edit_picture, name="edit_picture"),
    path("profile/picture/remove/", account_views.remove_picture, name="remove_picture"),
    path("profile/email/", account_views.edit_email, name="edit_email"),
    path("profile/export/", account_views.export_data, name="export"),
    path("profile/delete/", account_views.delete_account, name="delete"),
    path("profile/greeting/", account_views.dismiss_greeting, name="dismiss_greeting"),
]

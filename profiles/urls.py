from django.urls import path, register_converter

from profiles import follow_views, for_you, mute_views, report_views, views
from profiles.names import NameConverter

register_converter(NameConverter, "name")

app_name = "profiles"
urlpatterns = [
    path("people/<name:name>/", views.person, name="person"),
    path("people/<name:name>/follow/", follow_views.follow, name="follow"),
    path("people/<name:name>/unfollow/", follow_views.unfollow, name="unfollow"),
    path("people/<name:name>/followers/", follow_views.followers, name="followers"),
    path("people/<name:name>/following/", follow_views.followed, name="following"),
    path("people/<name:name>/followers/remove/", follow_views.remove_follower, name="remove_follower"),
    path("people/<name:name>/mute/", mute_views.mute, name="mute"),
    path("people/<name:name>/unmute/", mute_views.unmute, name="unmute"),
    path("events/<int:pk>/mute/", mute_views.mute_thread, name="mute_thread"),
    path("events/<int:pk>/unmute/", mute_views.unmute_thread, name="unmute_thread"),
    path("events/<int:pk>/report/", report_views.report_event, name="report"),
    path("profile/", views.edit_profile, name="edit"),
    path("profile/muted/", mute_views.muted, name="muted"),
    path("profile/muted/unseen/", mute_views.unmute_unseen, name="unmute_unseen"),
    path("for-you/", for_you.for_you, name="for-you"),
    path("for-you/read/", for_you.read, name="read"),
]

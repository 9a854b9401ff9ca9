from django.urls import path, register_converter

from profiles import account_views, follow_views, for_you, mute_views, people_views, report_views, token_views
from profiles.names import NameConverter

register_converter(NameConverter, "name")

app_name = "profiles"
urlpatterns = [
    path("people/", people_views.people, name="people"),
    path("people/<name:name>/", people_views.person, name="person"),
    path("people/<name:name>/card/", people_views.card, name="card"),
    path("people/<name:name>/avatar/<slug:version>-<int:size>.webp", people_views.picture, name="picture"),
    path("profile/", account_views.edit_profile, name="edit"),
    path("profile/picture/", account_views.edit_picture, name="edit_picture"),
    path("profile/picture/remove/", account_views.remove_picture, name="remove_picture"),
    path("profile/email/", account_views.edit_email, name="edit_email"),
    path("profile/export/", account_views.export_data, name="export"),
    path("profile/tokens/", token_views.own_tokens, name="tokens"),
    path("profile/tokens/<int:pk>/revoke/", token_views.revoke_token, name="revoke_token"),
    path("profile/delete/", account_views.delete_account, name="delete"),
    path("profile/greeting/", account_views.dismiss_greeting, name="dismiss_greeting"),
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
    path("profile/muted/", mute_views.muted, name="muted"),
    path("profile/muted/unseen/", mute_views.unmute_unseen, name="unmute_unseen"),
    path("for-you/", for_you.for_you, name="for-you"),
    path("for-you/read/", for_you.read, name="read"),
]

import django_eventstream
from django.urls import include, path

CHANNEL = "feed"

urlpatterns = [path("events/", include(django_eventstream.urls), {"channels": [CHANNEL]})]

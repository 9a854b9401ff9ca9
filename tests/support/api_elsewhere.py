"""The URLs of a project that has the API below the path of the pages."""

from django.urls import path

from feed.api import api

urlpatterns = [path("activity/api/", api.urls)]

"""The URLs of a project with the pages of the feed, and nothing else."""

from django.urls import include, path

urlpatterns = [path("activity/", include("feed.urls"))]

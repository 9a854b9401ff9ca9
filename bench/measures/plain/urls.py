from django.urls import path

from bench.measures.plain.views import home, post
from project.urls import handler400, handler500
from project.urls import urlpatterns as of_project

__all__ = ["handler400", "handler500", "urlpatterns"]

urlpatterns = [*of_project, path("plain/", home), path("plain/events/", post)]

from django.urls import path

from feed import atom, away, finding, more, reacting, try_it, views

app_name = "feed"
urlpatterns = [
    path("", views.home, name="home"),
    path("simulate/", try_it.simulate, name="simulate"),
    path("feed.atom", atom.atom, name="atom"),
    path("search/", finding.search, name="search"),
    path("away/", away.away, name="away"),
    path("people.json", finding.people_named, name="people"),
    path("events/", views.post, name="post"),
    path("events/<int:pk>/", views.thread, name="event"),
    path("events/<int:pk>/comments/", views.comment, name="comment"),
    path("events/<int:pk>/edit/", views.edit, name="edit"),
    path("events/<int:pk>/react/", reacting.react, name="react"),
    path("events/<int:pk>/react/who/", reacting.who, name="who"),
    path("events/<int:pk>/more/", more.more, name="more"),
    path("events/<int:pk>/delete/", views.delete, name="delete"),
]

"""The Django project of the peers: one model, and for the tutorial and django-eventstream what their documents show."""

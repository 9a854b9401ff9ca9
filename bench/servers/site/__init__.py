"""The Django project of the peers: one model, and the set-up that the tutorial and django-eventstream document."""

"""A project with a user model of its own, as embedding projects have: people are known by their e-mail address."""

"""A project with its own user model, whose users log in with their e-mail address."""

from project.settings import *  # noqa: F403
from project.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.own_users"]
AUTH_USER_MODEL = "own_users.Person"

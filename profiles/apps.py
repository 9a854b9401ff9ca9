from django.apps import AppConfig


class ProfilesConfig(AppConfig):
    name = "profiles"
    # Set here because the migrations depend on it, whatever the project's default is.
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from feed.muted import mute_by
        from feed.people import use_portraits
        from feed.presence import hide_users
        from feed.streams import access_depends_on
        from profiles import conf, receivers  # noqa: F401 (connects them)
        from profiles.muting import muted
        from profiles.portraits import ProfilePortraits
        from profiles.presence import hidden_users

        use_portraits(ProfilePortraits())
        hide_users(hidden_users)
        mute_by(muted)
        access_depends_on("is_staff")

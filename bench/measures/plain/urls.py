from project.urls import handler400, handler500, urlpatterns

__all__ = ["handler400", "handler500", "urlpatterns"]

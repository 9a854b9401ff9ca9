from django.conf import settings
from django.contrib.auth.views import LoginView
from django.urls import include, path
from django.views.static import serve

from customers.views import sign_up
from feed.api import api
from orders.views import order

urlpatterns = [
    path("activity/", include("feed.urls")),
    path("api/", api.urls),
    path("", include("profiles.urls")),
    path("orders/<uuid:pk>/", order, name="order"),
    path("sign-up/", sign_up, name="signup"),
    path("log-in/", LoginView.as_view(template_name="customers/form.html"), name="login"),
    path("static/<path:path>", serve, {"document_root": settings.STATIC_ROOT}),  # as the proxy of a real shop does
]

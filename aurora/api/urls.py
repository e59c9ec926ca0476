"""`/api/v1/`."""

from django.urls import path
from drf_spectacular.views import SpectacularJSONAPIView

from aurora.api import schema  # noqa: F401  (registers the authentication scheme)
from aurora.api.views import TwinCategory

app_name = "api"
urlpatterns = [
    path("schema/", SpectacularJSONAPIView.as_view(authentication_classes=[], permission_classes=[], throttle_classes=[]), name="schema"),
    path("twin/<str:category>", TwinCategory.as_view(), name="twin"),
]

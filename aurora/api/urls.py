"""`/api/v1/`."""

from django.urls import path

from aurora.api import schema  # noqa: F401  (registers the authentication scheme)
from aurora.api.views import Schema, TwinCategory

app_name = "api"
urlpatterns = [
    path("schema/", Schema.as_view(), name="schema"),
    path("twin/<str:category>", TwinCategory.as_view(), name="twin"),
]

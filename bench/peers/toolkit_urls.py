from django.forms.models import model_to_dict
from django.http import HttpRequest, JsonResponse
from django.urls import path
from oauth2_provider.views import IntrospectTokenView, TokenView
from oauth2_provider.views.generic import ScopedProtectedResourceView

from bench.peers.models import Item


class ProtectedItem(ScopedProtectedResourceView):
    """Proves the token, reads a row, logs nothing."""

    required_scopes = ["read"]

    def get(self, request: HttpRequest, pk: int) -> JsonResponse:
        return JsonResponse(model_to_dict(Item.objects.get(pk=pk)))


urlpatterns = [
    path("items/<int:pk>", ProtectedItem.as_view()),
    path("o/introspect/", IntrospectTokenView.as_view()),
    path("o/token/", TokenView.as_view()),
]

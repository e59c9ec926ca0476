"""At the root, as the authorization server's addresses are."""

from django.urls import path

from . import views

app_name = "consent_webhooks"
urlpatterns = [path("webhooks/keys", views.published, name="keys")]

"""Addresses of the health centre: those of an agency, without `/data/`, and its FHIR server."""

from django.urls import path

from aurora.sandbox.agency.urls import handler400, handler404, handler500
from aurora.sandbox.agency.urls import urlpatterns as of_agencies
from aurora.sandbox.health import views

__all__ = ["handler400", "handler404", "handler500", "urlpatterns"]

urlpatterns = [
    *(one for one in of_agencies if not str(one.pattern).startswith("data/")),
    path("fhir/.well-known/smart-configuration", views.smart_configuration),
    path("fhir/metadata", views.capability_statement),
    path("fhir/<str:resource>", views.search_type),
    path("fhir/<str:resource>/<str:identifier>", views.read),
    path("_sandbox/correct", views.correct),
]

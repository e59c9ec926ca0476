"""The console's pages, below `/fi/console/` and its sisters."""

from django.urls import path

from aurora.console import sign_in, views

app_name = "console"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("sign-in/", sign_in.sign_in, name="sign_in"),
    path("second-factor/", sign_in.second_factor, name="second_factor"),
    path("enrol/", sign_in.enrol, name="enrol"),
    path("sign-out/", sign_in.sign_out, name="sign_out"),
]

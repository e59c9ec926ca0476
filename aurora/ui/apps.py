"""The design system as a Django app: templates, template tags, static files and texts. Imports nothing of ours."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "aurora.ui"
    label = "ui"
    verbose_name = "Aurora's design system"

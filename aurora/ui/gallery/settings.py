"""Settings of the gallery alone: no database, no other app of ours."""

SECRET_KEY = "gallery"  # noqa: S105 - signs nothing: the gallery serves nobody
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "aurora.ui.gallery.urls"
INSTALLED_APPS = ["django.contrib.staticfiles", "aurora.ui"]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
LANGUAGE_CODE = "fi"
LANGUAGES = [("fi", "Suomi"), ("sv", "Svenska"), ("en", "English")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Helsinki"
STATIC_URL = "/static/"

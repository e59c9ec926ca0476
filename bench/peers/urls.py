from django.urls import path

from bench.peers.views import read_item

urlpatterns = [path("items/<int:pk>", read_item)]

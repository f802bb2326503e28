"""Where data sets and the change log are served."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from records.api.views import ChangesView, DatasetViewSet, RootView

router = SimpleRouter()
router.register("datasets", DatasetViewSet, basename="dataset")  # serves /api/v1/datasets/

urlpatterns = [
    path("", RootView.as_view(), name="root"),  # serves /api/v1/
    path("changes/", ChangesView.as_view({"get": "list"}), name="changes"),
    *router.urls,
]

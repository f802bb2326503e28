"""Where data sets, the change log and the code lists are served."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from records.api.views import ChangesView, DatasetViewSet, RootView, SearchView
from records.api.vocabularies import VocabularyListView, VocabularyView

router = SimpleRouter()
router.register("datasets", DatasetViewSet, basename="dataset")  # serves /api/v1/datasets/

urlpatterns = [
    path("", RootView.as_view(), name="root"),  # serves /api/v1/
    path("search/", SearchView.as_view(), name="search"),  # serves /api/v1/search/
    path("changes/", ChangesView.as_view({"get": "list"}), name="changes"),
    # serves /api/v1/vocabularies/ and /api/v1/vocabularies/{name}/
    path("vocabularies/", VocabularyListView.as_view(), name="vocabulary-list"),
    path("vocabularies/<name>/", VocabularyView.as_view(), name="vocabulary-detail"),
    *router.urls,
]

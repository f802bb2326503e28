"""Where events, claims and the coverage are served."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from events.api.annotations import AnnotationsView
from events.api.coverage import CoverageView
from events.api.views import ClaimViewSet, EventViewSet

router = SimpleRouter()
router.register("events", EventViewSet, basename="event")  # serves /api/v1/events/
router.register("claims", ClaimViewSet, basename="claim")  # serves /api/v1/claims/

urlpatterns = [
    path("coverage/", CoverageView.as_view(), name="coverage"),  # serves /api/v1/coverage/
    path(  # serves /api/v1/documents/{id}/annotations/
        "documents/<pk>/annotations/",
        AnnotationsView.as_view({"get": "annotations"}),
        name="document-annotations",
    ),
    *router.urls,
]

"""Where events, claims, contradictions and what is computed of them are served."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from events.api.annotations import AnnotationsView
from events.api.chronology import DocumentChronologyView, EventChronologyView
from events.api.control import ControlView, PlacesControlView
from events.api.coverage import CoverageView
from events.api.positions import PositionsView
from events.api.views import ClaimViewSet, ContradictionViewSet, EventViewSet

router = SimpleRouter()
router.register("events", EventViewSet, basename="event")  # serves /api/v1/events/
router.register("claims", ClaimViewSet, basename="claim")  # serves /api/v1/claims/
router.register(  # serves /api/v1/contradictions/
    "contradictions", ContradictionViewSet, basename="contradiction"
)

urlpatterns = [
    path("coverage/", CoverageView.as_view(), name="coverage"),  # serves /api/v1/coverage/
    path(  # serves /api/v1/documents/{id}/annotations/
        "documents/<pk>/annotations/",
        AnnotationsView.as_view({"get": "annotations"}),
        name="document-annotations",
    ),
    path(  # serves /api/v1/documents/{id}/chronology/
        "documents/<pk>/chronology/",
        DocumentChronologyView.as_view({"get": "chronology"}),
        name="document-chronology",
    ),
    path(  # serves /api/v1/events/{id}/chronology/
        "events/<pk>/chronology/",
        EventChronologyView.as_view({"get": "chronology"}),
        name="event-chronology",
    ),
    path(  # serves /api/v1/events/{id}/positions/
        "events/<pk>/positions/",
        PositionsView.as_view({"get": "positions"}),
        name="event-positions",
    ),
    path(  # serves /api/v1/places/control/
        "places/control/",
        PlacesControlView.as_view({"get": "controls"}),
        name="places-control",
    ),
    path(  # serves /api/v1/places/{id}/control/
        "places/<pk>/control/", ControlView.as_view({"get": "control"}), name="place-control"
    ),
    path(  # serves /api/v1/places/{id}/control/timeline/
        "places/<pk>/control/timeline/",
        ControlView.as_view({"get": "control_timeline"}),
        name="place-control-timeline",
    ),
    *router.urls,
]

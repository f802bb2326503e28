"""Where events and claims are served."""

from rest_framework.routers import SimpleRouter

from events.api.views import ClaimViewSet, EventViewSet

router = SimpleRouter()
router.register("events", EventViewSet, basename="event")  # serves /api/v1/events/
router.register("claims", ClaimViewSet, basename="claim")  # serves /api/v1/claims/

urlpatterns = router.urls

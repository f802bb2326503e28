"""Where places are served."""

from rest_framework.routers import SimpleRouter

from places.api.views import PlaceViewSet

router = SimpleRouter()
router.register("places", PlaceViewSet, basename="place")  # serves /api/v1/places/

urlpatterns = router.urls

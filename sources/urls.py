"""Where actors, sources and documents are served."""

from rest_framework.routers import SimpleRouter

from sources.api.views import ActorViewSet, DocumentViewSet, SourceViewSet

router = SimpleRouter()
router.register("actors", ActorViewSet, basename="actor")  # serves /api/v1/actors/
router.register("sources", SourceViewSet, basename="source")  # serves /api/v1/sources/
router.register("documents", DocumentViewSet, basename="document")  # serves /api/v1/documents/

urlpatterns = router.urls

"""Every address that is served."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from config.api.docs import OpenApiView, RedocView, SwaggerView
from config.api.problems import problem_page

handler400 = "config.api.errors.bad_request"
handler403 = "config.api.errors.forbidden"
handler404 = "config.api.errors.not_found"
handler500 = "config.api.errors.server_error"

admin.site.site_header = admin.site.site_title = "Dateline"
admin.site.index_title = "Curation"


@csrf_exempt  # nothing is written here: other methods are 405
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Leads a visitor of the bare address to the documentation."""
    return redirect("docs")


api: list[URLPattern | URLResolver] = [
    # Later apps first: what they serve at /places/control/ is no place.
    path("", include("events.urls")),
    path("", include("sources.urls")),
    path("", include("places.urls")),
    path("", include("records.urls")),
    path("schema/", OpenApiView.as_view(), name="schema"),
    path("docs/", SwaggerView.as_view(), name="docs"),
    path("redoc/", RedocView.as_view(), name="redoc"),
]

urlpatterns = [
    path("", home, name="home"),
    path("api/v1/", include(api)),
    path("problems/<slug:slug>/", problem_page, name="problem"),
    path("admin/", admin.site.urls),
]

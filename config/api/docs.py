"""The OpenAPI document, and two ways to read it; every asset is served from here."""

import hashlib
from functools import cache
from pathlib import Path
from threading import Lock

from csp.decorators import csp_update
from django.contrib.staticfiles import finders
from django.http import HttpResponse, HttpResponseNotModified
from django.templatetags.static import static
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import quote_etag
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from records.api.parameters import check_format, check_names, check_query
from records.api.reading import has_tag

SWAGGER = "drf_spectacular_sidecar/swagger-ui-dist"
REDOC = "drf_spectacular_sidecar/redoc/bundles/redoc.standalone.js"
#: A picture that Redoc would load from its maker's host, and one that is there already.
LOGO, NO_PICTURE = b"https://cdn.redoc.ly/redoc/logo-mini.svg", b"data:,"

_generating = Lock()


@cache
def document(form: str) -> bytes:
    """The OpenAPI document as `yaml` or `json`: made once, for it depends on the code alone."""
    renderer = {"yaml": OpenApiYamlRenderer, "json": OpenApiJsonRenderer}[form]
    with _generating:
        schema = SchemaGenerator().get_schema(request=None, public=True)
        text = renderer().render(schema, renderer_context={})
    return text.encode() if isinstance(text, str) else text


@cache
def redoc() -> bytes:
    """Redoc's script, which asks no other host for anything."""
    path = finders.find(REDOC)
    assert path
    return Path(path).read_bytes().replace(LOGO, NO_PICTURE)


def kept(request: Request, body: bytes, content_type: str) -> HttpResponse:
    """An answer that is the same to all, or 304 to who has it."""
    tag = hashlib.sha256(body).hexdigest()[:32]
    response: HttpResponse
    if has_tag(request.headers.get("If-None-Match", ""), tag):
        response = HttpResponseNotModified()
    else:
        response = HttpResponse(body, content_type=content_type)
    response["ETag"] = quote_etag(tag)
    response["Cache-Control"] = "public, no-cache"
    return response


class DocumentationView(APIView):
    """A page that is not data: open on a closed instance too, and as strict about its query."""

    #: The query parameters that it takes.
    parameters: tuple[str, ...] = ("format",)

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        """Refuse what is not known before anything is answered."""
        if request.method not in self.allowed_methods:
            self.http_method_not_allowed(request)
        check_query(request.META.get("QUERY_STRING", ""))
        check_format(request.query_params, self.renderer_classes)
        super().initial(request, *args, **kwargs)
        check_names(request.query_params, self.parameters, f"at {request.path}")

    def options(self, request: Request, *args: object, **kwargs: object) -> HttpResponse:
        """The methods that are allowed."""
        return HttpResponse(status=204, headers={"Allow": ", ".join(self.allowed_methods)})


class OpenApiView(DocumentationView):
    """The OpenAPI 3.1 document, as YAML or, for `Accept: application/json`, as JSON."""

    renderer_classes = [
        OpenApiYamlRenderer,
        OpenApiYamlRenderer2,
        OpenApiJsonRenderer,
        OpenApiJsonRenderer2,
    ]

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        """Answer with the document, or 304 to who has it."""
        renderer = request.accepted_renderer
        response = kept(request, document(renderer.format), renderer.media_type)
        if response.status_code == 200:
            response["Content-Disposition"] = f'inline; filename="openapi.{renderer.format}"'
        response["Vary"] = "Accept"
        return response


SCRIPT = "text/javascript; charset=utf-8"


class PageRenderer(BaseRenderer):
    """What negotiation knows of a page; its errors are problems like everywhere."""

    media_type = "text/html"
    format = "html"

    def render(self, data: object, *args: object, **kwargs: object) -> object:
        """Pages come ready-made."""
        return data


PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Dateline API</title>
{head}
</head>
<body>
{body}
</body>
</html>
"""


def page(head: str, body: str) -> HttpResponse:
    """A page without a line of script of its own, as the security policy asks."""
    return HttpResponse(PAGE.format(head=head, body=body))


class SwaggerView(DocumentationView):
    """The document to try out, in Swagger UI."""

    renderer_classes = [PageRenderer]
    parameters = ("format", "script")

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        """The page or, with `script`, the script that starts it."""
        if "script" in request.query_params:
            return kept(request, SWAGGER_SCRIPT.encode(), SCRIPT)
        return page(
            f'<link rel="icon" href="{static(f"{SWAGGER}/favicon-32x32.png")}">\n'
            f'<link rel="stylesheet" href="{static(f"{SWAGGER}/swagger-ui.css")}">',
            f'<div id="swagger-ui" data-schema="{reverse("schema")}"></div>\n'
            f'<script src="{static(f"{SWAGGER}/swagger-ui-bundle.js")}"></script>\n'
            f'<script src="{reverse("docs")}?script=1"></script>',
        )


SWAGGER_SCRIPT = """\
SwaggerUIBundle({
  url: document.getElementById("swagger-ui").dataset.schema,
  dom_id: "#swagger-ui",
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
});
"""


# Redoc writes its styles into the page and searches in a worker made from a blob.
@method_decorator(
    csp_update({"style-src": ["'self'", "'unsafe-inline'"], "worker-src": ["'self'", "blob:"]}),
    name="dispatch",
)
class RedocView(DocumentationView):
    """The document to read, in Redoc."""

    renderer_classes = [PageRenderer]
    parameters = ("format", "script")

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        """The page or, with `script`, Redoc itself."""
        if "script" in request.query_params:
            return kept(request, redoc(), SCRIPT)
        return page(
            f'<link rel="icon" href="{static(f"{SWAGGER}/favicon-32x32.png")}">\n'
            "<style>body { margin: 0 }</style>",
            f'<redoc spec-url="{reverse("schema")}"></redoc>\n'
            f'<script src="{reverse("redoc")}?script=1"></script>',
        )

"""Reading places."""

from places.api import jsonld
from places.api.filters import PlaceFilter
from places.api.serializers import PlaceSerializer
from places.records import PlaceRecord
from records.api.facets import Facet
from records.api.paging import same
from records.api.resource import RecordViewSet
from records.shape import Body


class PlaceViewSet(RecordViewSet):
    """Places: somewhere on earth, with names in many languages, a position and a parent.

    A place has no owner and no controller; that is only ever claimed.
    """

    queryset = PlaceRecord.objects.all()
    serializer_class = PlaceSerializer
    filterset_class = PlaceFilter
    orderings = {"name": same("sort_name"), "recorded_at": same("recorded_at")}
    default_ordering = "name"
    facets_by = {
        "kind": Facet("kind"),
        "country": Facet("country"),
        "parent": Facet("parent", "places"),
    }
    located = True

    def json_ld(self, body: Body) -> Body:
        return jsonld.place(body, self.address)

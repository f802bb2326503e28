from pathlib import Path

from django.apps import AppConfig


class PlacesConfig(AppConfig):
    name = "places"

    def ready(self) -> None:
        from places import models
        from places.imports.geonames import GeoNames
        from places.imports.iso3166 import Iso3166
        from places.imports.pcodes import PCodes
        from places.records import PlaceRecord
        from records import imports, vocabularies
        from records.registry import register

        register(PlaceRecord)
        for form in (GeoNames, PCodes, Iso3166):
            imports.register(form)
        vocabularies.register(Path(__file__).with_name("vocabularies.yaml"), models)

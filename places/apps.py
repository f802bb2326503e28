from pathlib import Path

from django.apps import AppConfig


class PlacesConfig(AppConfig):
    name = "places"

    def ready(self) -> None:
        from places import models
        from places.records import PlaceRecord
        from records import vocabularies
        from records.registry import register

        register(PlaceRecord)
        vocabularies.register(Path(__file__).with_name("vocabularies.yaml"), models)

from django.apps import AppConfig


class PlacesConfig(AppConfig):
    name = "places"

    def ready(self) -> None:
        from places.records import PlaceRecord
        from records.registry import register

        register(PlaceRecord)

from pathlib import Path

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "records"
    verbose_name = "Records and publishing"

    def ready(self) -> None:
        from records import lookups as lookups  # their definition makes Django know them
        from records import models, time, vocabularies

        vocabularies.register(Path(__file__).with_name("vocabularies.yaml"), models, time)

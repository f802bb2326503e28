from pathlib import Path

from django.apps import AppConfig


class SourcesConfig(AppConfig):
    name = "sources"

    def ready(self) -> None:
        from records import vocabularies
        from records.registry import register
        from sources import models
        from sources.records import ActorRecord, DocumentRecord, SourceRecord

        register(ActorRecord)
        register(SourceRecord)
        register(DocumentRecord)
        vocabularies.register(Path(__file__).with_name("vocabularies.yaml"), models)

from django.apps import AppConfig


class SourcesConfig(AppConfig):
    name = "sources"

    def ready(self) -> None:
        from records.registry import register
        from sources.records import ActorRecord, DocumentRecord, SourceRecord

        register(ActorRecord)
        register(SourceRecord)
        register(DocumentRecord)

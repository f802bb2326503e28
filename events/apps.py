from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "events"

    def ready(self) -> None:
        from events.passages import check_passages
        from events.records import ClaimRecord, EventRecord
        from events.support import check_support
        from records.registry import check, register

        register(EventRecord)
        register(ClaimRecord)
        check(check_passages)
        check(check_support)

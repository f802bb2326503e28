from pathlib import Path

from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "events"

    def ready(self) -> None:
        from events import models
        from events.event_types import values
        from events.passages import check_passages
        from events.records import ClaimRecord, EventRecord
        from events.support import check_support
        from records import vocabularies
        from records.registry import check, register

        register(EventRecord)
        register(ClaimRecord)
        check(check_passages)
        check(check_support)
        vocabularies.register(
            Path(__file__).with_name("vocabularies.yaml"), models, given={"event-types": values}
        )

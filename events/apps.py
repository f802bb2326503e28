from pathlib import Path

from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "events"

    def ready(self) -> None:
        from events import control, duplicates, models, positions
        from events.derivation import derive_arguments
        from events.event_types import values
        from events.imports.acled import Acled
        from events.imports.gdelt import Gdelt
        from events.imports.ninjs import Ninjs
        from events.imports.schemaorg import SchemaOrg
        from events.imports.ucdp import Ucdp
        from events.links import check_links
        from events.passages import check_passages
        from events.records import ClaimRecord, ContradictionRecord, EventRecord
        from events.support import check_support
        from records import imports, vocabularies
        from records.registry import check, derive, register

        register(EventRecord)
        register(ClaimRecord)
        register(ContradictionRecord)
        duplicates.register()
        derive(derive_arguments)
        check(check_passages)
        check(check_links)
        check(check_support)
        imports.register(Ucdp)
        imports.register(Acled)
        imports.register(SchemaOrg)
        imports.register(Ninjs)
        imports.register(Gdelt)
        vocabularies.register(
            Path(__file__).with_name("vocabularies.yaml"),
            models,
            control,
            positions,
            given={"event-types": values},
        )

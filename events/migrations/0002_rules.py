from django.db import migrations

from events.event_types import load_event_types
from records import rules


def load(apps, schema_editor):
    load_event_types(apps.get_model("events", "EventType"))


CLAIM_HAS_A_SUBJECT = migrations.RunSQL(
    """
    create function events_claim_has_a_subject() returns trigger language plpgsql as $$
    begin
        if exists (
            select from events_claim as c
            where c.id = case tg_table_name when 'events_claim' then (to_jsonb(new) ->> 'id')::uuid
                         else (to_jsonb(old) ->> 'claim_id')::uuid end
            and c.event_id is null and c.actor_id is null and c.document_id is null
            and not exists (select from events_claimplace as p where p.claim_id = c.id)
        ) then
            perform dateline_refuse(
                'events_claim_has_a_subject',
                'a claim is about an event, places, an actor or a document: name at least one'
            );
        end if;
        return null;
    end $$;
    create constraint trigger has_a_subject after insert or update on events_claim
        deferrable initially deferred for each row
        when (new.event_id is null and new.actor_id is null and new.document_id is null)
        execute function events_claim_has_a_subject();
    create constraint trigger leaves_a_subject after delete on events_claimplace
        deferrable initially deferred for each row
        execute function events_claim_has_a_subject();
    """,
    """
    drop trigger has_a_subject on events_claim;
    drop trigger leaves_a_subject on events_claimplace;
    drop function events_claim_has_a_subject;
    """,
)


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0001_initial"),
        ("sources", "0002_rules"),
        ("records", "0002_rules"),
    ]

    operations = [
        *rules.of_versions("events_eventrecord"),
        *rules.of_versions("events_claimrecord"),
        *rules.of_versions("events_contradictionrecord"),
        rules.spans_in_text("events_citation", "dateline_spans_end({row}.spans)"),
        CLAIM_HAS_A_SUBJECT,
        rules.no_link_cycle(
            "events_claimlink",
            "claim",
            {"precedes": "same_as", "repeats": None, "supersedes": None},
            of="events_claim",
            named="statement",
        ),
        rules.no_link_cycle(
            "events_eventlink",
            "event",
            {"precedes": "same_as", "part_of": None},
            of="events_event",
            named="title",
        ),
        migrations.RunPython(load, migrations.RunPython.noop),
    ]

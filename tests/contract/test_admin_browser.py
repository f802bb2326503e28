"""The admin in a browser: what its pages do, and what the console of the browser says."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from events.models import Claim
from places.models import Place
from records.models import Curated, ReviewItem
from records.registry import record_of, resources
from tests import factories
from tests.factories import World

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
PASSWORD = "midnight-oil"
WIDTH, HEIGHT = 1280, 900

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        not (CHROMIUM and DRIVER), reason="chromium and chromedriver are not installed"
    ),
]


class Browser:
    """A browser at a server: pages by path, elements by CSS, each waited for."""

    def __init__(self, driver: Any, root: str) -> None:
        self.driver, self.root = driver, root

    def open(self, path: str) -> None:
        """Load a page."""
        self.driver.get(self.root + path)

    def all(self, css: str) -> list[Any]:
        """The elements of the page that a selector finds now."""
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def one(self, css: str) -> Any:
        """The first element that a selector finds, once it is there."""
        waiting = WebDriverWait(self.driver, 10)
        return waiting.until(lambda _: self.all(css), f"{css} is not there")[0]

    def text(self, css: str) -> str:
        """The text of an element, once it is there."""
        return self.one(css).text

    def fill(self, name: str, text: str) -> None:
        """Type a text into a field in place of what it holds."""
        field = self.one(f"[name='{name}']")
        field.clear()
        field.send_keys(text)

    def submit(self, css: str) -> None:
        """Click what leads to another page, and wait for that."""
        page = self.one("html")
        self.one(css).click()
        WebDriverWait(self.driver, 10).until(lambda _: _gone(page), f"{css} led nowhere")

    def choose(self, css: str, text: str, label: str) -> None:
        """Type a text into an autocomplete, and choose the one answer, once it is there."""
        self.one(f"{css} .select2-selection").click()
        self.one(".select2-search__field").send_keys(text)
        WebDriverWait(self.driver, 10).until(lambda _: self.offered() == [label], label)
        self.one(".select2-search__field").send_keys(Keys.ENTER)

    def offered(self) -> list[str]:
        """What the open autocomplete offers now."""
        script = "return [...document.querySelectorAll('.select2-results__option')]"
        return self.driver.execute_script(f"{script}.map(option => option.textContent)")

    def complaints(self) -> list[str]:
        """What the console has said since it was last asked."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def too_wide(self) -> bool:
        """Whether the page scrolls sideways."""
        return self.driver.execute_script(
            "return document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )


def _gone(page: Any) -> bool:
    from selenium.common.exceptions import StaleElementReferenceException

    try:
        page.is_enabled()
    except StaleElementReferenceException:
        return True
    return False


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in (
        *("headless=new", "no-sandbox", "disable-dev-shm-usage", "disable-gpu"),
        *(f"window-size={WIDTH},{HEIGHT}", f"user-data-dir={tmp_path_factory.mktemp('chromium')}"),
    ):
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(executable_path=DRIVER)
    driver = webdriver.Chrome(options=options, service=service)
    yield driver
    driver.quit()


@pytest.fixture
def browser(driver: Any, live_server: Any) -> Browser:
    """A browser that nobody has signed in with."""
    browser = Browser(driver, live_server.url)
    browser.open("/admin/login/")
    driver.delete_all_cookies()
    browser.complaints()
    User.objects.create_superuser("curator", password=PASSWORD)
    return browser


@pytest.fixture
def curator(browser: Browser) -> Browser:
    """A browser that a curator has signed in with."""
    client = Client()
    client.force_login(User.objects.get(username="curator"))
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "path": "/"}
    browser.driver.add_cookie(cookie)
    return browser


@pytest.fixture
def made(transactional_db: None, world: World) -> World:
    """The made-up world, committed, so that the server sees it."""
    return world


def page_of(model: type[Curated], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def standing(browser: Browser) -> str:
    return browser.text(".row-head .standing")


def test_a_curator_signs_in_corrects_a_time_sees_its_bounds_and_publishes(
    made: World, browser: Browser
) -> None:
    browser.open("/admin/events/claim/")
    browser.fill("username", "curator")
    browser.fill("password", PASSWORD)
    browser.submit("[type=submit]")
    claim = Claim.objects.get(pk=made.held)
    rows = browser.all("#result_list tbody tr")
    assert len(rows) == Claim.objects.count()
    assert {row.find_element(By.CSS_SELECTOR, ".standing").text for row in rows} == {"● public"}

    browser.submit(f"#result_list a[href*='{claim.pk}']")
    assert standing(browser) == "● public"
    browser.fill("said_edtf", "2022-13-01")
    browser.submit("[name=_continue]")
    beside = ".form-row div:has(> .errors [name=said_edtf]) > .errorlist"
    assert "there is no month 13" in browser.text(beside)
    assert standing(browser) == "● public"

    browser.fill("said_edtf", "2022-10")
    browser.one("[name=said_precision] option[value='']").click()
    browser.one("[name=said_basis] option[value='text']").click()
    browser.submit("[name=_continue]")
    bounds = browser.text(".field-said_bounds .readonly")
    assert bounds == "2022-10-01 00:00 ≤ time < 2022-11-01 00:00 (UTC)"
    assert standing(browser) == "◐ public, edited"
    assert browser.text(".row-head ul").startswith("said – public: ")

    browser.submit("[name=_publish]")
    assert browser.text(".messagelist .success:last-child").startswith(
        "Published: 2 new versions"
    )  # the dispute follows
    assert standing(browser) == "● public"
    assert factories.body("claims", claim.pk)["said"]["edtf"] == "2022-10"
    assert browser.complaints() == []


def test_rows_are_merged_by_an_autocomplete_and_restored(made: World, curator: Browser) -> None:
    other = factories.public("places", "twin", name="Oak Ford", kind="town")
    curator.open(page_of(Place, "change", other))
    curator.submit(".row-head [value=merge]")
    assert "Oak Ford" in curator.text("#content-main li")
    curator.submit("[type=submit].default")
    assert curator.text(".field-into .errorlist") == "This field is required."
    curator.choose(".field-into", "oakford", "Oakford, Northmark (town)")
    curator.fill("reason", "Two spellings of one name.")
    curator.submit("[type=submit].default")
    assert curator.text(".messagelist .success").startswith("Merged into Oakford")
    assert standing(curator) == "✕ retracted"
    assert Place.objects.get(pk=other).merged_into_id == made.oakford

    curator.submit(".row-head [value=restore]")
    curator.fill("reason", "Two towns after all.")
    curator.submit("[type=submit].default")
    assert standing(curator) == "● public"
    assert curator.complaints() == []


def test_a_place_and_a_citation_are_added_on_the_page_of_a_claim(
    made: World, curator: Browser
) -> None:
    claim = Claim.objects.get(pk=made.held)
    count, cited = claim.places.count(), claim.citations.count()
    curator.open(page_of(Claim, "change", claim.pk))
    curator.one("#places-group .add-row a").click()
    curator.choose(f"#places-{count}", "ferry", "Ferry, Southmark (village)")
    curator.one("#citations-group .add-row a").click()
    curator.choose(f"#citations-{cited} .field-document", "leave", "Troops leave Oakford (article)")
    curator.one(f"[name=citations-{cited}-mode] option[value=paraphrase]").click()
    curator.fill(f"citations-{cited}-spans", "4")
    curator.submit("[name=_continue]")
    assert "4 is no span" in curator.text(f"#citations-{cited} .field-spans .errorlist")
    curator.fill(f"citations-{cited}-spans", "4-9")
    curator.submit("[name=_continue]")
    assert standing(curator) == "◐ public, edited"
    assert claim.places.filter(place=made.ferry).exists()
    assert claim.citations.filter(spans=[[4, 9]]).exists()
    assert curator.complaints() == []


def test_no_page_scrolls_sideways_or_complains(made: World, curator: Browser) -> None:
    ReviewItem.objects.create(
        kind="difference", resource="places", object_id=made.oakford, reason="Another name."
    )
    paths = ["/admin/", *map(reverse, _read_only_lists())]
    for resource in resources():
        model = record_of(resource).shape.model
        row = max(model._default_manager.all(), key=lambda one: len(str(one)))
        paths += [page_of(model, "changelist")]
        paths += [] if record_of(resource).computed else [page_of(model, "add")]
        paths += [page_of(model, "change", row.pk), page_of(model, "history", row.pk)]
    wrong = {}
    for path in paths:
        curator.open(path)
        assert curator.all("#user-tools"), path
        if found := ["too wide"] * curator.too_wide() + curator.complaints():
            wrong[path] = found
    assert wrong == {}


def _read_only_lists() -> list[str]:
    versions = [record_of(resource)._meta for resource in resources()]
    of_versions = [f"admin:{o.app_label}_{o.model_name}_changelist" for o in versions]
    names = ("dataset", "reviewitem", "changeset", "change", "origin", "refresh", "erasure")
    return [*of_versions, *(f"admin:records_{name}_changelist" for name in names)]

"""Swagger UI and Redoc in a browser that reaches no other host."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

#: What Redoc would show from its maker's host; the security policy forbids it.
LOGO = "https://cdn.redoc.ly/redoc/logo-mini.svg"

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        CHROMIUM is None or DRIVER is None,
        reason="chromium and chromedriver are not installed (Debian: chromium, chromium-driver)",
    ),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A Chromium without a window that finds no host but this one."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for argument in (
        "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1280,1000",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
    ):  # fmt: skip
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


def complaints(browser: Any) -> list[str]:
    """What the console says of errors and of the security policy."""
    return [e["message"] for e in browser.get_log("browser") if e["level"] in ("SEVERE", "WARNING")]


def asked_elsewhere(browser: Any, home: str) -> list[str]:
    """Addresses of other hosts that the page asked for."""
    log = [entry["message"] for entry in browser.get_log("performance")]
    urls = [
        part.partition('"')[0]
        for message in log
        if "Network.requestWillBeSent" in message
        for part in message.split('"url":"')[1:]
    ]
    return [url for url in urls if not url.startswith((home, "data:", "blob:", LOGO))]


def shows(browser: Any, *texts: str) -> None:
    """Wait until the page shows all texts."""

    def found(driver: Any) -> bool:
        page = driver.find_element(By.TAG_NAME, "body").text
        return all(text in page for text in texts)

    WebDriverWait(browser, 30).until(found, f"{texts} do not appear")


def test_swagger_ui_lists_every_operation_and_opens_one(browser: Any, live_server: Any) -> None:
    browser.get(live_server.url + reverse("docs"))
    shows(browser, "Dateline", "/api/v1/places/", "/api/v1/claims/{id}/", "/api/v1/search/")
    operation = browser.find_element(By.ID, "operations-claims-claims_list")
    operation.find_element(By.CSS_SELECTOR, "button.opblock-summary-control").click()
    shows(browser, "control_status", "said_since", "Example Value")
    assert complaints(browser) == []
    assert asked_elsewhere(browser, live_server.url) == []


def test_redoc_shows_the_document(browser: Any, live_server: Any) -> None:
    browser.get(live_server.url + reverse("redoc"))
    shows(browser, "Dateline", "List claims", "List places", "Search everything")
    assert [text for text in complaints(browser) if LOGO not in text] == []
    assert asked_elsewhere(browser, live_server.url) == []

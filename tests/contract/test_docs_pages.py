"""Swagger UI and Redoc in a browser that reaches no other host."""

import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse

from config.api import docs
from tests.factories import World

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

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
    """Addresses of other hosts that the page asked for, forbidden ones too."""
    log = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = [
        message["params"]["request"]["url"]
        for message in log
        if message["method"] == "Network.requestWillBeSent"
    ]
    assert any(url.startswith(f"{home}/") for url in urls), "no request was seen"
    return [url for url in urls if not url.startswith((f"{home}/", "data:", f"blob:{home}/"))]


def summaries() -> list[str]:
    """The summary of every operation of the document."""
    paths = json.loads(docs.document("json"))["paths"].values()
    return [operation["summary"] for operations in paths for operation in operations.values()]


def shows(browser: Any, *texts: str) -> None:
    """Wait until the page shows all texts."""

    def found(driver: Any) -> bool:
        page = driver.execute_script("return document.body.innerText")
        return all(text in page for text in texts)

    WebDriverWait(browser, 30).until(found, f"{texts} do not appear")


def test_swagger_ui_lists_every_operation_and_tries_one_out(
    browser: Any, live_server: Any, world: World
) -> None:
    browser.get(live_server.url + reverse("docs"))
    shows(browser, "Dateline", *summaries())
    operation = browser.find_element(By.ID, "operations-events-events_list")
    operation.find_element(By.CSS_SELECTOR, "button.opblock-summary-control").click()
    shows(browser, "participant", "certainly", "Example Value")
    operation.find_element(By.CSS_SELECTOR, "button.try-out__btn").click()
    operation.find_element(By.CSS_SELECTOR, "button.execute").click()
    shows(browser, "Response body", "Withdrawal from Oakford", "dateline-seq:")
    assert complaints(browser) == []
    assert asked_elsewhere(browser, live_server.url) == []


def test_redoc_shows_every_operation(browser: Any, live_server: Any) -> None:
    browser.get(live_server.url + reverse("redoc"))
    # At the line in the end of its menu Redoc has a picture from its maker's host, and here none.
    shows(browser, "Dateline", *summaries(), "API docs by Redocly")
    assert complaints(browser) == []
    assert asked_elsewhere(browser, live_server.url) == []

"""A page of another origin, in the browser of this machine's owner, gets nothing."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from embeddedaws import Answering
from local.site import gallery

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from local.site import Site

TRY = """
async (urls) => {
    const read = async (url, options) => {
        try {
            const answer = await fetch(url, options);
            return answer.type === "opaque" ? "opaque" : await answer.text();
        } catch (error) {
            return "refused";
        }
    };
    const show = (url) => new Promise((resolve) => {
        const image = new Image();
        image.onload = () => resolve("shown");
        image.onerror = () => resolve("refused");
        image.src = url;
    });
    const results = {};
    for (const [name, url] of Object.entries(urls)) {
        const posted = await read(url, { method: "POST", body: "{}" });
        results[name] = [await read(url), posted, await show(url)];
    }
    return results;
}
"""


@pytest.fixture(scope="module")  # a process can run one embedded AWS at a time
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    dist = tmp_path_factory.mktemp("dist")
    (dist / "index.html").write_text("<!doctype html>")
    with gallery(functions=Answering(), dist=dist) as running:
        yield running


@contextmanager
def page_elsewhere() -> Iterator[int]:
    """Serve an empty page; yield its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html>")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def elsewhere(browser: Browser) -> Iterator[Page]:
    """Return a page of another site."""
    with page_elsewhere() as port, browser.new_context() as context:
        page = context.new_page()
        page.goto(f"http://elsewhere.example:{port}/")
        yield page


def test_it_reads_neither_the_configuration_nor_a_photo(site: Site, elsewhere: Page) -> None:
    site.stack.s3.put_object(Bucket=site.stack.photos_bucket, Key="a", Body=b"private")
    aws = site.stack.endpoint_url
    urls = {
        "the page": site.url,
        "its configuration": f"{site.url}config.json",
        "a photo": f"{aws}/{site.stack.photos_bucket}/a",
        "moto": f"{aws}/moto-api/data.json",
        "the reset": f"{aws}/moto-api/reset",
    }

    results = elsewhere.evaluate(TRY, urls)

    assert results == {name: ["refused"] * 3 for name in urls}
    assert site.stack.s3.head_object(Bucket=site.stack.photos_bucket, Key="a"), "nothing is reset"


def test_a_name_that_resolves_to_this_machine_gets_nothing(site: Site, elsewhere: Page) -> None:
    """DNS rebinding: for the browser, the page and this machine are then of one origin."""
    site.stack.s3.put_object(Bucket=site.stack.photos_bucket, Key="a", Body=b"private")
    aws = f"{site.stack.endpoint_url}/{site.stack.photos_bucket}/a"
    for url, secret in ((f"{site.url}config.json", site.account.password), (aws, "private")):
        answer = elsewhere.goto(url.replace("127.0.0.1", "rebound.example"))
        assert answer is not None
        assert answer.status == HTTPStatus.FORBIDDEN
        assert secret not in answer.text()

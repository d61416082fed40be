"""The session: renewed after an hour, ended, kept across tabs; and passwords."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from browsing import catch_up, choose, expect_soon, open_page, photo, write
from local.site import USERNAME

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page, Request

    from local.site import Site

pytest.importorskip("playwright")
from playwright.sync_api import expect

NEW_PASSWORD = "Another-Password-2"  # of an account that exists in this process only


def asked_of_cognito(page: Page) -> list[str]:
    """Return the names of the operations of Cognito that the page calls from now on."""
    names: list[str] = []

    def note(request: Request) -> None:
        target = request.headers.get("x-amz-target", "")
        if "Cognito" in target and request.method == "POST":
            names.append(target.rpartition(".")[2])

    page.on("request", note)
    return names


def revoke(site: Site) -> None:
    """End all sessions of the user, as an administrator does."""
    site.stack.client("cognito-idp").admin_user_global_sign_out(
        UserPoolId=site.account.user_pool_id, Username=USERNAME
    )


@pytest.fixture
def password_is_restored(site: Site) -> Iterator[None]:
    yield
    site.stack.client("cognito-idp").admin_set_user_password(
        UserPoolId=site.account.user_pool_id,
        Username=USERNAME,
        Password=site.account.password,
        Permanent=True,
    )


@pytest.fixture
def later(page: Page, monkeypatch: pytest.MonkeyPatch) -> Page:
    """Return the page with a clock that can be moved, by hours away from that of the AWS."""
    monkeypatch.setattr("local.gate.CLOCK_SKEW_SECONDS", 7_200)  # in AWS an hour passes too
    page.clock.install()
    page.reload()
    page.get_by_role("button", name="Sign out").wait_for()
    return page


def test_a_session_is_renewed_after_an_hour(
    later: Page, page_errors: list[str], tmp_path: Path
) -> None:
    asked = asked_of_cognito(later)

    later.clock.fast_forward("01:01:00")
    later.get_by_role("link", name="Albums").click()
    choose(later, *write(tmp_path, hour=photo(250, 300)), album="Later")

    expect(later.locator(".item")).to_contain_text("Ready after")
    catch_up(later)
    assert "GetTokensFromRefreshToken" in asked
    assert "GetCredentialsForIdentity" in asked
    assert "InitiateAuth" not in asked
    expect(later.get_by_role("dialog")).to_have_count(0)
    assert page_errors == []


def test_a_session_that_ended_asks_for_the_password_and_goes_on(
    later: Page, site: Site, tmp_path: Path
) -> None:
    choose(later, *write(tmp_path, before=photo(260, 300)), album="Ended")
    expect(later.locator(".item")).to_contain_text("Ready after")
    revoke(site)
    later.clock.fast_forward("01:01:00")

    choose(later, *write(tmp_path, after=photo(261, 300)), album="Ended")

    dialog = later.get_by_role("dialog", name="Your session has ended")
    expect(dialog.get_by_label("User name or email")).to_have_value(USERNAME)
    expect(dialog.get_by_label("Password")).to_be_focused()
    later.keyboard.press("Escape")
    dialog.get_by_label("Password").fill("wrong")
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog.get_by_role("alert")).to_have_text("Incorrect username or password.")
    dialog.get_by_label("Password").fill(site.account.password)
    with later.expect_response(lambda answer: answer.url.endswith("/edits")):  # who the owner is
        dialog.get_by_role("button", name="Sign in").click()

    expect(dialog).to_have_count(0)
    expect(later.get_by_text("2 of 2 photos ready")).to_be_visible()


def test_a_person_who_wants_it_stays_signed_in_in_other_tabs_and_after_a_restart(
    visitor: Page, site: Site, page_errors: list[str]
) -> None:
    visitor.get_by_label("Stay signed in").check()
    visitor.get_by_role("button", name="Sign in").click()
    visitor.get_by_role("button", name="Sign out").wait_for()

    other = visitor.context.new_page()  # without the storage of the first tab
    open_page(other, site.url)
    expect(other.get_by_role("button", name="Sign out")).to_be_visible()
    other.get_by_role("button", name="Sign out").click()

    expect(other.get_by_role("button", name="Sign in")).to_be_visible()
    expect(visitor.get_by_role("button", name="Sign in")).to_be_visible()  # and no photo
    assert page_errors == []


def test_a_tab_is_loaded_again_when_somebody_else_has_signed_in_in_another_tab(
    visitor: Page, site: Site
) -> None:
    visitor.get_by_label("Stay signed in").check()
    visitor.get_by_role("button", name="Sign in").click()
    visitor.get_by_role("button", name="Sign out").wait_for()
    other = visitor.context.new_page()
    open_page(other, site.url)

    with visitor.expect_event("load"):
        other.evaluate(
            """() => {
              const session = JSON.parse(localStorage.getItem("gallery.session"));
              const changed = {...session, identityId: `${session.identityId}-of-somebody-else`};
              localStorage.setItem("gallery.session", JSON.stringify(changed));
            }"""
        )


def test_a_person_who_does_not_want_it_is_signed_out_in_a_new_tab(page: Page, site: Site) -> None:
    tokens = "Object.values(localStorage).filter((value) => value.startsWith('ey')).length"
    assert page.evaluate(tokens) == 0

    other = page.context.new_page()
    open_page(other, site.url)

    expect(other.get_by_role("button", name="Sign in")).to_be_visible()


@pytest.mark.usefixtures("password_is_restored")
def test_a_forgotten_password_is_replaced_by_a_code(visitor: Page, page_errors: list[str]) -> None:
    asked = asked_of_cognito(visitor)
    visitor.get_by_role("button", name="Forgot your password?").click()
    expect(visitor.get_by_label("User name or email")).to_have_value(USERNAME)
    visitor.get_by_role("button", name="Send a code").click()
    visitor.get_by_label("Code").fill("123456")
    visitor.get_by_label("Choose a new password").fill(NEW_PASSWORD)
    visitor.get_by_role("button", name="Sign in").click()

    expect(visitor.get_by_role("button", name="Sign out")).to_be_visible()
    catch_up(visitor)
    assert asked[:2] == ["ForgotPassword", "ConfirmForgotPassword"]
    assert page_errors == []


@pytest.mark.usefixtures("password_is_restored")
def test_a_password_is_changed_in_the_account(page: Page, site: Site) -> None:
    page.get_by_role("button", name="Account").click()
    dialog = page.get_by_role("dialog", name=USERNAME)
    dialog.get_by_label("Password", exact=True).fill("wrong")
    dialog.get_by_label("New password").fill(NEW_PASSWORD)
    dialog.get_by_role("button", name="Change the password").click()
    expect(dialog.get_by_role("alert")).to_have_text(re.compile("."))

    dialog.get_by_label("Password", exact=True).fill(site.account.password)
    dialog.get_by_role("button", name="Change the password").click()

    form = dialog.get_by_role("form", name="Change your password")
    expect(form.get_by_role("status")).to_have_text("The password is changed.")
    dialog.get_by_role("button", name="Close account").click()
    expect(dialog).to_have_count(0)
    pools = site.stack.client("cognito-idp")
    pools.admin_initiate_auth(
        UserPoolId=site.account.user_pool_id,
        ClientId=site.account.user_pool_client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": USERNAME, "PASSWORD": NEW_PASSWORD},
    )


def test_a_person_finds_and_copies_the_id_that_the_operator_knows_them_by(
    page: Page, site: Site, page_errors: list[str]
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Account").click()
    shown = page.get_by_role("region", name="Your owner ID")

    shown.get_by_role("button", name="Copy the ID").click()

    expect(shown.get_by_role("status")).to_have_text("Copied")
    expect(shown.get_by_role("code")).to_have_text(site.account.owner)
    expect_soon(page, lambda: page.evaluate("navigator.clipboard.readText()"), site.account.owner)
    assert page_errors == []


def test_a_sign_in_lets_api_gateway_say_which_user_the_owner_is(visitor: Page, site: Site) -> None:
    with visitor.expect_response(lambda answer: answer.url.endswith("/edits")):
        visitor.get_by_role("button", name="Sign in").click()

    row = site.stack.dynamodb.get_item(
        TableName=site.stack.table,
        Key={"pk": {"S": site.account.owner}, "sk": {"S": "owner"}},
        ConsistentRead=True,
    )

    assert f"{site.account.user_pool_id}:CognitoSignIn:" in row["Item"]["login"]["S"]

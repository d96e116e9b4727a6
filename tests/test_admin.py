"""The page of the admin: who sees it, what can't be done there, and what it asks of the database."""

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_django
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.db import connection
from django.test import Client

PAGE = "/admin/downtime/period/"
OPEN = "periods:\n  - {name: now, start: 2020-01-01, message: Faster disks.}\n"

pytestmark = pytest.mark.usefixtures("with_admin")


@pytest.mark.parametrize("who", ["staff", "superuser"])
def test_the_index_lists_the_periods_for_every_staff_user(who: str, request: pytest.FixtureRequest) -> None:
    index = request.getfixturevalue(who).get("/admin/").content.decode()
    assert f'<a href="{PAGE}"' in index
    assert "Downtime" in index
    assert "Periods" in index
    assert f"{PAGE}add/" not in index


def test_the_page_has_the_admin_s_own_frame(staff: Client) -> None:
    page = staff.get(PAGE).content.decode()
    assert "<h1>Downtime</h1>" in page
    breadcrumbs = page.partition('class="breadcrumbs"')[2].partition("Periods")[0]
    assert '<a href="/admin/">Home</a>' in breadcrumbs
    assert '<a href="/admin/downtime/">Downtime</a>' in breadcrumbs
    assert 'href="/static/downtime/admin.css"' in page
    assert 'src="/static/downtime/admin.js"' in page
    assert "Downtime" in staff.get("/admin/downtime/").content.decode()


@pytest.mark.parametrize(
    "path", [PAGE, *(f"{PAGE}{name}/" for name in ("state", "visit", "preview", "add", "1/change"))]
)
@pytest.mark.parametrize(
    "user", [None, {"is_staff": False}, {"is_staff": True, "is_active": False}], ids=["nobody", "visitor", "inactive"]
)
def test_others_are_asked_to_log_in(client: Client, path: str, user: dict[str, Any] | None) -> None:
    if user is not None:
        client.force_login(User.objects.create_user("other", **user))
    answer = client.get(f"{PAGE}{path}")
    assert (answer.status_code, answer["Location"]) == (302, f"/admin/login/?next={PAGE}{path}")


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("who", ["staff", "superuser"])
@pytest.mark.parametrize("action", ["add/", "1/change/", "1/delete/", "1/history/", "now/change/"])
def test_nothing_can_be_added_changed_or_deleted(
    who: str, method: str, action: str, request: pytest.FixtureRequest, schedule: Path
) -> None:
    schedule.write_text(OPEN)
    client = request.getfixturevalue(who)
    answer = getattr(client, method)(f"{PAGE}{action}", {"name": "other"} if method == "post" else None)
    assert answer.status_code == 403
    assert schedule.read_text() == OPEN


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("path", ["", "state/", "visit/?path=/", "preview/?period=0"])
def test_the_page_itself_takes_nothing(superuser: Client, method: str, path: str, schedule: Path) -> None:
    schedule.write_text(OPEN)
    assert superuser.get(f"{PAGE}{path}").status_code == 200
    assert getattr(superuser, method)(f"{PAGE}{path}", {"action": "delete_selected"}).status_code == 403
    assert schedule.read_text() == OPEN


def test_no_action_is_offered(superuser: Client, schedule: Path) -> None:
    schedule.write_text(OPEN)
    page = superuser.get(PAGE).content.decode()
    for part in ("delete_selected", "action-checkbox", f"{PAGE}add/", "/change/"):
        assert part not in page


@pytest.mark.parametrize(
    "path", ["", "?q=now&o=1&state=active", "state/", "visit/?path=/&method=GET", "preview/?period=0"]
)
def test_it_asks_the_database_for_the_session_and_the_user_alone(
    superuser: Client, path: str, schedule: Path, django_assert_num_queries: Callable[[int], Any]
) -> None:
    schedule.write_text(OPEN)
    with django_assert_num_queries(2) as asked:
        assert superuser.get(f"{PAGE}{path}").status_code == 200
    assert [table for table in ("django_session", "auth_user") if table in str(asked.captured_queries)] == [
        "django_session",
        "auth_user",
    ]


@pytest.mark.parametrize("who", ["staff", "superuser"])
def test_it_needs_no_table_but_that_of_the_users(
    who: str,
    settings: pytest_django.Settings,
    request: pytest.FixtureRequest,
    schedule: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What else a staff user may see is asked of the permissions; the page then stands without that list."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    client = request.getfixturevalue(who)
    schedule.write_text(OPEN)
    with connection.cursor() as cursor:
        for table in set(connection.introspection.table_names(cursor)) - {"auth_user"}:
            cursor.execute(f"DROP TABLE {connection.ops.quote_name(table)}")
    answer = client.get(PAGE)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "The site is down" in page
    assert "Faster disks." in page
    assert ("nav-sidebar" in page) is (who == "superuser")
    assert client.get(f"{PAGE}state/").json()["state"] == "down"
    assert client.get(f"{PAGE}add/").status_code == 403
    assert "REFUSED" in client.get(f"{PAGE}visit/?path=/&method=GET").content.decode()
    assert "Faster disks." in client.get(f"{PAGE}preview/?period=0").content.decode()
    if who == "staff":
        assert "without the list of the other apps: no such table: " in caplog.text
    # The site itself is as before.
    assert admin.site.enable_nav_sidebar
    assert "get_app_list" not in vars(admin.site)


def test_an_admin_site_of_one_s_own_shows_it_to_whom_it_lets_in(
    client: Client, flag: Path, settings: pytest_django.Settings
) -> None:
    settings.DOWNTIME_EXEMPT_PATHS = ["/office"]
    client.force_login(User.objects.create_user("customer"))
    assert client.get(PAGE).status_code == 302
    page = client.get("/office/downtime/period/").content.decode()
    assert 'data-url="/office/downtime/period/state/"' in page
    assert '<a href="/office/downtime/">Downtime</a>' in page
    flag.touch()
    assert client.get("/office/downtime/period/state/").json()["state"] == "down"
    assert client.get("/office/downtime/period/add/").status_code == 403


def test_each_colour_of_a_theme_has_a_fallback_for_themes_that_have_none() -> None:
    style = Path(finders.find("downtime/admin.css")).read_text()
    used = re.findall(r"var\(([^,()]+)(,?)", style)
    assert len(used) >= 5
    assert [name for name, comma in used if not comma] == []


def test_the_state_is_told_as_json(staff: Client, flag: Path) -> None:
    told = staff.get(f"{PAGE}state/").json()
    assert {**told, "version": ""} == {"state": "up", "status": "The site is up", "version": ""}
    assert len(told["version"]) == 16
    flag.touch()
    answer = staff.get(f"{PAGE}state/")
    assert answer["Content-Type"] == "application/json"
    assert "no-store" in answer["Cache-Control"]
    assert answer.json()["state"] == "down"
    assert answer.json()["status"].startswith("The site is down · since ")
    assert re.search(rf'data-state="down" data-version="\w+" data-url="{PAGE}state/"', staff.get(PAGE).content.decode())


@pytest.mark.parametrize(("who", "status"), [("staff", 403), ("superuser", 200)])
def test_a_subclass_of_one_s_own_may_keep_it_from_some(
    who: str, status: int, request: pytest.FixtureRequest, schedule: Path
) -> None:
    schedule.write_text("periods: [{start: 2999-01-01}]")
    client = request.getfixturevalue(who)
    for path in ("", "state/", "visit/", "preview/?period=0"):
        assert client.get(f"/closed/downtime/period/{path}").status_code == status
    assert ("/closed/downtime/period/" in client.get("/closed/").content.decode()) is (status == 200)


def test_no_table_migration_content_type_or_permission_is_its_own() -> None:
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
    assert [table for table in tables if table.startswith("downtime")] == []
    assert not ContentType.objects.filter(app_label="downtime").exists()
    assert not Permission.objects.filter(content_type__app_label="downtime").exists()


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["makemigrations", "--check", "--dry-run"], "No changes detected\n"),
        (["migrate", "--check"], ""),
        (["showmigrations", "downtime"], "downtime\n (no migrations)\n"),
        (["sqlflush"], None),
        (["dumpdata"], None),
        (["check", "--tag", "admin", "--tag", "models", "--tag", "downtime", "--fail-level", "DEBUG"], None),
        (["remove_stale_contenttypes", "--no-input"], ""),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_the_commands_behave_as_if_it_were_not_there(
    settings: pytest_django.Settings, command: list[str], said: str | None
) -> None:
    settings.DOWNTIME_EXEMPT_PATHS = ["/admin", "/office", "/closed"]
    output = io.StringIO()
    call_command(*command, stdout=output, stderr=output)
    assert said in (None, output.getvalue())
    assert command[0] in ("showmigrations", "check") or "downtime" not in output.getvalue()

"""The keys that programs read, as plain values."""

from datetime import datetime, timedelta, timezone

from downtime.files.disk import Fingerprint
from downtime.files.fields import Problem
from downtime.files.flag_file import Flag, Flags
from downtime.files.parser import Parsed
from downtime.files.schedule_file import Loaded
from downtime.management.base import State
from downtime.management.status_json import as_dict
from downtime.schedule.periods import NEVER, Period, Schedule
from downtime.visit import Visit

NOW = datetime(2026, 12, 1, 12, tzinfo=timezone.utc)
FLAG = Flag("/srv/downtime.flag", Fingerprint(0, 0, 0, 0, 0), Period(NOW - timedelta(hours=1), read_only=True))
SHOP = Period(NOW - timedelta(hours=2), NOW + timedelta(hours=1, microseconds=1), name="shop", paths=("/shop",))
UPGRADE = Period(NOW + timedelta(minutes=30), NOW + timedelta(hours=3), line=7)


def state(*periods: Period, flags: tuple[Flag, ...] = (), problems: tuple[Problem, ...] = ()) -> State:
    schedule = Schedule(periods)
    loaded = Loaded("/srv/downtime.yml", Fingerprint(0, 0, 0, 0, 0), Parsed(schedule, problems))
    return State(NOW, Flags(flags), loaded, schedule.at(NOW, [flag.period for flag in flags]))


def test_all_that_is_refused_is_there_with_its_causes_and_what_comes() -> None:
    found = as_dict(state(SHOP, UPGRADE, flags=(FLAG,)), (), None)
    keys = ("at", "state", "since", "until", "refused", "next", "doubts", "if_started_now", "down")
    assert {key: found[key] for key in keys} == {
        "at": "2026-12-01T13:00:00+01:00",
        "state": "partly",
        "since": "2026-12-01T11:00:00+01:00",
        "until": None,
        "refused": [
            {"read_only": False, "paths": ["/shop"], "since": "2026-12-01T11:00:00+01:00", "because": ["shop"]},
            {
                "read_only": True,
                "paths": [],
                "since": "2026-12-01T12:00:00+01:00",
                "because": ["flag /srv/downtime.flag"],
            },
        ],
        "next": {
            "at": "2026-12-01T13:30:00+01:00",
            "state": "down",
            "refused": [
                {
                    "read_only": False,
                    "paths": [],
                    "since": "2026-12-01T13:30:00+01:00",
                    "because": ["the period on line 7"],
                }
            ],
        },
        "doubts": [],
        "if_started_now": None,
        "down": True,
    }


def test_an_end_is_the_second_after_which_nothing_is_refused() -> None:
    assert as_dict(state(SHOP), (), None)["until"] == "2026-12-01T14:00:01+01:00"


def test_of_a_state_in_doubt_it_is_told_by_what_a_process_that_starts_now_goes() -> None:
    found = as_dict(state(SHOP, problems=(Problem(3, "it is wrong"),)), (), None)
    assert (found["state"], found["doubts"], found["refused"], found["down"]) == ("unknown", ["schedule"], [], True)
    started = found["if_started_now"]
    assert (started["state"], started["until"]) == ("partly", "2026-12-01T14:00:01+01:00")
    assert started["refused"][0]["because"] == ["shop"]
    assert found["problems"] == ["/srv/downtime.yml:3: it is wrong"]


def test_a_request_is_there_only_if_it_was_asked_about() -> None:
    shop = state(SHOP)
    assert "request" not in as_dict(shop, (), None)
    visit = Visit("/shop/x", "POST", shop.answer.active[0], NEVER, "downtime_exempt")
    assert as_dict(shop, (), visit)["request"] == {
        "path": "/shop/x",
        "method": "POST",
        "at": "2026-12-01T13:00:00+01:00",
        "refused": False,
        "period": "shop",
        "until": None,
        "exempt_by": "downtime_exempt",
    }

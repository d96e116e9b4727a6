import json
from collections.abc import Callable
from pathlib import Path

from downtime.standin.answers import Answers
from downtime.standin.options import Options
from tests.support.waiting import wait_until

MakeOptions = Callable[..., Options]


def test_while_the_site_is_up_there_is_none(options: MakeOptions) -> None:
    answers = Answers(options())
    assert not answers.is_down()
    assert answers.to("GET", "", is_script=False) is None
    assert not answers.is_due()


def test_each_kind_of_request_gets_its_own_and_the_same_one_until_the_next_look(
    options: MakeOptions, flag: Path, tmp_path: Path
) -> None:
    (tmp_path / "downtime.html").write_text("the page")
    flag.write_text("Faster disks.")
    answers = Answers(options())
    page, by_post = answers.to("GET", "", is_script=False), answers.to("POST", "", is_script=True)
    assert page is not None
    assert by_post is not None
    assert page.body == b"the page"
    assert json.loads(by_post.body)["detail"] == "Faster disks.\nWhat was sent was not saved."
    assert answers.to("HEAD", "text/html", is_script=False) is page
    assert answers.is_down()
    (tmp_path / "downtime.html").write_text("another page")

    def is_new() -> bool:
        answer = answers.to("GET", "", is_script=False)
        return answer is not None and answer.body == b"another page"

    wait_until(is_new, what="the other page is shown")


def test_while_the_site_comes_back_a_request_is_to_be_sent_again_at_once(options: MakeOptions) -> None:
    answer = Answers(options()).once_more("GET", "application/json", is_script=False)
    assert dict(answer.headers)["Retry-After"] == "1"
    assert json.loads(answer.body)["retry_after"] == 1

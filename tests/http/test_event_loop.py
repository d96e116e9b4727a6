import pytest

from downtime.http.event_loop import at_once, may_block


def blocks(before: object) -> str:
    try:
        may_block()
    except Exception:  # as the code that guards against whatever a site raises
        return "taken for an error of the site"
    return f"after {before}"


def test_what_may_block_is_not_done_at_once() -> None:
    assert at_once(blocks, "it") is None


def test_what_can_not_block_is_done_at_once() -> None:
    assert at_once("{}{}".format, 1, 2) == "12"


def test_what_may_block_does_so_anywhere_else_and_afterwards() -> None:
    assert blocks("nothing") == "after nothing"
    at_once(blocks, "it")
    assert blocks("it") == "after it"


def test_an_error_is_raised_and_leaves_nothing_behind() -> None:
    with pytest.raises(ZeroDivisionError):
        at_once(divmod, 1, 0)
    may_block()


def test_a_decision_within_a_decision_leaves_the_outer_one_in_the_loop() -> None:
    assert at_once(lambda: [at_once(divmod, 7, 2), at_once(may_block)]) == [(3, 1), None]
    assert at_once(lambda: (at_once(divmod, 7, 2), may_block())) is None

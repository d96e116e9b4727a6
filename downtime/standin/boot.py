"""Decides at the start of a process whether it serves the site itself, or a stand-in until the site is up again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from downtime.standin.agreement import tell_differences
from downtime.standin.answers import Answers
from downtime.standin.loader import CannotLoad, Loader, Spoiled
from downtime.standin.options import Options

logger = logging.getLogger("downtime.guard")


def boot(options: Options, stand_in: Callable[[Answers, Loader], Any]) -> Any:
    """The application itself; or, while the site is down and can't be loaded, a stand-in for it."""
    answers, loader = Answers(options), Loader(options)
    if not answers.is_down():
        try:
            application = options.application()
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException:  # whatever it is: it is raised again, or spoil() logs it
            if not Answers(options).is_down():  # a new look, because the deploy may have begun during the load
                raise
            loader.spoil()
        else:
            tell_differences(options)
            return application
    with suppress(CannotLoad, Spoiled):
        return loader.load()
    logger.warning("the site is down and can't be loaded; each request gets 503 until it is up again")
    return stand_in(answers, loader)

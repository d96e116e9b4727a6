"""The page of last resort, which needs no template engine, translation, setting or Django."""

from __future__ import annotations

from html import escape

BUILT_IN_PAGE = (
    '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
    '<meta name="turbo-visit-control" content="reload">'
    "<title>Down for maintenance</title></head>"
    "<body><main><h1>Down for maintenance</h1><p>Please try again a little later.</p></main></body></html>\n"
)
"""The page without a message, for a request that only reads."""

_NOT_SAVED = "<p>What you have just sent was not saved. Keep this page open, and send it again later.</p></main>"


def built_in_page(message: str, *, was_sent: bool) -> str:
    """The page with the message, escaped; `was_sent` says whether the request would have changed something."""
    page = BUILT_IN_PAGE.replace("</main>", _NOT_SAVED) if was_sent else BUILT_IN_PAGE
    if not message:
        return page
    text = escape(message.encode("utf-8", "replace").decode())  # half a surrogate pair can't be sent
    return page.replace("</h1>", f"</h1><p>{text}</p>")

"""The page of last resort, which needs no template engine, no translation, no setting and no Django."""

BUILT_IN_PAGE = (
    '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
    '<meta name="turbo-visit-control" content="reload">'
    "<title>Down for maintenance</title></head>"
    "<body><main><h1>Down for maintenance</h1><p>Please try again a little later.</p></main></body></html>\n"
)

NOT_SAVED = "<p>What you have just sent was not saved. Keep this page open, and send it again later.</p></main>"
"""Takes the place of `</main>` in the answer to a request that would have changed something."""

"""The Content-Security-Policy of the app's own page, whose style and script are inline."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256


def inline_hashes(page: str, element: str) -> list[str]:
    """The source expression (CSP level 3, section 2.3.1) of each `element`, style or script, without attributes."""
    texts = re.findall(f"<{element}>(.*?)</{element}>", page, re.DOTALL)
    return [f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in texts]


def policy(page: str) -> str:
    """The policy that allows a page its own style, an empty icon, and its own script, which may ask only this site."""
    style, script = (" ".join(inline_hashes(page, element)) for element in ("style", "script"))
    allowed = f"style-src {style}; script-src {script}; connect-src 'self'; img-src data:"
    return f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"

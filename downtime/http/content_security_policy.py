"""The Content-Security-Policy of the app's own page, which has its style within it."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256

_STYLE = re.compile("<style>(.*?)</style>", re.DOTALL)


def style_hashes(page: str) -> list[str]:
    """The source expression (CSP level 3, section 2.3.1) of each style element of the page."""
    digests = (sha256(style.encode()).digest() for style in _STYLE.findall(page))
    return [f"'sha256-{b64encode(digest).decode()}'" for digest in digests]


def policy(page: str) -> str:
    """The policy under which a page is shown with its own style and an empty icon, and can fetch nothing at all."""
    styles = " ".join(style_hashes(page))
    return f"default-src 'none'; style-src {styles}; img-src data:; base-uri 'none'; form-action 'none'"

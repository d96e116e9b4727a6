"""How many examples a property is tried with: the number that it asks for in CI, a tenth of that elsewhere."""

from typing import Any

import hypothesis

from tests.support.programs import IS_CI


def examples(count: int, **more: Any) -> hypothesis.settings:
    """The decorator for a property that needs `count` examples; `more` as in hypothesis.settings."""
    return hypothesis.settings(max_examples=count if IS_CI else count // 10, deadline=None, **more)

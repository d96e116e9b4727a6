import pytest

from downtime.http.site_code import call


def twice(number: int) -> int:
    return 2 * number


async def twice_async(number: int) -> int:
    return 2 * number


class Twice:
    async def __call__(self, number: int) -> int:
        return 2 * number


instance = Twice()


@pytest.mark.parametrize("name", ["twice", "twice_async", "instance"])
def test_what_is_called_may_be_sync_or_async(name: str) -> None:
    assert call(f"tests.http.test_calling.{name}", 4) == 8


@pytest.mark.parametrize("name", ["nowhere", "no.such.module", "tests.http.test_calling.nothing", "tests..x", ""])
def test_what_is_not_there_raises_import_error(name: str) -> None:
    with pytest.raises(ImportError):
        call(name)

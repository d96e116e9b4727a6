import pytest
from django.http import HttpResponse

from downtime.http.cdn_headers import remove_cdn_headers


@pytest.mark.parametrize(
    "name",
    [
        "CDN-Cache-Control",
        "Cloudflare-CDN-Cache-Control",
        "Vercel-CDN-Cache-Control",
        "X-LiteSpeed-Cache-Control",
        "Surrogate-Control",
        "Edge-Control",
        "X-Accel-Expires",
        "x-accel-expires",
    ],
)
def test_what_only_a_cache_in_front_reads_goes(name: str) -> None:
    response = HttpResponse(headers={name: "max-age=600"})
    assert list(remove_cdn_headers(response).headers) == ["Content-Type"]


@pytest.mark.parametrize("name", ["Cache-Control", "Expires", "Surrogate-Key", "Cache-Tag", "X-Accel-Buffering"])
def test_what_everybody_reads_stays_and_so_do_tags(name: str) -> None:
    response = HttpResponse(headers={name: "1"})
    assert remove_cdn_headers(response)[name] == "1"

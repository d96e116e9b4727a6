#!/bin/sh
# Follows a document on a web server or in a bucket, which has to send an ETag: what apply_flag.sh reads, by https, as whoever
# can change it can take the site down. Each host runs it, as a service that is always started again. Change: the URL, the
# flag, which is one of the list DOWNTIME_FLAG_FILE after the host's own, and the path of apply_flag.sh.
#
# All hosts down, and up again, for a bucket of S3:
#   printf 'down\nBack at four.\n' | aws s3 cp - s3://example/downtime.txt
#   echo up | aws s3 cp - s3://example/downtime.txt
#
# Only an answer with 200 that came as a whole changes anything. A 404, an error, a redirect and a lost network leave the flag as it
# is, and so does a restart of this host. To take one host out, stop this there, and remove the flag. If a CDN is in front of the
# document, it must not keep it.
set -u
url=https://www.example.com/downtime.txt
flag=/srv/example/downtime/downtime.url.flag

# Not beside the flag, whose folder each process watches.
work=$(mktemp -d) && cd "$work" || exit
while sleep 1; do
    status=$(curl --silent --max-time 5 --etag-compare etag --etag-save etag.new --output document \
        --write-out '%{http_code}' "$url") || continue
    [ "$status" = 200 ] || continue
    # An ETag that is kept before the flag is as it says would hide that change for ever.
    /srv/example/apply_flag.sh document "$flag" && mv etag.new etag
done

#!/bin/sh
# Follows a document for apply_flag.sh on a web server or in a bucket, which has to send an ETag. Use https: anyone who can change
# the document can take the site down. Each host runs this as a service that always restarts. Change: the URL, the flag,
# which comes after the host's own in the list DOWNTIME_FLAG_FILE, and the path of apply_flag.sh.
#
# All hosts down, and up again, for a bucket of S3:
#   printf 'down\nBack at four.\n' | aws s3 cp - s3://example/downtime.txt
#   echo up | aws s3 cp - s3://example/downtime.txt
#
# Only a complete answer with status 200 changes anything. A 404, an error, a redirect or a lost network leaves the flag as it is,
# and so does a restart of this host. To take one host out, stop this script there, and remove the flag. A CDN in front of the
# document must not cache it.
set -u
url=https://www.example.com/downtime.txt
flag=/srv/example/downtime/downtime.url.flag

# Not in the folder of the flag, which each process watches.
work=$(mktemp -d) && cd "$work" || exit
while sleep 1; do
    status=$(curl --silent --max-time 5 --etag-compare etag --etag-save etag.new --output document \
        --write-out '%{http_code}' "$url") || continue
    [ "$status" = 200 ] || continue
    # Keep the ETag only after the flag has changed: otherwise a failure would hide the change for ever.
    /srv/example/apply_flag.sh document "$flag" && mv etag.new etag
done

#!/bin/sh
# Starts the site on Heroku, Fly, Render and the like: the disk is empty at each start, and no shell reaches all hosts. Put this
# and the Procfile beside manage.py; without a Procfile, the command of the image is "sh start.sh". Change: example.wsgi.
#
# Settings, with the default paths; for Heroku's Redis also "OPTIONS": {"ssl_cert_reqs": None}, as its certificate is self-signed:
#   CACHES["fleet"] = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": os.environ["REDIS_URL"]}
#   DOWNTIME_FLEET_CACHE = "fleet"
# If wsgi.py has a guard, its flag_file lists both flags, downtime.flag and downtime.fleet.flag in BASE_DIR.
# Take a plan that keeps its data on a disk: a Redis that has lost its data tells a new host nothing until the next publication.
#
# All hosts down, and up again. Exit code 4 means that some have not followed: don't migrate then.
#   heroku run --exit-code "python manage.py downtime_start --fleet"
#   heroku run --exit-code "python manage.py downtime_end --fleet"
set -u

# A name that stays the same when the host restarts, so that nobody waits for a host that is only an earlier start of this one.
name=${DYNO:-${FLY_MACHINE_ID:-${RENDER_INSTANCE_ID:-$(hostname)}}}

# If the fleet is down, this host is down from its first request. Heroku gives a site 60 seconds to listen, so this tries for 20.
python manage.py downtime_follow --once --timeout 20 --name "$name"
case $? in
    0) ;;
    2) echo "Nothing was ever published to the fleet, so $name starts as up." >&2 ;;
    # A missing cache must not take the site down with it, because nobody else would answer in its place here. If letting visitors
    # into a site that may be down is worse, write "exit 1".
    *) echo "What is published to the fleet can't be known, so $name starts as up, and follows once it can." >&2 ;;
esac

# The follower restarts however it ended, and ends with the host. Heroku sends SIGTERM to every process, and the follower then
# signs off. Elsewhere it is killed with the container, and listed as a host that has not followed until
# "downtime_status --fleet --forget".
while :; do
    python manage.py downtime_follow --name "$name"
    sleep 1
done &

exec python -m gunicorn --bind "0.0.0.0:${PORT:-8000}" --workers "${WEB_CONCURRENCY:-2}" example.wsgi

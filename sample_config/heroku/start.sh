#!/bin/sh
# Starts the site on Heroku, Fly, Render and their like: the disk is empty at each start, and there is no shell to all hosts. Put
# it beside manage.py, and the Procfile too; without a Procfile the command of the image is "sh start.sh". Change: example.wsgi.
#
# Settings, with the default paths, and for the Redis of Heroku also "OPTIONS": {"ssl_cert_reqs": None}, as nobody signed it:
#   CACHES["fleet"] = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": os.environ["REDIS_URL"]}
#   DOWNTIME_FLEET_CACHE = "fleet"
# If wsgi.py has a guard, its flag_file lists both flags, downtime.flag and downtime.fleet.flag in BASE_DIR.
# Take a plan that keeps its data on a disk: a Redis that has lost it tells a new host nothing, until the next publication.
#
# All hosts down, and up again. Exit code 4 means that some have not followed: don't migrate then.
#   heroku run --exit-code "python manage.py downtime_start --fleet"
#   heroku run --exit-code "python manage.py downtime_end --fleet"
set -u

# A name that stays the same when the host starts again, so that no host is missed that is only an earlier start of this one.
name=${DYNO:-${FLY_MACHINE_ID:-${RENDER_INSTANCE_ID:-$(hostname)}}}

# Down from the first request on, if the fleet is down. Heroku gives a site 60 seconds to listen, so it tries for 20.
python manage.py downtime_follow --once --timeout 20 --name "$name"
case $? in
    0) ;;
    2) echo "Nothing was ever published to the fleet, so $name starts as up." >&2 ;;
    # A cache that is away must not take the site away with it, as here nobody else would answer in its place. If it is worse to
    # let visitors into a site that may be down, write "exit 1".
    *) echo "What is published to the fleet can't be known, so $name starts as up, and follows once it can." >&2 ;;
esac

# It is started again whatever it ended by, and ends with the host. Heroku sends SIGTERM to every process, by which it signs off.
# Elsewhere it is killed with the container, and named as a host that has not followed until "downtime_status --fleet --forget".
while :; do
    python manage.py downtime_follow --name "$name"
    sleep 1
done &

exec python -m gunicorn --bind "0.0.0.0:${PORT:-8000}" --workers "${WEB_CONCURRENCY:-2}" example.wsgi

#!/bin/sh
# What a deploy does around its migrations: adapt the folder and the name of the service.
# It stops at the first command that fails and leaves the site down, for you to look at.
set -eu

cd /srv/example
. .venv/bin/activate

# Once this returns, every worker on this host refuses new requests.
python manage.py downtime_start --message "We are upgrading the site." --retry-after 300

# Requests that were running go on, and may still write. So the workers are replaced, and each old one ends when it has
# finished its own: with gunicorn and ExecReload=kill -HUP $MAINPID after 30 seconds at the latest (graceful_timeout).
workers=$(pgrep --parent "$(systemctl show --property=MainPID --value example.service)")
systemctl reload example.service
for worker in $workers; do
    tail --pid="$worker" -f /dev/null
done

git pull --ff-only
pip install -r requirements.txt
# It gives up after 5 seconds if something else, a report or a backup, holds a lock that it needs. For PostgreSQL.
PGOPTIONS="-c lock_timeout=5s" python manage.py migrate --noinput
python manage.py collectstatic --noinput
systemctl restart example.service

# To look at the new release before everybody does, stop here, and open what this prints:
# python manage.py downtime_link --url https://www.example.com/

python manage.py downtime_end

#!/bin/sh
# What a deploy does around its migrations: adapt the folder, the repository and the name of the service.
# It stops at the first command that fails and leaves the site down, for you to investigate.
#
#   /srv/example/current -> releases/20261201-020000   what the service runs
#   /srv/example/downtime/                             downtime.yml and downtime.flag, named in the settings
#
# In the folder of a release, the switch would leave the flag behind, and the site would be up in the middle of the deploy.
set -eu

cd /srv/example
. .venv/bin/activate

release=releases/$(date -u +%Y%m%d-%H%M%S)
git clone --quiet --depth 1 https://git.example.com/example.git "$release"

# Once this returns, every worker on this host refuses new requests.
python current/manage.py downtime_start --message "We are upgrading the site." --retry-after 300

# Running requests go on, and may still write. So this replaces the workers, and each old one ends when it has finished its
# own: with gunicorn and ExecReload=kill -HUP $MAINPID, after 30 seconds at the latest (graceful_timeout).
workers=$(pgrep --parent "$(systemctl show --property=MainPID --value example.service)")
systemctl reload example.service
for worker in $workers; do
    tail --pid="$worker" -f /dev/null
done

pip install -r "$release/requirements.txt"
# For PostgreSQL: it gives up after 5 seconds if something else, such as a report or a backup, holds a lock that it needs.
PGOPTIONS="-c lock_timeout=5s" python "$release/manage.py" migrate --noinput
python "$release/manage.py" collectstatic --noinput

ln -sfn "$release" current.new
mv -T current.new current
systemctl restart example.service

# To look at the new release before everybody else, stop here, and open what this prints:
# python current/manage.py downtime_link --url https://www.example.com/

python current/manage.py downtime_end

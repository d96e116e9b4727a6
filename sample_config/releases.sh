#!/bin/sh
# A deploy with a folder and a virtualenv for each release, as with Capistrano. Adapt the folder, the repository and the name
# of the service, which is systemd/example.service here. It stops at the first command that fails.
#
#   /srv/example/current -> releases/20261201-020000   what the service runs
#   /srv/example/shared/   downtime.yml, downtime.flag and downtime.html, with these paths in the settings and in wsgi.py
#
# In the folder of a release, the switch would leave the flag behind, and the site would be up in the middle of the deploy.
set -eu

cd /srv/example

# New workers load what "current" points to, and each old one ends when it has finished its requests.
reload() {
    workers=$(pgrep --parent "$(systemctl show --property=MainPID --value example.service)")
    systemctl reload example.service
    for worker in $workers; do
        tail --pid="$worker" -f /dev/null
    done
}

link() {
    ln -sfn "$1" current.new
    mv -T current.new current
}

# While the site is up: everything that takes long, and a check that the release can be loaded. Nothing that runs is touched.
release=releases/$(date -u +%Y%m%d-%H%M%S)
git clone --quiet --depth 1 https://git.example.com/example.git "$release"
python3 -m venv "$release/.venv"
"$release/.venv/bin/pip" install --quiet -r "$release/requirements.txt"
"$release/.venv/bin/python" "$release/manage.py" check
"$release/.venv/bin/python" "$release/manage.py" collectstatic --noinput

# Once the old workers have ended, no request writes to the database.
current/.venv/bin/python current/manage.py downtime_start --message "We are upgrading the site." --retry-after 300
reload

# If this fails, the old release is still linked and the site still down, for you to investigate. To bring it back as it was:
#   current/.venv/bin/python current/manage.py downtime_end
# For PostgreSQL: it gives up after 5 seconds if something else, such as a report or a backup, holds a lock that it needs.
PGOPTIONS="-c lock_timeout=5s" "$release/.venv/bin/python" "$release/manage.py" migrate --noinput

# To go back later, link the previous release, reload, and undo by hand what the migrations have changed:
#   ln -sfn releases/20261201-020000 current.new && mv -T current.new current && systemctl reload example.service
link "$release"
reload

current/.venv/bin/python current/manage.py downtime_end

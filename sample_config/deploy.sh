#!/bin/sh
# What a deploy does around its migrations: adapt the folder and the name of the service.
# It stops at the first command that fails and leaves the site down, for you to look at.
set -eu

cd /srv/example
. .venv/bin/activate

# Once this returns, every worker refuses new requests, so the next lines may change anything.
python manage.py downtime_start --message "We are upgrading the site." --retry-after 300

git pull --ff-only
pip install -r requirements.txt
python manage.py migrate --noinput
python manage.py collectstatic --noinput
systemctl restart example.service

# To look at the new release before everybody does, stop here, and open what this prints:
# python manage.py downtime_link --url https://www.example.com/

python manage.py downtime_end

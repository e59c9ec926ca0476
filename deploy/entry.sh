#!/bin/sh
# The image's entry: web, worker, beat, sequencer, metrics or healthy; anything else is a command of manage.py.
#
# Addresses with passwords come as files (DATABASE_URL_FILE and so on), since what is in a container's environment is read by whoever may inspect it.
set -eu
for name in DATABASE_URL DATABASE_OWNER_URL BROKER_URL CACHE_URL EMAIL_URL PGPASSWORD; do
    eval "file=\${${name}_FILE:-}"
    if [ -n "$file" ]; then
        eval "$name=\$(cat \"\$file\")"
        export "${name?}"
    fi
    unset "${name}_FILE"
done
cd "$(dirname "$0")"
test -d aurora || cd ..  # in the repository it lies in deploy/
case "${1:-web}" in
    web)
        exec gunicorn --config python:aurora.serving --bind "0.0.0.0:${PORT:-8000}" aurora.wsgi ;;
    worker)
        exec celery -A aurora --quiet worker --loglevel INFO --concurrency "${CONCURRENCY:-2}" --without-mingle --without-gossip --hostname "aurora@%h" ;;
    beat)
        exec celery -A aurora --quiet beat --loglevel INFO --pidfile "" --schedule "${AURORA_STATE_DIR:?}/beat-schedule" ;;
    sequencer)
        export AURORA_DB_ROLE=owner
        exec python manage.py sequencer ;;
    healthy)
        # Of process 1, which is one of the above.
        set -- $(tr '\0' '\n' < /proc/1/cmdline | grep -x -m 1 -e worker -e beat -e sequencer || echo web)
        exec python manage.py healthy "$1" --port "${PORT:-8000}" ;;
    *)
        exec python manage.py "$@" ;;
esac

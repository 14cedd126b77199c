#!/bin/sh
# What /usr/bin/ossmend is: the program, with the key that the unit gives to the service, for whoever may read that file
# (root). So `ossmend init`, `check --live` and `audit` ask as the service will. A key of the caller's own comes first.
# Files of two versions are no program: the mark is left by the package's scripts (scripts/deb-preinst).
if [ -e /opt/ossmend/.upgrade-did-not-end ]; then
    echo "ossmend: an upgrade goes on, or did not end: if nothing is at work now, install the package again" >&2
    exit 69
fi
file=/etc/ossmend/credentials.env
if [ -r "$file" ] && [ -z "${ALIBABA_CLOUD_ACCESS_KEY_ID-}${OSS_ACCESS_KEY_ID-}" ]; then
    set -a
    . "$file"
    set +a
fi
exec /opt/ossmend/.venv/bin/ossmend "$@"

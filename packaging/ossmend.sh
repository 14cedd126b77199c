#!/bin/sh
# What /usr/bin/ossmend is: the program, with the key that the unit gives to the service, for whoever may read that file
# (root). So `ossmend init`, `check --live` and `audit` ask as the service will. A key of the caller's own comes first.
file=/etc/ossmend/credentials.env
if [ -r "$file" ] && [ -z "${ALIBABA_CLOUD_ACCESS_KEY_ID-}${OSS_ACCESS_KEY_ID-}" ]; then
    set -a
    . "$file"
    set +a
fi
exec /opt/ossmend/.venv/bin/ossmend "$@"

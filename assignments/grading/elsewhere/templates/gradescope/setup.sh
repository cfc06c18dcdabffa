#!/usr/bin/env bash
# Gradescope calls this once, as root, when it builds the image of the autograder.
set -euo pipefail
root=${AUTOGRADER_ROOT:-/autograder}
if [ -z "${UV:-}" ] && ! python3 -m pip --version > /dev/null 2>&1; then
    apt-get update
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends python3-pip
fi
bash "$root/source/install.sh" "$root/source/book" "$root/book"

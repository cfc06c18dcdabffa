#!/usr/bin/env bash
# install.sh FROM TO: the book's library and grading, with a Python and environments of their own.
# Python comes from uv, since the system's may be older than the book needs.
set -euo pipefail
from=$1 to=$2
mkdir -p "$to"
cp -R "$from/." "$to/"
# In /root, where uv would put it, the user that runs students' code could not read it.
export UV_PYTHON_INSTALL_DIR="$to/python" UV_CACHE_DIR="$to/cache" UV_LINK_MODE=copy
if [ -z "${UV:-}" ]; then
    python3 -m pip install --quiet --target "$to/uv" "uv==@UV_VERSION@"
    UV=$to/uv/bin/uv
fi

# environment NAME REQUIREMENTS
environment() {
    "$UV" venv --quiet --managed-python --python @PYTHON@ "$to/$1"
    "$UV" pip install --quiet --compile-bytecode --python "$to/$1/bin/python" -r "$to/$2"
}
environment .venv requirements.lock
environment .venv-course requirements/course.txt
rm -rf "$to/cache"
# Students' code runs as another user. It may read the book, and not the tests.
chmod -R go+rX,go-w "$to"
chmod -R go= "$to/assignments/source"

#!/usr/bin/env bash
# Installs Chromium from Debian, unless a browser is there that the tests of the map can drive.
set -euo pipefail

for name in chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null; then exit 0; fi
done

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  cat >&2 <<'END'
error: no Chromium is on the PATH, and it cannot be installed from here: that takes root, on Debian or Ubuntu
  on Debian, as root:  apt-get install --no-install-recommends chromium fonts-dejavu-core
  elsewhere:           install Chromium or Chrome, so that chromium or google-chrome starts it
END
  exit 1
fi

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq -o Acquire::Retries=3
apt-get install -qq -y -o Acquire::Retries=3 --no-install-recommends chromium fonts-dejavu-core

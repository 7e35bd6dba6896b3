#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Jobs that wait: for a disk, a database, another host.
#
# They need no CPU meanwhile, so many more than there are CPUs can be under
# way; what bounds them is the other side. Here it is a service that takes
# 0.2 seconds for an answer and serves 16 clients at once: the others get
# their turn later, so more than 16 workers bring nothing.
# Needs flock (Debian package util-linux, always there).
set -eu
: "${MUSTER:=muster}"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

# The service has a place for each of 16 clients.
cat >ask <<'END'
#!/bin/sh
exec flock "place$(($1 % 16))" sleep 0.2
END
chmod +x ask

# timed WORDS...: 96 questions, with these options.
timed() {
	begin=$(date +%s%N)
	seq 96 | "$MUSTER" "$@" ./ask {}
	end=$(date +%s%N)
	printf '%-8s %5d ms\n' "$*" $(((end - begin) / 1000000))
}

echo "CPUs: $(nproc)"
timed -j 100%
timed -j 8
timed -j 16
timed -j 64

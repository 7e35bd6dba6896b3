# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# Disks that are full, or that nothing can be written on.

# on_disk SIZE CMD ARG...: with a file system of that size (as 64k) on the
# directory full; where we may not mount one, with files that can't be longer.
on_disk() {
	local size=$1

	shift
	mkdir -p full
	if unshare -m true 2>/dev/null; then
		unshare -m sh -c 'mount -t tmpfs -o "size=$0" none full &&
			exec "$@"' "$size" "$@"
	else
		size=${size%k}
		(
			trap '' XFSZ
			ulimit -f $((size > 8 ? size - 8 : 1))
			exec "$@"
		)
	fi
}

# on_read_only CMD ARG...: where nothing can be written in the directory full.
on_read_only() {
	mkdir -p full
	if unshare -m true 2>/dev/null; then
		unshare -m sh -c 'mount -t tmpfs -o ro none full &&
			exec "$@"' sh "$@"
	else
		chmod 555 full
		"$@"
	fi
}

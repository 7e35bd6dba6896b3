# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# build.sh - what contrib/quickstart and contrib/check share. They source it
# from the top of the source tree, with set -e.

LC_ALL=C
export LC_ALL
exec </dev/null

step() {
	printf '\n== %s\n' "$*"
}

can_compile() {
	for cc in ${CC:-cc gcc clang}; do
		printf '#include <stdio.h>\nint main(void) { return 0; }\n' |
			$cc -x c -o /dev/null - 2>/dev/null && return
	done
	return 1
}

can_include() {
	for cc in ${CC:-cc gcc clang}; do
		printf '#include <%s>\n' "$1" |
			$cc -x c -E - >/dev/null 2>&1 && return
	done
	return 1
}

is_there() {
	case $1 in
	compiler) can_compile ;;
	jansson) can_include jansson.h ;;
	pcre2) can_include pcre2posix.h ;;
	*) command -v "$1" >/dev/null ;;
	esac
}

# How to run apt-get: as root, through sudo, or not at all.
apt_get() {
	set -- env DEBIAN_FRONTEND=noninteractive apt-get -q \
		-o DPkg::Lock::Timeout=300 "$@"
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

can_install() {
	command -v apt-get >/dev/null &&
		{ [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null; }
}

# want TOOL:PACKAGE...: makes sure that the tools are there, from Debian's
# packages where there is apt-get (several for one tool: joined by "+").
want() {
	tools=
	missing=
	packages=
	for pair do
		tools="$tools ${pair%%:*}"
		is_there "${pair%%:*}" && continue
		missing="$missing ${pair%%:*}"
		packages="$packages $(echo "${pair#*:}" | tr + ' ')"
	done
	if [ -n "$missing" ] && can_install; then
		step "installing$packages"
		apt_get update || :
		# shellcheck disable=SC2086 # names of packages
		apt_get -y install --no-install-recommends $packages
		missing=
		for tool in $tools; do
			is_there "$tool" || missing="$missing $tool"
		done
	elif ! can_install; then
		echo "needed:$tools"
	fi
	[ -n "$missing" ] || return 0
	echo "missing:$missing" >&2
	echo "Please install them, and start this again." >&2
	return 1
}

# The same for what muster can do without.
wish() {
	can_install || return 0
	(want "$@") || echo "Going on without: $*"
}

want_build_tools() {
	want compiler:gcc+libc6-dev make:make autoconf:autoconf \
		automake:automake
	wish jansson:libjansson-dev pcre2:libpcre2-dev
}

# Builds muster in ./build.
build() {
	jobs=$(nproc 2>/dev/null || echo 1)
	step "building in $PWD/build"
	[ -e configure ] || ./bootstrap
	mkdir -p build
	[ -e build/config.status ] || (cd build && ../configure --quiet)
	make -C build -j "$jobs" all
}

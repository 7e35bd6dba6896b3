#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Jobs that compute: compressing files.
#
# One worker per CPU is best, and that is the default; more only take turns.
# {/} is the name of a file without its directory.
# Needs xz (Debian package xz-utils).
set -eu
: "${MUSTER:=muster}"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
mkdir texts packed

# Eight texts of 600 kB.
for i in 1 2 3 4 5 6 7 8; do
	seq "$i" 7 600000 >"texts/$i"
done

# timed WORDS...: muster with these options compresses them all.
timed() {
	begin=$(date +%s%N)
	"$MUSTER" "$@" 'xz -6 <{} >packed/{/}' ::: texts/*
	end=$(date +%s%N)
	printf '%-8s %5d ms\n' "$*" $(((end - begin) / 1000000))
}

echo "CPUs: $(nproc)"
timed -j 1
timed -j 100%
timed -j 400%

# Is what came out whole? Not one job may fail.
"$MUSTER" 'xz -dc <packed/{/} | cmp - {}' ::: texts/* && echo "all are whole"

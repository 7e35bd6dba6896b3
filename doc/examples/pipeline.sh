#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Stages: each input goes through three commands, as soon as the one before has
# succeeded for it; each stage has as many workers as suit it.
#
# -j before a --then is that stage's; the last one is the first command's.
# Output is in the order of the inputs, and of the stages for each input. An
# input that fails goes no further, and counts once.
# Needs sox (Debian package sox).
set -eu
: "${MUSTER:=muster}"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

# Record, encode, check; note 5 is one that sox does not know.
status=0
printf '%s\n' A3 B3 C4 D4 H9 E4 F4 G4 | "$MUSTER" \
	-j 4 --then 'sox {}.wav {}.flac && echo "{}: encoded"' \
	-j 1 --then 'soxi -D {}.flac' \
	-j 2 'sox -n -r 44100 -b 16 {}.wav synth 5 pluck {} 2>/dev/null &&
		echo "{}: recorded"' || status=$?
echo "status $status"
ls ./*.flac

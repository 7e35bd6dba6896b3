#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# One long recording, encoded in pieces at the same time, and joined again.
#
# {#} is the job's number. Output comes in the order of the input, so the list
# of pieces that the jobs print is the list to be joined, whichever was ready
# first.
# Needs sox (Debian package sox).
set -eu
: "${MUSTER:=muster}"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

# Two minutes of a rising tone.
sox -n -r 44100 -b 16 -c 2 whole.wav synth 120 sine 200:4000

begin=$(date +%s%N)
seq 0 10 110 | "$MUSTER" \
	'sox whole.wav piece{#}.flac trim {} 10 && echo piece{#}.flac' >list
end=$(date +%s%N)
echo "$(wc -l <list) pieces in $(((end - begin) / 1000000)) ms:" \
	"$(head -n 3 list | tr '\n' ' ')..."

# shellcheck disable=SC2046 # names without blanks
sox $(cat list) joined.wav
for name in whole joined; do
	echo "$name: $(soxi -s $name.wav) samples, checksum" \
		"$(sox $name.wav -t raw - | cksum)"
done

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Small pictures of large ones.
#
# {/.} is the name without directory and ending. A picture that can't be read
# is one failed job: it is named at the end, the others are made.
# Needs netpbm (Debian package netpbm).
set -eu
: "${MUSTER:=muster}"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
mkdir pictures small

cat >thumb <<'END'
#!/bin/sh
jpegtopnm -quiet "$1" | pamscale -xyfit 160 160 | pnmtojpeg -quiet >"$2" || {
	rm "$2"
	exit 1
}
END
chmod +x thumb

# Twelve pictures, made by muster as well: {} is the seed; and a bad one.
seq 12 | "$MUSTER" 'ppmpat -gingham2 -randomseed={} 1600 1200 |
	pnmtojpeg >pictures/p{}.jpg' 2>/dev/null
echo 'not a picture' >pictures/bad.jpg

status=0
"$MUSTER" --summary ./thumb '{}' 'small/{/.}.jpg' ::: pictures/*.jpg ||
	status=$?
echo "status $status: so many jobs failed"
for picture in small/*.jpg; do
	echo "$picture $(jpegtopnm -quiet "$picture" | pamfile -)"
done | sort -V

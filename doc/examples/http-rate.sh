#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A client that asks a server no more often than it was told to.
#
# --rate bounds the starts, -j how many requests are open at once. A request
# that fails is made again, at first after half a second, then after twice as
# long, and so on.
# Needs curl and python3 (Debian packages of these names).
set -eu
: "${MUSTER:=muster}"
dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$dir"' EXIT
cd "$dir"
mkdir site

# The server, on a free port of the loopback interface; it says which one.
seq 30 | "$MUSTER" 'echo "this is page {}" >site/{}.html'
python3 -u -m http.server -d site -b 127.0.0.1 0 >server.log 2>&1 &
server=$!
until port=$(sed -n 's/.* port \([0-9]*\) .*/\1/p' server.log) &&
	[ "$port" ]; do
	sleep 0.05
done

# Thirty pages, ten a second, four at most at once; one is not there.
status=0
{ seq 30; echo missing; } | "$MUSTER" --rate 10/s -j 4 \
	--retries 3 --retry-delay 0.5,2 \
	curl -fsS "http://127.0.0.1:$port/{}.html" >pages 2>errors ||
	status=$?

echo "status $status, $(wc -l <pages) pages; the first and the last:"
sed -n '1p;$p' pages
echo "what curl said, of its last try:"
cat errors
echo "requests that the server saw: $(grep -c GET server.log)"
echo "and in each second:"
sed -n 's/.*\[\(.*\)\] "GET.*/\1/p' server.log | uniq -c

# SPDX-License-Identifier: GPL-3.0-or-later
# json.awk - all figures as one JSON object. See report.awk.

function quote(s,	out, i, c) {
	for (i = 1; i <= length(s); i++) {
		c = substr(s, i, 1)
		if (c == "\\" || c == "\"")
			c = "\\" c
		else if (c < " ")
			c = " "
		out = out c
	}
	return "\"" out "\""
}

function number(x) {
	return x == "" ? "null" : sprintf("%.6g", x)
}

function scalar(s) {
	return s ~ /^[0-9]+(\.[0-9]+)?$/ ? s + 0 : quote(s)
}

function list(w, e, what,	i, out) {
	for (i = 1; i <= nrounds[w, e]; i++)
		out = out comma(i) number(value[w, e, what, i])
	return "[" out "]"
}

function put_targets(w, e,	i, said, some) {
	printf ",\n     \"targets\": ["
	for (i = 1; i <= ntargets[w, e]; i++) {
		said = judge(w, e, i)
		if (said == "")
			continue
		printf "%s{\"text\": %s, \"met\": %s}", comma(++some),
			quote(said), (met ? "true" : "false")
	}
	printf "]"
}

function put_entrant(w, e,	verdict) {
	verdict = (w, e) in bad ? bad[w, e] : "ok"
	printf "    {\"name\": %s, \"verdict\": %s,\n", quote(e), quote(verdict)
	printf "     \"command\": %s,\n", quote(command[w, e])
	printf "     \"seconds\": %s, \"cpu_seconds\": %s, \"peak_kib\": %s,\n",
		list(w, e, "wall"), list(w, e, "cpu"), list(w, e, "rss")
	printf "     \"median\": {\"seconds\": %s, \"cpu_seconds\": %s, " \
		"\"peak_kib\": %s},\n", number(middle(w, e, "wall")),
		number(middle(w, e, "cpu")), number(middle(w, e, "rss"))
	printf "     \"ratio\": %s, \"cpu_ratio\": %s",
		number(ratio(w, e, first(w), "wall")),
		number(ratio(w, e, first(w), "cpu"))
	put_targets(w, e)
	printf "}"
}

# What goes before element i of a list.
function comma(i) {
	return i > 1 ? "," : ""
}

END {
	print "{"
	for (i = 1; i <= nmetas; i++)
		printf " %s: %s,\n", quote(metas[i]), scalar(meta[metas[i]])
	printf " \"programs\": ["
	for (i = 1; i <= npeers; i++)
		printf "%s\n  {\"name\": %s, \"version\": %s, \"path\": %s}",
			comma(i), quote(peers[i]), quote(version[peers[i]]),
			quote(path[peers[i]])
	printf "],\n \"works\": ["
	for (i = 1; i <= nworks; i++) {
		w = works[i]
		printf "%s\n  {\"work\": %s, \"title\": %s, \"bytes\": %d,\n",
			comma(i), quote(w), quote(title[w]), bytes[w]
		printf "   \"entrants\": ["
		for (k = 1; k <= nentrants[w]; k++) {
			print comma(k)
			put_entrant(w, entrant[w, k])
		}
		printf "]}"
	}
	print "]}"
}

# SPDX-License-Identifier: GPL-3.0-or-later
# tables.awk - a Markdown table a work. See report.awk.

function mib(kib) {
	return kib == "" ? "" : kib / 1024
}

function row(w, e,	said) {
	said = (w, e) in bad ? " " bad[w, e] : ""
	printf "| %s | %s | %s%s | %s | %s | %s | %s |\n", e,
		show("%.3f", middle(w, e, "wall")),
		show("%.2f", ratio(w, e, first(w), "wall")), said,
		show("%.3f", middle(w, e, "cpu")),
		show("%.2f", ratio(w, e, first(w), "cpu")),
		show("%.1f", mib(middle(w, e, "rss"))),
		targets_of(w, e)
}

END {
	for (i = 1; i <= nworks; i++) {
		w = works[i]
		printf "\n%s: %s\n\n", w, title[w]
		print "| entrant | seconds | ratio | CPU s | CPU ratio " \
			"| peak MiB | target |"
		print "| --- | --- | --- | --- | --- | --- | --- |"
		for (k = 1; k <= nentrants[w]; k++)
			row(w, entrant[w, k])
	}
}

# SPDX-License-Identifier: GPL-3.0-or-later
#
# record.awk - a new baseline from the old one and figures. See report.awk.
# Works that were not run keep their rows, all rows their tolerance.

$1 == "ratio" {
	old[++nold] = $0
	old_work[nold] = $2
	room[$2, $3] = $7
}

function rows_of(w,	k, e) {
	for (k = 2; k <= nentrants[w]; k++) {
		e = entrant[w, k]
		if (e !~ /^muster/)
			continue
		printf "ratio\t%s\t%s\t%s\t%.3f\t%.3f\t%s\n", w, e, first(w),
			ratio(w, e, first(w), "wall"),
			ratio(w, e, first(w), "cpu"),
			((w, e) in room) ? room[w, e] : "0.2"
	}
}

END {
	print "# What make bench-check compares with; make bench-record writes it."
	print "# Last run: " meta["date"] ", " meta["cpus"] " CPUs, " \
		meta["machine"] ", " meta["kernel"] ", load " \
		meta["load_at_start"] ","
	print "# JOBS=" meta["jobs"] " SIZE=" meta["size_mib"] " LINES=" \
		meta["lines"] " ROUNDS=" meta["rounds"] "."
	print "# ratio WORK ENTRANT AGAINST WALL CPU TOLERANCE, TAB-separated: " \
		"CPU may"
	print "# be TOLERANCE (0.2: a fifth) more than recorded, WALL twice that."
	for (i = 1; i <= nold; i++) {
		if (!(old_work[i] in title))
			print old[i]
		else if (!done[old_work[i]]++)
			rows_of(old_work[i])
	}
	for (i = 1; i <= nworks; i++) {
		if (!done[works[i]]++)
			rows_of(works[i])
	}
}

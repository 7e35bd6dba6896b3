# SPDX-License-Identifier: GPL-3.0-or-later
#
# check.awk - the ratios of now against those of the baseline. See report.awk.
# With -v names=1 only the names of the works that are worse.
#
# CPU time is the steadier of the two, so wall-clock has twice the room.

$1 == "ratio" {
	row[++nrows] = $2
	who[nrows] = $3
	whom[nrows] = $4
	wall_then[nrows] = $5 + 0
	cpu_then[nrows] = $6 + 0
	room[nrows] = $7 + 0
}

# Sets wall and cpu.
function verdict(i,	w, e) {
	w = row[i]
	e = who[i]
	wall = ratio(w, e, whom[i], "wall")
	cpu = ratio(w, e, whom[i], "cpu")
	if ((w, e) in bad)
		return bad[w, e]
	if (wall == "")
		return "not compared"
	if (wall > wall_then[i] * (1 + 2 * room[i]))
		return "WORSE"
	if (cpu_then[i] && cpu > cpu_then[i] * (1 + room[i]))
		return "WORSE"
	if (wall < wall_then[i] * (1 - 2 * room[i]))
		return "better"
	if (cpu != "" && cpu < cpu_then[i] * (1 - room[i]))
		return "better"
	return "as recorded"
}

END {
	for (i = 1; i <= nrows; i++) {
		if (!(row[i] in title))
			continue
		said = verdict(i)
		worse = said ~ /^[A-Z]/
		nworse += worse
		compared += said != "not compared"
		nleft += said == "not compared"
		if (names && worse && !(row[i] in named))
			print row[i]
		named[row[i]] = 1
		if (!names)
			printf "%s, %s: %s x %s (recorded %.2f), CPU %s " \
				"(%.2f): %s\n", row[i], who[i],
				show("%.2f", wall), whom[i], wall_then[i],
				show("%.2f", cpu), cpu_then[i], said
	}
	if (names)
		exit 0
	if (!compared)
		print "bench-check: nothing was compared"
	else if (nworse)
		print "bench-check: muster is worse than recorded in " \
			nworse " of " compared
	else
		print "bench-check: muster is no worse than recorded, " \
			compared " compared" \
			(nleft ? ", " nleft " not (what they are to is missing)" \
			       : "")
	exit !compared || nworse || nleft
}

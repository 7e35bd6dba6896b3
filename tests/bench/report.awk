# SPDX-License-Identifier: GPL-3.0-or-later
#
# report.awk - what all reports share: reads figures, knows medians, ratios
# and targets. To be given before one of table, json, svg, check.
#
# Lines, TAB-separated; of a work that comes twice the second time counts:
#	meta KEY VALUE
#	peer NAME VERSION PATH
#	work WORK TITLE BYTES
#	entrant WORK NAME COMMAND
#	run WORK NAME ROUND SECONDS CPU_SECONDS PEAK_KIB VERDICT
#	target WORK NAME AGAINST MEASURE BOUND [RATE]	(see "targets")
#	ratio WORK NAME AGAINST WALL CPU TOLERANCE	(see "baseline")

BEGIN {
	FS = "\t"
	OFS = "\t"
}

$1 == "meta" { meta[$2] = $3; metas[++nmetas] = $2 }
$1 == "peer" { peers[++npeers] = $2; version[$2] = $3; path[$2] = $4 }
$1 == "work" { begin_work($2, $3, $4) }
$1 == "entrant" { entrant[$2, ++nentrants[$2]] = $3; command[$2, $3] = $4 }
$1 == "run" { add_run($2, $3, $4 + 0, $5, $6, $7, $8) }
$1 == "target" {
	n = ++ntargets[$2, $3]
	against[$2, $3, n] = $4
	measure[$2, $3, n] = $5
	bound[$2, $3, n] = $6 + 0
	rate[$2, $3, n] = $7 + 0
}

function begin_work(w, t, b,	i) {
	if (!(w in title))
		works[++nworks] = w
	title[w] = t
	bytes[w] = b + 0
	for (i = 1; i <= nentrants[w]; i++) {
		nrounds[w, entrant[w, i]] = 0
		delete bad[w, entrant[w, i]]
	}
	nentrants[w] = 0
}

function add_run(w, e, round, s, c, m, verdict) {
	if (verdict != "ok") {
		bad[w, e] = verdict
		nbad++
		return
	}
	if (round > nrounds[w, e])
		nrounds[w, e] = round
	value[w, e, "wall", round] = s
	value[w, e, "cpu", round] = c
	value[w, e, "rss", round] = m
}

# Of list[1..n], which is sorted by this; "" of nothing.
function median(list, n,	i, k, x) {
	for (i = 2; i <= n; i++) {
		x = list[i] + 0
		for (k = i - 1; k > 0 && list[k] + 0 > x; k--)
			list[k + 1] = list[k]
		list[k + 1] = x
	}
	if (!n)
		return ""
	return (list[int((n + 1) / 2)] + list[int(n / 2) + 1]) / 2
}

# The median of what: wall and cpu in seconds, rss in KiB.
function middle(w, e, what,	i, n, list) {
	n = nrounds[w, e]
	for (i = 1; i <= n; i++)
		list[i] = value[w, e, what, i]
	return median(list, n)
}

# How much more e takes than a: the median of the ratios of the rounds, each
# of them taken in like conditions. "" when there is none.
function ratio(w, e, a, what,	i, n, list) {
	for (i = 1; i <= nrounds[w, e] && i <= nrounds[w, a]; i++) {
		if (value[w, a, what, i] + 0 > 0)
			list[++n] = value[w, e, what, i] / value[w, a, what, i]
	}
	return median(list, n)
}

function show(format, x) {
	return x == "" ? "" : sprintf(format, x)
}

function first(w) {
	return entrant[w, 1]
}

# What target i of e asks for, and whether it is met: sets met to 1 or 0.
# "" when there is nothing to compare with.
function judge(w, e, i,	a, m, x, text) {
	a = against[w, e, i]
	m = measure[w, e, i]
	met = 0
	if ((w, e) in bad)
		return "target not met: wrong"
	if (!nrounds[w, e] || (a != "-" && (!nrounds[w, a] || (w, a) in bad)))
		return ""
	if (m == "rss") {
		x = middle(w, e, "rss") / 1024
		text = "at most " bound[w, e, i] " MiB"
	} else if (m == "rss-over") {
		x = (middle(w, e, "rss") - middle(w, a, "rss")) / 1024
		text = "at most " a " + " bound[w, e, i] " MiB"
	} else {
		x = ratio(w, e, a, "wall")
		text = sprintf("at most %g x %s", bound[w, e, i], a)
		if (a != first(w))
			text = text sprintf(" (%.2f)", x)
	}
	met = x <= bound[w, e, i]
	if (rate[w, e, i]) {
		x = bytes[w] / 1e9 / middle(w, e, "wall")
		text = text sprintf(" or %g GB/s (%.2f)", rate[w, e, i], x)
		if (x >= rate[w, e, i])
			met = 1
	}
	return text (met ? ": met" : ": not met")
}

function targets_of(w, e,	i, one, all) {
	for (i = 1; i <= ntargets[w, e]; i++) {
		one = judge(w, e, i)
		if (one != "")
			all = all (all == "" ? "" : "; ") one
	}
	return all
}

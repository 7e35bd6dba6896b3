# SPDX-License-Identifier: GPL-3.0-or-later
# svg.awk - the ratios as horizontal bars, a group a work; see report.awk.
# Greys that can be read on light and dark, and no background.

function text(s) {
	gsub(/&/, "\\&amp;", s)
	gsub(/</, "\\&lt;", s)
	gsub(/>/, "\\&gt;", s)
	gsub(/"/, "\\&quot;", s)
	return s
}

# Bars beyond the right edge are cut there; their figure says it.
function bar(e, x, y, said,	length_of, colour) {
	length_of = (x > most ? most : x) * unit
	colour = e ~ /^muster/ ? "#3b82c4" : "#8c8c8c"
	printf "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n",
		left - 6, y + 10, text(e)
	printf "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"12\" " \
		"fill=\"%s\"/>\n", left, y, length_of, colour
	# Right of the line for 1, too.
	printf "<text x=\"%.1f\" y=\"%d\">%s</text>\n",
		left + (length_of < unit ? unit : length_of) + 5, y + 10,
		text(said)
}

function figure(w, e, x) {
	if ((w, e) in bad)
		return bad[w, e]
	if (x == "")
		return sprintf("? (%.3f s)", middle(w, e, "wall"))
	return sprintf("%.2f%s (%.3f s)", x, x > most ? " ..." : "",
		middle(w, e, "wall"))
}

function group(w, y,	k, e, x) {
	printf "<text x=\"8\" y=\"%d\" font-weight=\"bold\">%s</text>\n",
		y + 12, text(w ": " title[w])
	for (k = 1; k <= nentrants[w]; k++) {
		e = entrant[w, k]
		x = ratio(w, e, first(w), "wall")
		bar(e, x + 0, y + 4 + 16 * k, figure(w, e, x))
	}
	printf "<line x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\" " \
		"stroke=\"#808080\" stroke-dasharray=\"2 3\"/>\n",
		left + unit, left + unit, y + 18, y + 20 + 16 * nentrants[w]
}

function height_of(w) {
	return 36 + 16 * nentrants[w]
}

END {
	left = 210
	unit = 100	# pixels for a ratio of one
	most = 4
	height = 44
	for (i = 1; i <= nworks; i++)
		height += height_of(works[i])
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"760\" " \
		"height=\"%d\" viewBox=\"0 0 760 %d\" font-size=\"12\" " \
		"font-family=\"sans-serif\" fill=\"#808080\">\n", height, height
	printf "<title>muster and its peers: ratios of time</title>\n"
	printf "<text x=\"8\" y=\"20\">%s</text>\n",
		text("Time as a ratio to the first row's; less is better. " \
		     meta["cpus"] " CPUs, " meta["machine"] ", " meta["kernel"])
	y = 40
	for (i = 1; i <= nworks; i++) {
		group(works[i], y)
		y += height_of(works[i])
	}
	print "</svg>"
}

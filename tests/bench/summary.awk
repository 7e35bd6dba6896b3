# SPDX-License-Identifier: GPL-3.0-or-later
# summary.awk - the last lines: how many targets are met. See report.awk.

END {
	for (i = 1; i <= nworks; i++) {
		w = works[i]
		for (k = 1; k <= nentrants[w]; k++) {
			e = entrant[w, k]
			for (t = 1; t <= ntargets[w, e]; t++) {
				said = judge(w, e, t)
				if (said == "")
					continue
				all++
				good += met
				if (!met)
					missed = missed "\n- " w ": " e " " said
			}
		}
	}
	printf "\nTargets met: %d of %d%s\n", good, all, missed
	if (nbad)
		printf "Wrong: %d runs\n", nbad
}

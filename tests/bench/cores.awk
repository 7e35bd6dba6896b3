# SPDX-License-Identifier: GPL-3.0-or-later
#
# awk -f cores.awk [-v lock=US] [-v kernel=US] [-v groups=N] [-v nodes=N]
# [-v far=US] [-v apart=1]: how many times as many jobs a second so many cores
# make, by a model, for hardware that is not here.
#
# Each core is a worker: it runs a job, which needs nobody, and comes for the
# next, for which it takes the engine's lock (lock, 1 us), and, to start it,
# what the kernel lets one thread of a process have at a time (kernel, 0 us),
# in one of so many processes (groups, 1). Mean value analysis of a closed
# network: one delay, and queues in the order of arrival whose service times
# are exponential, which is worse than the constant ones they are nearer to
# (Reiser and Lavenberg, J. ACM 27, 1980).
#
# The cores may be those of several nodes (nodes, 1). Who takes the engine's lock
# then finds what it guards in the caches of another node as often as the last
# one who had it was there, which costs so much more (far, 1 us with several
# nodes), while he has it. apart: each node has a queue, a lock and a spawner of
# its own. Prints Markdown.

function speedup(job, n,    i, q1, q2, r1, r2, x, held) {
	q1 = q2 = 0
	held = lock + (apart ? 0 : far * (nodes - 1) / nodes)
	for (i = 1; i <= n; i++) {
		# A group's own queue has its share of the others in it.
		r1 = held * (1 + q1 / (apart ? nodes : 1))
		r2 = kernel * (1 + q2 / groups)
		x = i / (job + r1 + r2)
		q1 = x * r1
		q2 = x * r2
	}
	return x * (job + lock + kernel)
}

BEGIN {
	if (lock == "")
		lock = 1
	if (kernel == "")
		kernel = 0
	if (nodes == "")
		nodes = 1
	if (far == "")
		far = 1
	if (groups == "")
		groups = apart ? nodes : 1
	cores = split("2 16 64 128 256", core, " ")
	jobs = split("1000 160 20 3", job, " ")
	printf "| a job, us |"
	for (c = 1; c <= cores; c++)
		printf " %d cores |", core[c]
	printf "\n| ---: |"
	for (c = 1; c <= cores; c++)
		printf " ---: |"
	print ""
	for (k = 1; k <= jobs; k++) {
		printf "| %d |", job[k]
		for (c = 1; c <= cores; c++)
			printf " %.1f |", speedup(job[k], core[c])
		print ""
	}
}

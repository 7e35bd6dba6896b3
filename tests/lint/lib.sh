# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
# lib.sh - what the checks share. The current directory is the source tree.

# Exits when one of these programs is not there.
need() {
	for tool do
		command -v "$tool" >/dev/null || {
			echo "$tool"
			exit 77
		}
	done
}

# Every C file of the product; every C file and header; all of the tests, too.
product_c() {
	find src -name '*.c' | sort
}

product_code() {
	find src -name '*.[ch]' | sort
}

all_code() {
	find src tests -name '*.[ch]' | sort
}

all_c() {
	find src tests -name '*.c' | sort
}

# Scripts: by name, or by their first line.
all_shell() {
	find bootstrap .ci contrib doc tests -type f \
		! -path 'tests/fuzz/corpus/*' \
		! -name '*.log' ! -name '*.trs' ! -name '*.[cho]' |
		sort | while read -r file; do
			case $file in
			*.bats | *.bash | *.sh) echo "$file" ;;
			*) head -n 1 "$file" | tr -d '\0' |
				grep -qE '^#!.*/(env )?(ba)?sh' &&
				echo "$file" ;;
			esac
		done
}

# The compiler's flags, as make would give them.
# shellcheck disable=SC2034
flags="-std=gnu11 -DHAVE_CONFIG_H -I$builddir -Isrc -Itests/unit"

# each CMD ARG...: for every file name read, in parallel; CMD prints only
# what is wrong. Fails when one of them did.
each() {
	xargs -n 1 -P "$(nproc 2>/dev/null || echo 1)" "$@"
}

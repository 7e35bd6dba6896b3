/* SPDX-License-Identifier: GPL-3.0-or-later */
/* library.c - see library.h. */
#include <config.h>

#include "base/library.h"

#ifdef HAVE_DLOPEN

#include <dlfcn.h>
#include <string.h>

#include "base/buf.h"

/* POSIX has a function's address fit into the void * that dlsym returns. */
static int load(struct library *lib, struct buf *err)
{
	void *handle = dlopen(lib->soname, RTLD_NOW | RTLD_LOCAL);
	char *to = lib->table;

	if (!handle)
		goto failed;
	for (const char *s = lib->symbols; *s; s += strlen(s) + 1) {
		void *symbol = dlsym(handle, s);

		if (!symbol)
			goto failed;
		memcpy(to, &symbol, sizeof(symbol));
		to += sizeof(symbol);
	}
	return 0;
failed:
	if (err)
		buf_addf(err, "cannot load a library: %s", dlerror());
	if (handle)
		dlclose(handle);
	return -1;
}

#else

static int load(struct library *lib, struct buf *err)
{
	(void)lib;
	(void)err;
	return 0;
}

#endif

int library_load(struct library *lib, struct buf *err)
{
	int ret = 0;

	if (!lib->soname ||
	    atomic_load_explicit(&lib->is_loaded, memory_order_acquire))
		return 0;
	mutex_lock(&lib->lock);
	if (!atomic_load(&lib->is_loaded))
		ret = load(lib, err);
	if (ret == 0)
		atomic_store(&lib->is_loaded, true);
	mutex_unlock(&lib->lock);
	return ret;
}

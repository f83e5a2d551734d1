// SPDX-License-Identifier: GPL-2.0-or-later
// Loads libnbd when it is needed.
#ifdef HAVE_LIBNBD
#include "nbd/nbd_load.h"

#include "errors.h"
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#define LIBRARY "libnbd.so.0"

static errcode_t miss(struct nbd_api *api, const char *function, char *why, size_t why_size)
{
	nbd_unload(api);
	snprintf(why, why_size, LIBRARY " is too old: it has no nbd_%s()", function);
	return E4Z_ET_NBD;
}

errcode_t nbd_load(struct nbd_api *api, char *why, size_t why_size)
{
	*api = (struct nbd_api){/* NODELETE: its destructor for threads can run after dlclose() */
				.library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE)};
	if (!api->library) {
		snprintf(why, why_size,
			 "this image requires " LIBRARY
			 ", which is not installed (Debian: libnbd0)");
		return E4Z_ET_NBD;
	}
#define X(name)                                                                                    \
	*(void **)&api->name = dlsym(api->library, "nbd_" #name);                                  \
	if (!api->name)                                                                            \
		return miss(api, #name, why, why_size);
	NBD_FUNCTIONS(X)
#undef X
	return 0;
}

void nbd_words(const struct nbd_api *api, char *why, size_t why_size)
{
	const char *text = api->get_error(), *after = text ? strstr(text, ": ") : NULL;

	/* after "nbd_FUNCTION: " */
	if (after && !strncmp(text, "nbd_", 4))
		text = after + 2;
	snprintf(why, why_size, "%s", text ? text : "");
}

void nbd_unload(struct nbd_api *api)
{
	if (api->library)
		dlclose(api->library);
	api->library = NULL;
}
#endif

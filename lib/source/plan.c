// SPDX-License-Identifier: GPL-2.0-or-later
// Finds another program and builds its environment.
#include "source/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* DIR/NAME, malloc()ed, if it can be executed, otherwise NULL. */
static char *try_program(const char *dir, size_t len, const char *name)
{
	char *file = malloc(len + strlen(name) + 3);

	if (!file)
		return NULL;
	/* an empty entry of PATH is the current directory */
	sprintf(file, "%.*s/%s", len ? (int)len : 1, len ? dir : ".", name);
	if (!access(file, X_OK))
		return file;
	free(file);
	return NULL;
}

static char *find_program(const char *name)
{
	const char *path = getenv("PATH"), *end;
	char *file = NULL;

	if (strchr(name, '/'))
		return strdup(name);
	path = path ? path : "/bin:/usr/bin"; /* as execvp(3) */
	for (; path && !file; path = *end ? end + 1 : NULL) {
		end = strchrnul(path, ':');
		file = try_program(path, (size_t)(end - path), name);
	}
	return file;
}

static bool is_ours(const char *variable)
{
	return !strncmp(variable, "LISTEN_", 7) || !strncmp(variable, "LC_", 3) ||
	       !strncmp(variable, "LANG", 4);
}

/* The environment of this process, with English messages and the variables of a passed socket. */
static errcode_t make_env(bool listen, struct plan *plan)
{
	size_t count = 0, kept = 0;

	while (environ[count])
		count++;
	plan->env = malloc((count + 4) * sizeof(*plan->env));
	if (!plan->env)
		return ENOMEM;
	for (size_t i = 0; i < count; i++)
		if (!is_ours(environ[i]))
			plan->env[kept++] = environ[i];
	plan->env[kept++] = "LC_ALL=C";
	if (listen) {
		plan->env[kept++] = plan->listen_pid;
		plan->env[kept++] = "LISTEN_FDS=1";
	}
	plan->env[kept] = NULL;
	return 0;
}

errcode_t plan_make(const char *name, const int *fds, size_t count, bool listen, struct plan *plan)
{
	*plan = (struct plan){.file = NULL};
	if (count > PLAN_FDS)
		return EINVAL;
	plan->file = find_program(name);
	if (!plan->file)
		return ENOENT;
	for (size_t i = 0; i < count; i++)
		plan->source[PLAN_STANDARD + i] = fds[i];
	plan->count = PLAN_STANDARD + (int)count;
	return make_env(listen, plan);
}

void plan_free(struct plan *plan)
{
	free(plan->file);
	free(plan->env);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* external.c - see external.h. */
#include "harness/cli/external.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/target/target.h"

#ifndef WS_LIBEXEC_DIR
#error "WS_LIBEXEC_DIR is set by the build"
#endif

#define PREFIX "wirestorm-"
#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyz0123456789-"
#define TOOL_VARIABLE "WIRESTORM_TOOL"       /* value: the path of this executable, for a command that runs it */
#define TARGETS_VARIABLE "WIRESTORM_TARGETS" /* value: names with a space between them */
#define TARGETS_MAX 32
#define TARGETS_LEN 1024

/* The path of this executable; "" if it is unknown. */
static void
external_self(char *path, size_t size)
{
	ssize_t len = readlink("/proc/self/exe", path, size - 1);

	path[len < 0 ? 0 : len] = '\0';
}

/* The directory of this executable, without a slash at the end; "" if it is unknown. */
static void
external_directory(char *dir, size_t size)
{
	char *slash;

	external_self(dir, size);
	slash = strrchr(dir, '/');
	if (slash != NULL)
		*slash = '\0';
}

static void
external_pass_targets(void)
{
	char names[TARGETS_LEN] = "";

	for (const struct vm_target *const *t = target_extra; t != NULL && *t != NULL; t++) {
		(void)strlcat(names, names[0] == '\0' ? "" : " ", sizeof(names));
		(void)strlcat(names, (*t)->name, sizeof(names));
	}
	if ((names[0] == '\0' ? unsetenv(TARGETS_VARIABLE) : setenv(TARGETS_VARIABLE, names, 1)) != 0)
		memory_need(NULL, "the environment");
}

static void
external_pass_tool(void)
{
	char path[PATH_MAX];

	external_self(path, sizeof(path));
	if ((path[0] == '\0' ? unsetenv(TOOL_VARIABLE) : setenv(TOOL_VARIABLE, path, 1)) != 0)
		memory_need(NULL, "the environment");
}

bool
external_exec(const char *name, char **argv)
{
	static const char *const formats[] = { "%s/" PREFIX "%s", "%s/../tools/" PREFIX "%s",
		"%s/../libexec/wirestorm/" PREFIX "%s" };
	char dir[PATH_MAX], path[2 * PATH_MAX];

	if (name[0] == '\0' || name[0] == '-' || name[strspn(name, NAME_LETTERS)] != '\0') {
		errno = ENOENT;
		return false;
	}
	external_pass_targets();
	external_pass_tool();
	external_directory(dir, sizeof(dir));
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]) && dir[0] != '\0'; i++) {
		(void)snprintf(path, sizeof(path), formats[i], dir, name);
		(void)execv(path, argv);
		if (errno != ENOENT)
			return false;
	}
	(void)snprintf(path, sizeof(path), "%s/" PREFIX "%s", WS_LIBEXEC_DIR, name);
	(void)execv(path, argv);
	if (errno == ENOENT)
		(void)execvp(strrchr(path, '/') + 1, argv);
	return false;
}

/* The targets of the program that started this one: only their names, because nothing here runs them. */
static const struct vm_target *const *
external_take_targets(void)
{
	static struct vm_target targets[TARGETS_MAX];
	static const struct vm_target *list[TARGETS_MAX + 1];
	static char names[TARGETS_LEN];
	const char *given = getenv(TARGETS_VARIABLE);
	char *rest = names, *name;
	size_t nr = 0;

	(void)strlcpy(names, given == NULL ? "" : given, sizeof(names));
	while (nr < TARGETS_MAX && (name = strsep(&rest, " ")) != NULL) {
		if (name[0] == '\0')
			continue;
		targets[nr].name = name;
		list[nr] = &targets[nr];
		nr++;
	}
	return list;
}

int
external_main(const struct cli_command *command, int argc, char **argv)
{
	cli_begin(external_take_targets());
	/* The program that started this one gave it a name such as "wirestorm bugs". A shell gives a path. */
	if (strchr(program_invocation_short_name, ' ') == NULL)
		cli_name_process("wirestorm", command->name, argv);
	return cli_end(command->function(argc, argv));
}

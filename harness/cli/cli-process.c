/* SPDX-License-Identifier: BSD-2-Clause */
/* cli-process.c - what a process does before and after its command. See command.h. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/cli/command.h"
#include "harness/sim/sim.h"

/* Opens missing standard files, so that no other file gets their numbers and receives output. They stay unusable. */
static void
cli_open_standard_files(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* A panic has printed its message: it is a finding. */
static void
cli_on_abort(int sig)
{
	(void)sig;
	_exit(EXIT_FINDING);
}

static void *
cli_json_memory(size_t size)
{
	return memory_need(malloc(size > 0 ? size : 1), "the JSON");
}

void
cli_begin(const struct vm_target *const *extra)
{
	target_extra = extra;
	cli_open_standard_files();
	escape_streams();
	json_set_alloc_funcs(cli_json_memory, free);
	(void)signal(SIGABRT, cli_on_abort);
	sim_watch_crashes();
}

int
cli_end(int status)
{
	/* Write errors on standard output were not reported before. */
	if (fflush(stdout) != 0 || ferror(stdout) != 0) {
		warn("standard output");
		return EXIT_USAGE;
	}
	return status;
}

void
cli_name_process(const char *program, const char *command, char **argv)
{
	static char name[64];

	(void)snprintf(name, sizeof(name), "%s %s", program, command);
	program_invocation_short_name = name;
	argv[0] = name;
}

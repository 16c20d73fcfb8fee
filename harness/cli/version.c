/* SPDX-License-Identifier: BSD-2-Clause */
/* version.c - see version.h. */
#include "harness/cli/version.h"

#include <err.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/cli/command.h"
#include "harness/cli/commit.h"
#include "harness/sim/sim.h"

#if !defined(WS_VERSION) || !defined(WS_SLEEP) || !defined(WS_FUZZ) || !defined(WS_SANITIZERS) || !defined(WS_COMPILER)
#error "the build defines WS_VERSION and what the build is made of"
#endif

#ifdef VM_MUTANTS
#define FEATURE_MUTANTS "mutants"
#else
#define FEATURE_MUTANTS ""
#endif
#ifdef WS_FIBER_UCONTEXT
#define FEATURE_FIBERS "fibers=ucontext"
#else
#define FEATURE_FIBERS "fibers=asm"
#endif

/* The empty ones are left out. */
static const char *const features[] = { FEATURE_MUTANTS, WS_FUZZ ? "fuzz" : "", "sleep=" WS_SLEEP, FEATURE_FIBERS };
#define NR_FEATURES (sizeof(features) / sizeof(features[0]))

static void
version_print_text(void)
{
	printf("wirestorm %s\ncommit     %s\nfeatures  ", WS_VERSION, WS_COMMIT);
	for (size_t i = 0; i < NR_FEATURES; i++)
		if (features[i][0] != '\0')
			printf(" %s", features[i]);
	printf("\nsanitizers %s\ncompiler   %s\n", WS_SANITIZERS, WS_COMPILER);
}

static void
version_print_json(void)
{
	json_t *list = json_array();

	for (size_t i = 0; i < NR_FEATURES; i++)
		if (features[i][0] != '\0')
			json_array_append_new(list, json_text(features[i]));
	json_print("version",
	    json_pack("{s:s, s:s, s:o, s:s, s:s}", "release", WS_VERSION, "commit", WS_COMMIT, "built_with", list,
	        "sanitizers", WS_SANITIZERS, "compiler", WS_COMPILER),
	    0, stdout);
}

int
version_print(int argc, char **argv)
{
	bool json = argc == 2 && strcmp(argv[1], "--json") == 0;

	if (argc > 1 && !json) {
		warnx("--version: expected --json or nothing, found \"%s\"", argv[argc > 2 ? 2 : 1]);
		return EXIT_USAGE;
	}
	if (json)
		version_print_json();
	else
		version_print_text();
	return EXIT_OK;
}

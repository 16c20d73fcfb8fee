/* SPDX-License-Identifier: BSD-2-Clause */
/* expect-repeat.c - what a check and --fixed share: counts, and the command that repeats a run. See checkfile.h. */
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/expect/checkfile.h"
#include "harness/program/program.h"

void
expect_keep_counts(const struct explore_result *got, struct checkfile_report *report)
{
	report->states = got->states;
	report->transitions = got->transitions;
	report->steps = got->steps;
	report->schedules = got->schedules > UINT64_MAX ? UINT64_MAX : (uint64_t)got->schedules;
	report->nr_outcomes = (uint32_t)got->nr_outcomes;
}

void
checkfile_say_repeat(
    const char *path, const struct checkfile_options *options, const struct schedule *way, struct strbuf *out)
{
	bool changed = options->mutant != NULL || options->no_mutant; /* run has no option for these */

	if (changed && way != NULL && schedule_exists(way)) {
		strbuf_add(out, "; schedule ");
		schedule_print(way, out);
	}
	/* Messages start with "wirestorm COMMAND"; the text names another command. */
	strbuf_printf(out, "; repeat: %.*s %s ", (int)strcspn(getprogname(), " "), getprogname(),
	    !changed         ? way != NULL ? "run" : "explore"
	    : options->fixed ? "check --fixed"
	                     : "check");
	if (options->target_named)
		strbuf_printf(out, "--target %s ", options->target->name);
	if (options->profile_text != NULL)
		strbuf_printf(out, "--profile '%s' ", options->profile_text);
	if (changed) {
		strbuf_printf(out, "--mutant %s ", options->no_mutant ? "none" : options->mutant);
	} else if (way != NULL && schedule_exists(way)) {
		strbuf_add(out, "--schedule '");
		schedule_print(way, out);
		strbuf_add(out, "' ");
	}
	escape_shell(path, out);
	strbuf_addc(out, '\n');
}

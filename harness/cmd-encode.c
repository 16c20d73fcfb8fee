/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd-encode.c - wirestorm encode: a program as bytes. */
#include <stdio.h>
#include <unistd.h>

#include "harness/bytes.h"
#include "harness/cli.h"
#include "harness/keybuf.h"
#include "harness/options.h"
#include "harness/strategy.h"
#include "harness/vmt.h"

static const char help_head[] =
    "usage: wirestorm encode FILE\n"
    "\n"
    "Writes the program as bytes to standard output: the form that fuzz targets take (docs/bytes.md). If it has a\n"
    "schedule, the choice bytes that make this schedule again follow. Expectations and comments are not carried.\n"
    "\"-\" reads standard input.\n"
    "\n";

static const char help_tail[] =
    "\n"
    "Exit status: 0 ok, 1 the bytes have no room for the program or its schedule does not run, 2 wrong usage or file.\n"
    "\n"
    "Examples:\n"
    "  wirestorm encode FILE.vmt > x.bin\n"
    "  wirestorm gen --seed 7 | wirestorm encode - | wirestorm decode -\n";

/* The choices of the program's schedule, appended behind the program. */
static bool
encode_schedule(const struct cli_target *target, const char *path, struct program *p, struct keybuf *out)
{
	struct strbuf error = { 0 };
	struct keybuf choices = { 0 };
	struct run r;
	bool ok = cli_open_program(target, path, p, &r);

	if (ok && !strategy_bytes_of(&r, p->choices, p->nr_choices, &choices, &error)) {
		cli_about(path, 0, "%s", strbuf_text(&error));
		ok = false;
	}
	if (ok)
		bytes_encode_choices(choices.bytes, choices.len, out);
	cli_close_program(&r);
	keybuf_free(&choices);
	strbuf_free(&error);
	return ok;
}

static int
encode(const struct cli_target *target, const char *path)
{
	struct keybuf out = { 0 };
	struct program p;
	const char *reason;
	int rv = EXIT_FINDING;

	if (!vmt_read(path, &p))
		return EXIT_USAGE;
	if (!bytes_encode(&p, &out, &reason)) {
		cli_about(path, 0, "%s", reason);
	} else if (!p.has_schedule || encode_schedule(target, path, &p, &out)) {
		rv = EXIT_OK;
		escape_stdout_raw(true);
		(void)fwrite(out.bytes, 1, out.len, stdout);
		escape_stdout_raw(false);
	}
	keybuf_free(&out);
	program_free(&p);
	return rv;
}

static const struct option_row rows[] = { OPTION_TARGET(0), { 0 } };

static const struct command_line usage = { help_head, rows, help_tail, NULL, OPERANDS_ONE, "file" };

int
cmd_encode(int argc, char **argv)
{
	struct cli_target target = { .target = cli_target_at(0) };
	int rv = options_parse(argc, argv, &usage, &target);

	return rv >= 0 ? rv : encode(&target, argv[optind]);
}

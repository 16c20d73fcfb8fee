/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd-decode.c - wirestorm decode: prints the program that bytes encode. */
#include <stdio.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/cli/command.h"
#include "harness/cli/options.h"
#include "harness/explore/explore.h"
#include "harness/program/program.h"
#include "harness/run/run.h"

static const char help_head[] =
    "usage: wirestorm decode FILE\n"
    "       wirestorm decode --out DIR PATH...\n"
    "\n"
    "Prints the program that the bytes of FILE encode, as a fuzz target reads them (docs/bytes.md). Any\n"
    "bytes are a program, but a header must have a known version. If the bytes contain choices, the\n"
    "program runs by them, and is printed with the schedule of that run. If the target cannot run the\n"
    "program, it is printed without a schedule, and the reason on standard error. \"-\" reads standard\n"
    "input. With --out, each file, or each file in a directory, becomes a program.\n"
    "\n";

static const char help_tail[] = "\n"
                                "Exit status: 0 ok; 2 wrong usage, or a file that cannot be read.\n"
                                "\n"
                                "Example:\n"
                                "  wirestorm decode crash-1b2c | wirestorm run -v -\n";

/* Runs the program by its choices, and adds the schedule. */
static void
decode_add_schedule(
    const struct cli_target *target, const char *path, struct program *p, const uint8_t *choices, size_t nr)
{
	struct run r;
	bool ok = true;

	if (cli_open_program(target, path, p, &r)) {
		(void)strategy_bytes(&r, choices, nr, replay_record, &p->schedule);
		ok = run_enabled(&r) == 0;
		p->has_schedule = ok;
		if (!ok)
			say_about(
			    path, 0, "the schedule has more than %d steps, so it is left out", STRATEGY_STEPS_MAX);
	}
	cli_close_program(&r);
}

static int
decode_file(const struct cli_convert *c, const char *path)
{
	struct keybuf bytes = { 0 };
	struct strbuf text = { 0 };
	struct program p;
	size_t at;
	bool written;

	if (!cli_read_encoded(path, &bytes)) {
		keybuf_free(&bytes);
		return EXIT_USAGE;
	}
	at = bytes_decode(bytes.bytes, bytes.len, &p);
	if (p.nr_threads > 0 && at < bytes.len)
		decode_add_schedule(&c->target, path, &p, bytes.bytes + at, bytes.len - at);
	vmt_print(&p, &text);
	written = true;
	if (c->out == NULL)
		cli_print_vmt(strbuf_text(&text));
	else
		written = cli_write_made(c->out, path, ".bin", ".vmt", &text);
	strbuf_free(&text);
	keybuf_free(&bytes);
	program_free(&p);
	return written ? EXIT_OK : EXIT_USAGE;
}

#define TO(type, field) OPTION_TO(struct cli_convert, type, field)
static const struct option_row rows[] = {
	OPTION_TEXT("--out DIR", TO(const char *, out),
	    "write each as DIR/NAME.vmt; DIR is made if necessary, and no existing file is overwritten"),
	OPTION_FILES_FROM(TO(const char *, files_from)),
	OPTION_TARGET(TO(struct cli_target, target)),
	{ 0 },
};

static const struct command_line usage = { help_head, rows, help_tail, NULL, OPERANDS_SOME, "file or directory" };

int
cmd_decode(int argc, char **argv)
{
	struct cli_convert c = { .target = { .target = target_at(0) } };
	int rv = options_parse(argc, argv, &usage, &c);

	return rv >= 0 ? rv : cli_convert_all(&c, INPUTS_ALL, argc - optind, argv + optind, decode_file);
}

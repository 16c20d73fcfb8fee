/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd-encode.c - wirestorm encode: turns a program into bytes. */
#include <stdio.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/cli/command.h"
#include "harness/cli/options.h"
#include "harness/program/program.h"
#include "harness/run/run.h"

static const char help_head[] =
    "usage: wirestorm encode [OPTION...] FILE\n"
    "       wirestorm encode --out DIR [OPTION...] PATH...\n"
    "\n"
    "Writes a program as bytes to standard output, in the form that fuzz targets read (docs/bytes.md).\n"
    "The bytes start with a header, which has the version of the form. If the program has a schedule, the\n"
    "choice bytes for that schedule follow. Expectations and comments are dropped. \"-\" reads standard\n"
    "input. With --out, each program (a .vmt file, or all in a directory) becomes a file.\n"
    "\n";

static const char help_tail[] =
    "\n"
    "Exit status: 0 ok; 1 the schedule does not run; 2 wrong usage, an unusable file, or a program that\n"
    "the bytes have no room for. With several files it is the highest of these, and the other files are\n"
    "still written.\n"
    "\n"
    "Examples:\n"
    "  wirestorm encode FILE.vmt > x.bin\n"
    "  wirestorm encode --raw FILE.vmt > corpus/x\n"
    "  wirestorm gen --seed 7 | wirestorm encode - | wirestorm decode -\n";

/* Appends the choices of the program's schedule after the program. */
static bool
encode_schedule(const struct cli_target *target, const char *path, struct program *p, struct keybuf *out)
{
	struct strbuf error = { 0 };
	struct keybuf choices = { 0 };
	struct run r;
	bool ok = cli_open_program(target, path, p, &r);

	if (ok && !strategy_bytes_of(&r, &p->schedule, &choices, &error)) {
		say_about(path, 0, "%s", strbuf_text(&error));
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
encode_file(const struct cli_convert *c, const char *path)
{
	struct keybuf out = { 0 };
	struct strbuf text = { 0 };
	struct program p;
	const char *reason;
	int rv = EXIT_FINDING;

	if (!vmt_read(path, &p))
		return EXIT_USAGE;
	if (!c->raw)
		bytes_encode_header(&out);
	if (!bytes_encode(&p, &out, &reason)) {
		say_about(path, 0, "%s", reason);
		rv = EXIT_USAGE;
	} else if (!p.has_schedule || encode_schedule(&c->target, path, &p, &out)) {
		strbuf_addn(&text, (const char *)out.bytes, out.len);
		escape_stdout_raw(true);
		rv = cli_write_made(c->out, path, ".vmt", ".bin", &text) ? EXIT_OK : EXIT_USAGE;
		escape_stdout_raw(false);
	}
	strbuf_free(&text);
	keybuf_free(&out);
	program_free(&p);
	return rv;
}

#define TO(type, field) OPTION_TO(struct cli_convert, type, field)
static const struct option_row rows[] = {
	OPTION_TEXT("--out DIR", TO(const char *, out),
	    "write each as DIR/NAME.bin; DIR is made if necessary, and no existing file is overwritten"),
	OPTION_FILES_FROM(TO(const char *, files_from)),
	OPTION_FLAG("--raw", TO(bool, raw), "no header, for a fuzzer's corpus: a fuzzer would change the header, too"),
	OPTION_TARGET(TO(struct cli_target, target)),
	{ 0 },
};

static const struct command_line usage = { help_head, rows, help_tail, NULL, OPERANDS_SOME, "file or directory" };

int
cmd_encode(int argc, char **argv)
{
	struct cli_convert c = { .target = { .target = target_at(0) } };
	int rv = options_parse(argc, argv, &usage, &c);

	return rv >= 0 ? rv : cli_convert_all(&c, INPUTS_VMT, argc - optind, argv + optind, encode_file);
}

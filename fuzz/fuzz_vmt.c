/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_vmt.c - parses any bytes as text. An accepted text must have one canonical form with the same meaning; a
 * rejected text must have an error that points into the text, and no memory leak. tests/program/test-vmt-damage.c feeds
 * it the damaged corpus.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/vmt-error.h"
#include "harness/base/base.h"
#include "harness/program/program.h"

/* Memory that is kept from one input to the next. */
static struct strbuf first, second;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

static void
fuzz_vmt_fail(const char *text, size_t len, const char *why)
{
	fwrite(text, 1, len, stderr);
	fprintf(stderr, "\n^ %s\n", why);
	abort();
}

static void
fuzz_vmt_check_error(const char *text, size_t len, const struct program *p, const struct vmt_error *e)
{
	struct program empty;
	const char *why = vmt_error_wrong(text, len, e);

	program_init(&empty);
	if (why == NULL && (!program_equal(p, &empty) || p->head != NULL || p->nr_notes != 0))
		why = "something of the text is used";
	if (why != NULL)
		fuzz_vmt_fail(text, len, why);
}

static void
fuzz_vmt_check_program(const struct program *p)
{
	struct program again;
	struct vmt_error e;

	strbuf_clear(&first);
	strbuf_clear(&second);
	vmt_print(p, &first);
	if (!vmt_parse(strbuf_text(&first), first.len, &again, &e))
		fuzz_vmt_fail(strbuf_text(&first), first.len, e.text);
	if (!program_equal(p, &again))
		fuzz_vmt_fail(strbuf_text(&first), first.len, "what is printed means another program");
	vmt_print(&again, &second);
	if (strcmp(strbuf_text(&first), strbuf_text(&second)) != 0)
		fuzz_vmt_fail(strbuf_text(&second), second.len, "printed again it is another text");
	program_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = size > 0 ? (const char *)data : "";
	struct vmt_error e;
	struct program p;

	if (vmt_parse(text, size, &p, &e))
		fuzz_vmt_check_program(&p);
	else
		fuzz_vmt_check_error(text, size, &p, &e);
	program_free(&p);
	return 0;
}

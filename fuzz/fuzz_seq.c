/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_seq.c - runs any bytes as a program, its threads one after the other, on the target and on the reference model.
 * It aborts with the program and the difference if results, states or invariants differ after an operation. A target
 * whose rules are not those of the engine (target.h: judged) runs without the model: only its check is called after
 * each operation.
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/input.h"
#include "harness/base/base.h"
#include "harness/program/program.h"
#include "harness/run/run.h"
#include "harness/sim/sim.h"

/* Made once; only memory is kept from one input to the next. */
static struct sim *sim;
static struct seqdiff diff;
static struct keybuf first, second;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_environment();
	sim = fuzz_sim();
	return 0;
}

/* Checks that the decoded program has one canonical form, which decodes to the same program. */
static void
seq_check_bytes(const struct program *p)
{
	struct program again;
	const char *reason;

	first.len = second.len = 0;
	if (!bytes_encode(p, &first, &reason))
		fuzz_fail(p, reason);
	bytes_decode(first.bytes, first.len, &again);
	if (!program_equal(p, &again) || !bytes_encode(&again, &second, &reason) || first.len != second.len ||
	    memcmp(first.bytes, second.bytes, first.len) != 0)
		fuzz_fail(p, "bytes of this program decode to another one\n");
	program_free(&again);
}

/* True: no difference, or the program cannot be compared. */
static bool
seq_compare(const struct program *p)
{
	const struct vm_target *t = fuzz_target();

	if (seqrun_reason(t, p) != NULL)
		return true;
	if (!t->judged)
		return seqdiff_recorded(&diff, t, p, sim); /* the program expects nothing */
	return seqrun_reason(&target_model, p) != NULL || seqdiff_targets(&diff, t, &target_model, p, sim);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in;
	struct program *p = &in.p;

	fuzz_input_decode(data, size, &in);
	/* The byte form has no mutants, and no profiles of other targets. */
	if (p->config.mutant == NULL && profile_set_of(p->config.profile.base) == NULL)
		seq_check_bytes(p);
	seqrun_flatten(p);
	(void)seqrun_trim(fuzz_target(), p);
	if (!seq_compare(p))
		fuzz_fail(p, strbuf_text(&diff.text));
	program_free(p); /* it was changed: see input.h */
	return 0;
}

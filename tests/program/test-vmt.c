/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-vmt.c - the text form, there and back. The malformed inputs are in test-vmt-errors.c.
 *
 *	test-vmt CORPUS
 *
 * CORPUS is a directory with .vmt files in it, anywhere; the files are found when the test runs, and none is an error.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fts.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/vm.h"
#include "harness/base/base.h"
#include "harness/program/program.h"

#define CORPUS_FILES_MAX 100000
#define OPS_PER_CODE 3000

static const char *corpus_path;

/* A file of the corpus. */
struct input {
	char *path, *text;
	size_t len;
};
static struct input *inputs;
static size_t nr_inputs;

static struct prng random_state;

static uint64_t
random_below(uint64_t n)
{
	return prng_below(&random_state, n);
}

/* A number below 2^@bits, bits at most 128, shifted to the right by a random number of bits below @bits. */
static unsigned __int128
random_shifted(unsigned bits)
{
	unsigned __int128 n = 0;

	for (unsigned i = 0; i < bits; i += 32)
		n = n << 32 | random_below((uint64_t)1 << 32);
	return n >> random_below(bits);
}

static char *
read_text(const char *path, size_t *ret_len)
{
	struct strbuf text = { 0 };
	char buf[4096];
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		strbuf_addn(&text, buf, n);
	fclose(f);
	*ret_len = text.len;
	return strbuf_take(&text);
}

static int
by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int
find_inputs(void **unused)
{
	char *copy = strdup(corpus_path), *roots[] = { copy, NULL };
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	FTSENT *e;

	(void)unused;
	inputs = calloc(CORPUS_FILES_MAX, sizeof(*inputs));
	while (fts != NULL && inputs != NULL && (e = fts_read(fts)) != NULL && nr_inputs < CORPUS_FILES_MAX) {
		struct input *in = &inputs[nr_inputs];

		if (e->fts_info != FTS_F || e->fts_namelen < 5 || strcmp(e->fts_name + e->fts_namelen - 4, ".vmt") != 0)
			continue;
		in->path = strdup(e->fts_path);
		in->text = read_text(e->fts_path, &in->len);
		nr_inputs++;
	}
	if (fts != NULL)
		fts_close(fts);
	free(copy);
	if (nr_inputs == 0 || nr_inputs == CORPUS_FILES_MAX) {
		fprintf(stderr, "%s: %s .vmt files\n", corpus_path, nr_inputs == 0 ? "no" : "too many");
		return -1;
	}
	print_message("%zu files\n", nr_inputs);
	return 0;
}

static int
free_inputs(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < nr_inputs; i++) {
		free(inputs[i].path);
		free(inputs[i].text);
	}
	free(inputs);
	return 0;
}

static void
parse_or_fail(const char *name, const char *text, size_t len, struct program *p)
{
	struct vmt_error e;

	if (!vmt_parse(text, len, p, &e))
		fail_msg("%s:%u:%u: %s", name, e.line, e.column, e.text);
}

/* print -> parse -> print changes nothing, in the text and in the program. */
static void
check_fixed_point(const char *name, const struct program *p)
{
	struct strbuf first = { 0 }, second = { 0 };
	struct program again;

	vmt_print(p, &first);
	parse_or_fail(name, strbuf_text(&first), first.len, &again);
	vmt_print(&again, &second);
	if (strcmp(strbuf_text(&first), strbuf_text(&second)) != 0)
		fail_msg("%s: printed\n%s\nand then\n%s", name, strbuf_text(&first), strbuf_text(&second));
	if (!program_equal(p, &again))
		fail_msg("%s: not the same program when read again:\n%s", name, strbuf_text(&first));
	program_free(&again);
	strbuf_free(&first);
	strbuf_free(&second);
}

/* The canonical text of @text. */
static char *
format(const char *text)
{
	struct strbuf out = { 0 };
	struct program p;

	parse_or_fail(text, text, strlen(text), &p);
	vmt_print(&p, &out);
	check_fixed_point(text, &p);
	program_free(&p);
	return strbuf_take(&out);
}

static void
check_format(const char *text, const char *want)
{
	char *found = format(text);

	assert_string_equal(found, want);
	free(found);
}

/* Expectations and comments of @text, which stand in the corpus as they are printed. */
static void
keep_lines(const char *text, struct strbuf *out)
{
	static const char *const words[] = { "#", "state ", "outcome ", "schedules ", "limit ", "profile " };

	while (*text != '\0') {
		size_t len = strcspn(text, "\n") + 1;

		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
			if (strncmp(text, words[i], strlen(words[i])) == 0)
				strbuf_addn(out, text, len);
		}
		text += len;
	}
}

static void
test_corpus(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < nr_inputs; i++) {
		struct program p;

		parse_or_fail(inputs[i].path, inputs[i].text, inputs[i].len, &p);
		check_fixed_point(inputs[i].path, &p);
		program_free(&p);
	}
}

static void
test_recorded_lines_are_canonical(void **unused)
{
	size_t recorded = 0;

	(void)unused;
	for (size_t i = 0; i < nr_inputs; i++) {
		struct strbuf want = { 0 }, found = { 0 };
		char *printed;

		if (strstr(inputs[i].path, "/freebsd/") == NULL)
			continue;
		recorded++;
		printed = format(inputs[i].text);
		keep_lines(inputs[i].text, &want);
		keep_lines(printed, &found);
		assert_string_equal(strbuf_text(&found), strbuf_text(&want));
		free(printed);
		strbuf_free(&want);
		strbuf_free(&found);
	}
	assert_true(recorded >= 994);
}

/* A copy of exactly its size, so that AddressSanitizer detects a read past the end. */
static bool
parse_exactly(const char *text, size_t len)
{
	char *copy = malloc(len > 0 ? len : 1);
	struct program p;
	struct vmt_error e;
	bool good;

	assert_non_null(copy);
	memcpy(copy, text, len);
	good = vmt_parse(copy, len, &p, &e);
	if (good) {
		check_fixed_point("a damaged file", &p);
	} else {
		assert_true(e.line > 0 && e.column > 0);
		assert_int_equal(strncmp(e.text, "expected ", 9), 0);
		assert_non_null(strstr(e.text, ", found "));
		for (const char *c = e.text; *c != '\0'; c++)
			assert_true(*c >= ' ' && *c <= '~');
	}
	program_free(&p);
	free(copy);
	return good;
}

/* A line end needs both its bytes; the corpus has none. What else can be cut off or damaged: test-vmt-damage.c. */
static void
test_line_ends(void **unused)
{
	(void)unused;
	assert_true(parse_exactly("map 16 80\r\n", 11));
	assert_true(parse_exactly("map 16 80", 9));
	assert_false(parse_exactly("map 16 80\r", 10));
}

/* Random operations, written by their kinds of argument: canonically, and in another way that means the same. */

struct two_ways {
	struct strbuf canonical, other;
};

static void
add_word(struct two_ways *w, const char *canonical, const char *other)
{
	strbuf_printf(&w->canonical, " %s", canonical);
	strbuf_printf(&w->other, "%s%s", random_below(2) != 0 ? "  " : "\t", other);
}

static void
add_number(struct two_ways *w, uint64_t max)
{
	uint64_t n = random_below(8) == 0 ? max - random_below(2) : (uint64_t)random_shifted(64);
	char decimal[32], hex[32];

	if (n > max)
		n %= max;
	snprintf(decimal, sizeof(decimal), "%" PRIu64, n);
	snprintf(hex, sizeof(hex), "0x%" PRIx64, n);
	add_word(w, decimal, hex);
}

static void
add_prot(struct two_ways *w, const char *prefix)
{
	static const char *const canonical[] = { "none", "r", "w", "rw", "x", "rx", "wx", "rwx" };
	static const char *const other[] = { "none", "r", "w", "wr", "x", "xr", "xw", "xwr" };
	unsigned prot = (unsigned)random_below(8);
	char prefixed[16];

	snprintf(prefixed, sizeof(prefixed), "%s%s", prefix, other[prot]);
	add_word(w, canonical[prot], prefixed);
}

static void
add_one_of(struct two_ways *w, const char *const *words, size_t nr)
{
	const char *word = words[random_below(nr)];

	if (*word != '\0')
		add_word(w, word, word);
}

static void
add_arg(struct two_ways *w, enum vm_arg_kind kind)
{
	static const char *const inherit[] = { "none", "copy", "share", "zero" };
	static const char *const advice[] = { "normal", "sequential", "random", "nosync", "autosync", "nocore", "core",
		"willneed", "dontneed", "free" };
	static const char *const who[] = { "user", "system" }, *const holes[] = { "noholes", "holesok" };
	static const char *const setmax[] = { "setmax", "" }, *const wr[] = { "write", "" };
	static const char *const invalidate[] = { "invalidate", "" }, *const on[] = { "on", "off" };

	switch (kind) {
	case VM_ARG_START:
	case VM_ARG_END:
	case VM_ARG_LEN:
	case VM_ARG_COUNT:
		add_number(w, VM_OP_PAGE_MAX);
		break;
	case VM_ARG_TAG:
		add_number(w, UINT64_MAX);
		break;
	case VM_ARG_PROT:
		add_prot(w, "prot=");
		break;
	case VM_ARG_MAX:
		add_prot(w, "max=");
		break;
	case VM_ARG_MAPPING:
		if (random_below(4) == 0) {
			add_word(w, "guard", "guard");
			break;
		}
		add_prot(w, "prot=");
		add_prot(w, "max=");
		break;
	case VM_ARG_INHERIT:
		add_one_of(w, inherit, 4);
		break;
	case VM_ARG_ADVICE:
		add_one_of(w, advice, 10);
		break;
	case VM_ARG_WHO:
		add_one_of(w, who, 2);
		break;
	case VM_ARG_HOLES:
		add_one_of(w, holes, 2);
		break;
	case VM_ARG_SETMAX:
		add_one_of(w, setmax, 2);
		break;
	case VM_ARG_WRITE:
		add_one_of(w, wr, 2);
		break;
	case VM_ARG_INVALIDATE:
		add_one_of(w, invalidate, 2);
		break;
	case VM_ARG_SWITCH:
		add_one_of(w, on, 2);
		break;
	case VM_ARG_NONE:
		break;
	}
}

static void
parse_op_or_fail(const char *text, struct vm_op *op)
{
	struct vmt_error e;

	if (!vmt_parse_op(text, op, &e))
		fail_msg("%s: %u:%u: %s", text, e.line, e.column, e.text);
}

static void
check_random_op(unsigned code, struct two_ways *w)
{
	struct strbuf printed = { 0 };
	struct vm_op op, other;

	strbuf_add(&w->canonical, vm_op_table[code].name);
	strbuf_add(&w->other, vm_op_table[code].name);
	for (unsigned i = 0; i < VM_OP_ARGS_MAX; i++)
		add_arg(w, vm_op_table[code].args[i]);
	parse_op_or_fail(strbuf_text(&w->canonical), &op);
	parse_op_or_fail(strbuf_text(&w->other), &other);
	assert_int_equal(op.code, code);
	assert_true(vm_op_equal(&op, &other));
	vmt_print_op(&other, &printed);
	assert_string_equal(strbuf_text(&printed), strbuf_text(&w->canonical));
	strbuf_free(&printed);
}

/* The canonical text of @text, which must be a program. */
static char *
formatted(const char *text)
{
	struct strbuf out = { 0 };
	struct vmt_error e;
	struct program p;

	if (!vmt_parse(text, strlen(text), &p, &e))
		fail_msg("%u:%u: %s in\n%s", e.line, e.column, e.text, text);
	vmt_print(&p, &out);
	program_free(&p);
	return strbuf_take(&out);
}

static void
test_never_lines_are_canonical(void **unused)
{
	static const char steps[] = "map 16 80\nT0 lookup 16\nT0 clip 16\nT1 read 16\n";
	struct strbuf in = { 0 }, want = { 0 };
	char *text;

	(void)unused;
	strbuf_printf(&in,
	    "%snever T1: 0x10  |  T0: -,*  |  16-20:rw*   uw=0\nnever uw=-* !busy\n"
	    "never T1: - | *\n",
	    steps);
	strbuf_printf(&want, "%snever T0: -,* | T1: 16 | 16-20:rw* uw=0\nnever uw=-* !busy\nnever T1: -\n", steps);
	text = formatted(strbuf_text(&in));
	assert_string_equal(text, strbuf_text(&want));
	free(text);
	strbuf_free(&in);
	strbuf_free(&want);
}

static void
test_byte_order_mark_is_skipped(void **unused)
{
	char *without = formatted("# head\nmap 16 80\ninit lookup 16\n");
	char *with = formatted("\xef\xbb\xbf# head\r\nmap 16 80\r\ninit lookup 16\r\n");

	(void)unused;
	assert_string_equal(with, without);
	free(with);
	free(without);
}

static void
test_version_line_is_kept(void **unused)
{
	char *text = formatted("# head\n\nvmt  0x1 # beside\n# before\nmap 16 80\n");

	(void)unused;
	assert_string_equal(text, "# head\nvmt 1 # beside\n# before\nmap 16 80\n");
	free(text);
}

static void
test_random_ops(void **unused)
{
	unsigned codes = 0;

	(void)unused;
	random_state.state = 2;
	for (unsigned code = 1; code <= VM_OP_CODE_MAX; code++) {
		if (vm_op_table[code].name == NULL)
			continue;
		codes++;
		for (unsigned i = 0; i < OPS_PER_CODE; i++) {
			struct two_ways w = { 0 };

			check_random_op(code, &w);
			strbuf_free(&w.canonical);
			strbuf_free(&w.other);
		}
	}
	assert_true(codes >= 17);
}

/* Each word goes into its own field. */
static void
test_each_word_sets_its_field(void **unused)
{
	static const struct {
		const char *text;
		struct vm_op op;
	} cases[] = {
		{ "insert 20 24 rw rwx", { .code = VM_OP_insert, .start = 20, .end = 24, .prot = 3, .max = 7 } },
		{ "fixed 20 24 guard", { .code = VM_OP_fixed, .start = 20, .end = 24, .flags = VM_OPF_GUARD } },
		{ "find 4 none x", { .code = VM_OP_find, .end = 4, .max = 4 } },
		{ "protect 20 24 r setmax",
		    { .code = VM_OP_protect, .start = 20, .end = 24, .prot = 1, .flags = VM_OPF_SETMAX } },
		{ "inherit 24 20 none", { .code = VM_OP_inherit, .start = 24, .end = 20, .choice = VM_INHERIT_NONE } },
		{ "madvise 1 2 free", { .code = VM_OP_madvise, .start = 1, .end = 2, .choice = VM_MADV_FREE } },
		{ "wire 20 24 user holesok write", { .code = VM_OP_wire,
		                                       .start = 20,
		                                       .end = 24,
		                                       .flags = VM_OPF_USER | VM_OPF_HOLESOK | VM_OPF_WRITE } },
		{ "unwire 20 24 system noholes", { .code = VM_OP_unwire, .start = 20, .end = 24 } },
		{ "sync 20 24 invalidate", { .code = VM_OP_sync, .start = 20, .end = 24, .flags = VM_OPF_INVALIDATE } },
		{ "write 20 99", { .code = VM_OP_write, .start = 20, .value = 99 } },
		{ "pageout 9", { .code = VM_OP_pageout, .value = 9 } },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vm_op op;

		parse_op_or_fail(cases[i].text, &op);
		if (!vm_op_equal(&op, &cases[i].op))
			fail_msg("%s: not the fields that are meant", cases[i].text);
	}
}

/* Canonical text, and that nothing of a person's is lost. */

static void
test_format_directives(void **unused)
{
	(void)unused;
	check_format("", "map 16 80\n");
	check_format("frames 0x10\nlimit 1099511627776\nmap 0 0x40 kernel\nprofile freebsd12 -Q4\n",
	    "profile freebsd12 -Q4\nmap 0 64 kernel\nlimit 1099511627776\nframes 16\n");
	check_format(
	    "profile strict +Q6 +Q1 -Q2\r\nmutant canary\r\n", "profile strict +Q1 +Q6\nmutant canary\nmap 16 80\n");
	check_format("poison 30 20 30\npoison 25 KERN_FAILURE\npoison 20\n",
	    "map 16 80\npoison 25 KERN_FAILURE\npoison 20 30\n");
}

static void
test_format_steps(void **unused)
{
	(void)unused;
	check_format("T1 lookup 20\nfinal read 20 => 0xff\nstate  20-22:guard   22-24:guard uw=-1  !busy\n"
	             "T0 insert 20 0x18 prot=wr max=xr\ninit find 4 prot=none max=none => KERN_SUCCESS@0x10\n",
	    "map 16 80\ninit find 4 none none => KERN_SUCCESS@16\nT0 insert 20 24 rw rx\nT1 lookup 20\n"
	    "final read 20 => 255\nstate 20-24:guard uw=-1 !busy\n");
	check_format("init remove 24 20 => BLOCKED\nstate (empty) uw=0\n",
	    "map 16 80\ninit remove 24 20 => BLOCKED\nstate (empty) uw=0\n");
	check_format("init read 20 => KERN_FAILURE", "map 16 80\ninit read 20 => KERN_FAILURE\n");
}

static void
test_comments_are_kept(void **unused)
{
	(void)unused;
	check_format("# head\n\n  # more \n#\nmap 16 80 # beside\n# before\n# init\ninit lookup 20 => TRUE # why\n"
	             "# of the state\nstate (empty) uw=0\t#x\n# last\n",
	    "# head\n# more\n#\nmap 16 80 # beside\n# before\n# init\ninit lookup 20 => TRUE # why\n"
	    "# of the state\nstate (empty) uw=0 #x\n# last\n");
	/* They go where their line goes. */
	check_format("init lookup 20 # i\n# one\nT1 lookup 21 # b\n# two\nT0 lookup 22 # a\n",
	    "map 16 80\ninit lookup 20 # i\n# two\nT0 lookup 22 # a\n# one\nT1 lookup 21 # b\n");
	check_format(
	    "T0 lookup 20\n# second\noutcome T0: TRUE | (empty) uw=0 # t\n# first\noutcome T0: FALSE | (empty) uw=0\n"
	    "# n\nschedules 1 # s\n",
	    "map 16 80\nT0 lookup 20\n# first\noutcome T0: FALSE | (empty) uw=0\n# second\n"
	    "outcome T0: TRUE | (empty) uw=0 # t\n# n\nschedules 1 # s\n");
	check_format("# head\npoison 30 # a\n# b\npoison 20 # c\npoison 21 KERN_FAILURE # d\n# map\nmap 16 80 # e\n",
	    "# head\n# map\nmap 16 80 # e\n# b\n# c\n# d\npoison 21 KERN_FAILURE # a\npoison 20 30\n");
	check_format("poison 30\n# of the limit\nlimit 3\n# of the pages\npoison 20\n",
	    "map 16 80\n# of the pages\npoison 20 30\n# of the limit\nlimit 3\n");
	check_format("# only a head", "# only a head\nmap 16 80\n");
	check_format("init lookup 1\n# \303\274 not ASCII", "map 16 80\ninit lookup 1\n# \303\274 not ASCII\n");
}

static void
test_format_expectations(void **unused)
{
	(void)unused;
	check_format("T0 find 2 r r\nT0 read 20\nT1 remove 16 80\n"
	             "outcome  T0:  KERN_SUCCESS@0x10,-   |\tT1: - | 16-17:r--/r--:copy:w0 17-18:r--/r--:copy:w0 uw=0 |"
	             "  DEADLOCK(T0.1  blocked,  T1.0 blocked)\n"
	             "outcome T0: KERN_NO_SPACE,0x7 | T1: KERN_SUCCESS | (empty) uw=0\n"
	             "schedules 340282366920938463463374607431768211455\n"
	             "verdict  lost-wakeup   T1  waits # why\n"
	             "result T0: KERN_NO_SPACE,- | T1: - | (empty) uw=0\n"
	             "schedule T0 T0*2 T1 T0*1\n",
	    "map 16 80\nT0 find 2 r r\nT0 read 20\nT1 remove 16 80\n"
	    "outcome T0: KERN_NO_SPACE,7 | T1: KERN_SUCCESS | (empty) uw=0\n"
	    "outcome T0: KERN_SUCCESS@16,- | T1: - | 16-18:r--/r--:copy:w0 uw=0 | DEADLOCK(T0.1 blocked, T1.0 "
	    "blocked)\n"
	    "schedules 340282366920938463463374607431768211455\n"
	    "verdict lost-wakeup T1 waits # why\n"
	    "result T0: KERN_NO_SPACE,- | T1: - | (empty) uw=0\n"
	    "schedule T0*3 T1 T0\n");
	/* The first verdict line is the main verdict and stays first; the others are sorted. */
	check_format("T0 lookup 20\nverdict model held # about\nverdict panic\n# b\nverdict model code\n"
	             "verdict invariant I2\nverdict invariant I19\nschedule T0\n",
	    "map 16 80\nT0 lookup 20\nverdict model held # about\nverdict invariant I19\nverdict invariant I2\n"
	    "# b\nverdict model code\nverdict panic\nschedule T0\n");
	check_format("T0 lookup 20\nverdict panic\nschedule\n", "map 16 80\nT0 lookup 20\nverdict panic\nschedule\n");
}

/* A checker's detail, whatever its content, is printed as one line that parses to the same detail. */
static void
test_detail_of_any_bytes(void **unused)
{
	struct strbuf out = { 0 };
	struct program p, again;

	(void)unused;
	program_init(&p);
	program_add_verdict(&p, PROGRAM_VERDICT_INVARIANT, "I3\nmerged: # 20-24\t#x a#b");
	vmt_print(&p, &out);
	assert_string_equal(strbuf_text(&out), "map 16 80\nverdict invariant I3 merged: 20-24 x a#b\n");
	parse_or_fail("detail", strbuf_text(&out), out.len, &again);
	program_free(&p);
	program_free(&again);
	strbuf_free(&out);
}

static void
test_equal_sees_differences(void **unused)
{
	static const char *const texts[] = { "", "profile freebsd12\n", "profile strict +Q1\n", "mutant canary\n",
		"map 0 80\n", "map 16 81\n", "map 16 80 kernel\n", "poison 20\n", "poison 20 KERN_FAILURE\n",
		"poison 20 21\n", "limit 3\n", "frames 3\n", "init lookup 20\n", "init lookup 21\n",
		"init lookup 20 => TRUE\n", "init lookup 20 => FALSE\n", "init lookup 20 => BLOCKED\n",
		"init lookup 20\nstate (empty) uw=0\n", "init lookup 20\nstate (empty) uw=1\n", "final lookup 20\n",
		"T0 lookup 20\n", "T0 lookup 21\n", "T0 lookup 20\nT0 lookup 20\n", "T0 lookup 20\nT1 lookup 20\n",
		"T0 lookup 20\noutcome T0: TRUE | (empty) uw=0\n", "T0 lookup 20\noutcome T0: FALSE | (empty) uw=0\n",
		"T0 lookup 20\nschedules 1\n", "T0 lookup 20\nschedules 2\n", "T0 lookup 20\nverdict race\n",
		"T0 lookup 20\nverdict model\n", "T0 lookup 20\nverdict race\nverdict model\n",
		"T0 lookup 20\nverdict race x\n", "T0 lookup 20\nresult T0: TRUE | (empty) uw=0\n",
		"T0 lookup 20\nschedule\n", "T0 lookup 20\nschedule T0\n", "T0 lookup 20\nschedule T0*2\n" };

	(void)unused;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++) {
			struct program a, b;

			parse_or_fail(texts[i], texts[i], strlen(texts[i]), &a);
			parse_or_fail(texts[k], texts[k], strlen(texts[k]), &b);
			if (program_equal(&a, &b) != (i == k))
				fail_msg("equal:\n%s%s", texts[i], texts[k]);
			program_free(&a);
			program_free(&b);
		}
	}
}

/* States. */

static struct vm_run
random_run(uint64_t start)
{
	struct vm_run run = { .start = start, .end = start + 1 + random_below(3) };

	run.guard = random_below(4) == 0;
	run.transition = random_below(4) == 0;
	if (run.guard)
		return run;
	run.prot = (uint8_t)random_below(8);
	run.max = (uint8_t)random_below(8);
	run.inherit = (uint8_t)random_below(VM_INHERIT_COUNT);
	run.user_wired = random_below(2) != 0;
	run.wired_count = (int32_t)random_below(4) - 1;
	return run;
}

static void
random_state_of_map(struct vm_state *s)
{
	uint64_t start = random_below(4);

	state_clear(s);
	for (unsigned n = (unsigned)random_below(6); n > 0; n--) {
		struct vm_run run = random_run(start);

		state_add(s, &run);
		start = run.end + random_below(2);
	}
	s->user_wired = (int64_t)random_below(9) - 4;
	s->busy = random_below(4) == 0;
}

static void
test_random_states(void **unused)
{
	struct vm_state made = { 0 }, parsed = { 0 };
	struct strbuf text = { 0 };
	size_t at, len;

	(void)unused;
	random_state.state = 3;
	for (unsigned i = 0; i < 20000; i++) {
		random_state_of_map(&made);
		strbuf_clear(&text);
		state_print(&made, &text);
		assert_null(state_parse(strbuf_text(&text), text.len, &parsed, &at, &len));
		assert_true(state_equal(&made, &parsed));
	}
	state_free(&made);
	state_free(&parsed);
	strbuf_free(&text);
}

static void
test_state_text(void **unused)
{
	static const struct vm_run runs[] = {
		{ .start = 16, .end = 20, .prot = 3, .max = 7, .inherit = VM_INHERIT_COPY },
		{ .start = 20, .end = 24, .prot = 3, .max = 7, .inherit = VM_INHERIT_COPY },
		{ .start = 24,
		    .end = 25,
		    .prot = 1,
		    .max = 1,
		    .inherit = VM_INHERIT_SHARE,
		    .wired_count = 1,
		    .user_wired = true },
		{ .start = 25, .end = 26, .max = 4, .inherit = VM_INHERIT_NONE, .wired_count = 2, .transition = true },
		{ .start = 26, .end = 27, .guard = true },
		{ .start = 27, .end = 28, .guard = true },
	};
	struct vm_state s = { 0 };
	struct strbuf text = { 0 };

	(void)unused;
	state_print(&s, &text);
	assert_string_equal(strbuf_text(&text), "(empty) uw=0");
	strbuf_clear(&text);
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++)
		state_add(&s, &runs[i]);
	s.user_wired = -1;
	s.busy = true;
	state_print(&s, &text);
	assert_string_equal(strbuf_text(&text), "16-24:rw-/rwx:copy:w0 24-25:r--/r--:share:w1u 25-26:---/--x:none:w2!T "
	                                        "26-28:guard uw=-1 !busy");
	state_free(&s);
	strbuf_free(&text);
}

/* Whole programs made in memory: parse(print(p)) equals p. */

static struct vm_op
random_op(void)
{
	struct two_ways w = { 0 };
	unsigned code;
	struct vm_op op;

	do
		code = 1 + (unsigned)random_below(VM_OP_CODE_MAX);
	while (vm_op_table[code].name == NULL);
	strbuf_add(&w.canonical, vm_op_table[code].name);
	for (unsigned i = 0; i < VM_OP_ARGS_MAX; i++)
		add_arg(&w, vm_op_table[code].args[i]);
	parse_op_or_fail(strbuf_text(&w.canonical), &op);
	strbuf_free(&w.canonical);
	strbuf_free(&w.other);
	return op;
}

static struct vm_result
random_result(const struct vm_op *op)
{
	struct vm_result r = { .outcome = VM_OUTCOME_DONE, .code = (int32_t)random_below(VM_KERN_COUNT) };

	switch ((enum vm_result_kind)vm_op_table[op->code].result) {
	case VM_RESULT_BOOL:
		r.code = (int32_t)random_below(2);
		break;
	case VM_RESULT_KERN_ADDR:
		r.value = r.code == KERN_SUCCESS ? random_below(VM_OP_PAGE_MAX + 1) : 0;
		break;
	case VM_RESULT_KERN_TAG:
		r.value = r.code == KERN_SUCCESS ? prng_next(&random_state) : 0;
		break;
	case VM_RESULT_KERN:
	case VM_RESULT_INVALID:
		break;
	}
	return r;
}

static struct program_step *
random_steps(size_t nr)
{
	struct program_step *steps = calloc(nr > 0 ? nr : 1, sizeof(*steps));
	struct vm_state state = { 0 };

	assert_non_null(steps);
	for (size_t i = 0; i < nr; i++) {
		struct strbuf text = { 0 };

		steps[i].op = random_op();
		steps[i].has_result = random_below(2) != 0;
		if (steps[i].has_result)
			steps[i].result = random_result(&steps[i].op);
		if (random_below(2) != 0)
			continue;
		random_state_of_map(&state);
		state_print(&state, &text);
		steps[i].state = strbuf_take(&text);
	}
	state_free(&state);
	return steps;
}

static void
random_config(struct program_config *cfg)
{
	cfg->profile.base = (enum vm_profile_id)random_below(VM_PROFILE_COUNT);
	cfg->profile.on = (uint32_t)random_below(VM_BEHAVIOURS_ALL + 1);
	cfg->mutant = random_below(4) == 0 ? "canary" : NULL;
	cfg->min = random_below(100);
	cfg->max = cfg->min + 1 + random_below(VM_OP_PAGE_MAX - 100);
	cfg->kernel = random_below(2) != 0;
	cfg->limit = random_below(2) != 0 ? random_below(9) : VM_WIRE_LIMIT_DEFAULT;
	cfg->frames = random_below(9);
	cfg->nr_poison = random_below(5);
	cfg->poison = calloc(cfg->nr_poison + 1, sizeof(*cfg->poison));
	assert_non_null(cfg->poison);
	for (size_t i = 0; i < cfg->nr_poison; i++) {
		cfg->poison[i].page = 10 * i + random_below(10);
		cfg->poison[i].code = 1 + (int)random_below(VM_KERN_COUNT - 1);
	}
}

static void
random_threads(struct program *p)
{
	p->nr_threads = (unsigned)random_below(PROGRAM_THREADS_MAX + 1);
	p->threads = calloc(PROGRAM_THREADS_MAX, sizeof(*p->threads));
	assert_non_null(p->threads);
	for (unsigned t = 0; t < p->nr_threads; t++) {
		p->threads[t].nr_ops = 1 + (unsigned)random_below(random_below(8) == 0 ? PROGRAM_OPS_MAX : 4);
		for (unsigned i = 0; i < p->threads[t].nr_ops; i++)
			p->threads[t].ops[i] = random_op();
	}
}

/* How a run may have ended: each thread at some operation, or at its end. */
static char *
random_outcome(const struct program *p)
{
	static struct vm_result results[PROGRAM_THREADS_MAX][PROGRAM_OPS_MAX];
	const struct vm_result *rows[PROGRAM_THREADS_MAX];
	struct vm_state state = { 0 };
	struct strbuf text = { 0 };
	bool unfinished = false;

	memset(results, 0, sizeof(results));
	for (unsigned t = 0; t < p->nr_threads; t++) {
		unsigned done = p->threads[t].nr_ops;

		rows[t] = results[t];
		if (random_below(4) == 0)
			done = (unsigned)random_below(done);
		unfinished |= done < p->threads[t].nr_ops;
		for (unsigned i = 0; i < done; i++)
			results[t][i] = random_result(&p->threads[t].ops[i]);
	}
	random_state_of_map(&state);
	vmt_print_outcome(p, rows, &state, unfinished, &text);
	state_free(&state);
	return strbuf_take(&text);
}

static void
random_schedule(const struct program *p, struct schedule *s)
{
	for (uint64_t i = random_below(6); i > 0; i--) {
		unsigned thread = (unsigned)(i % 2 != 0 ? p->nr_threads - 1 : random_below(p->nr_threads - 1));
		uint32_t count = (uint32_t)random_shifted(32);

		schedule_add(s, thread, SCHEDULE_OP_ANY, count < UINT32_MAX ? count + 1 : count);
	}
}

static void
random_expectations(struct program *p)
{
	p->has_schedules = random_below(2) != 0;
	p->schedules = random_shifted(128);
	for (unsigned i = (unsigned)random_below(4); i > 0; i--) {
		static char detail[] = "T1.0 at page 21";
		struct program_verdict_line v = { .detail = random_below(2) != 0 ? detail : NULL };
		bool there = false;

		v.kind = (enum program_verdict)(1 + random_below(PROGRAM_VERDICT_PANIC));

		for (size_t k = 0; k < p->nr_verdicts; k++)
			there |= program_verdict_same(&p->verdicts[k], &v);
		if (!there)
			program_add_verdict(p, v.kind, v.detail);
	}
	if (p->nr_threads == 0)
		return;
	p->outcomes = calloc(1, sizeof(*p->outcomes));
	assert_non_null(p->outcomes);
	p->outcomes[p->nr_outcomes++].text = random_outcome(p);
	p->result = random_below(2) != 0 ? random_outcome(p) : NULL;
	p->has_schedule = random_below(2) != 0;
	if (!p->has_schedule || p->nr_threads < 2)
		return;
	random_schedule(p, &p->schedule);
	if (random_below(2) != 0)
		random_schedule(p, &p->order);
}

static void
test_random_programs(void **unused)
{
	(void)unused;
	random_state.state = 4;
	for (unsigned i = 0; i < 2000; i++) {
		struct program p;

		program_init(&p);
		random_config(&p.config);
		p.nr_init = random_below(6);
		p.init = random_steps(p.nr_init);
		p.nr_final = random_below(3);
		p.final = random_steps(p.nr_final);
		random_threads(&p);
		random_expectations(&p);
		check_fixed_point("a random program", &p);
		program_free(&p);
	}
}

/* Files. */

static size_t
count_entries(char *directory)
{
	char *roots[] = { directory, NULL };
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	size_t n = 0;

	assert_non_null(fts);
	for (FTSENT *e; (e = fts_read(fts)) != NULL;)
		n += e->fts_level > 0 && e->fts_info != FTS_DP;
	fts_close(fts);
	return n;
}

static void
test_write_and_read(void **unused)
{
	char directory[] = "/tmp/test-vmt.XXXXXX", path[64], link_path[64];
	struct program p, again;
	struct stat st;

	(void)unused;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/a.vmt", directory);
	snprintf(link_path, sizeof(link_path), "%s/b.vmt", directory);
	parse_or_fail(inputs[0].path, inputs[0].text, inputs[0].len, &p);
	assert_true(vmt_write(path, &p));
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(symlink("a.vmt", link_path), 0);
	assert_true(vmt_write(link_path, &p));
	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(lstat(link_path, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_true(vmt_read(path, &again));
	assert_true(program_equal(&p, &again));
	assert_int_equal(count_entries(directory), 2);
	program_free(&p);
	program_free(&again);
	assert_int_equal(unlink(path) | unlink(link_path) | rmdir(directory), 0);
}

/* A program that cannot be written leaves no file, and reports the reason. */
static void
test_write_fails_cleanly(void **unused)
{
	char directory[] = "/tmp/test-vmt.XXXXXX", path[64];
	struct program p;

	(void)unused;
	program_init(&p);
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/none/a.vmt", directory);
	errno = 0;
	assert_false(vmt_write(path, &p));
	assert_int_equal(errno, ENOENT);
	/* A directory cannot be replaced: the failure comes at the rename, with the temporary file complete. */
	snprintf(path, sizeof(path), "%s/a.vmt", directory);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_false(vmt_write(path, &p));
	assert_int_equal(errno, EISDIR);
	assert_int_equal(count_entries(directory), 1);
	assert_int_equal(rmdir(path) | rmdir(directory), 0);
	program_free(&p);
}

static void
test_pieces(void **unused)
{
	struct vmt_error e;
	struct vm_op op;

	(void)unused;
	assert_false(vmt_parse_op("lookup 16\nlookup 17", &op, &e));
	assert_string_equal(e.text, "expected a single line, found another");
	assert_false(vmt_parse_op("", &op, &e));
	assert_string_equal(e.text, "expected an operation, found end of line");
}

static void
test_buffers(void **unused)
{
	struct strbuf text = { 0 };
	struct keybuf key = { 0 };
	char *taken;

	(void)unused;
	assert_string_equal(strbuf_text(&text), "");
	taken = strbuf_take(&text);
	assert_string_equal(taken, "");
	free(taken);
	for (unsigned i = 0; i < 1000; i++) {
		strbuf_printf(&text, "%03u", i);
		keybuf_num(&key, i);
		keybuf_u8(&key, 0xff);
	}
	assert_int_equal(text.len, 3000);
	assert_memory_equal(text.text + 2997, "999", 4);
	assert_int_equal(key.len, 128 * 2 + 872 * 3);
	assert_memory_equal(key.bytes + key.len - 3, "\xe7\x07\xff", 3);
	strbuf_free(&text);
	keybuf_free(&key);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buffers),
		cmocka_unit_test(test_corpus),
		cmocka_unit_test(test_recorded_lines_are_canonical),
		cmocka_unit_test(test_each_word_sets_its_field),
		cmocka_unit_test(test_random_ops),
		cmocka_unit_test(test_format_directives),
		cmocka_unit_test(test_format_steps),
		cmocka_unit_test(test_format_expectations),
		cmocka_unit_test(test_comments_are_kept),
		cmocka_unit_test(test_detail_of_any_bytes),
		cmocka_unit_test(test_equal_sees_differences),
		cmocka_unit_test(test_state_text),
		cmocka_unit_test(test_random_states),
		cmocka_unit_test(test_random_programs),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_write_and_read),
		cmocka_unit_test(test_write_fails_cleanly),
		cmocka_unit_test(test_line_ends),
		cmocka_unit_test(test_never_lines_are_canonical),
		cmocka_unit_test(test_byte_order_mark_is_skipped),
		cmocka_unit_test(test_version_line_is_kept),
	};

	if (argc != 2) {
		fprintf(stderr, "usage: test-vmt CORPUS\n");
		return 2;
	}
	corpus_path = argv[1];
	return cmocka_run_group_tests_name("vmt", tests, find_inputs, free_inputs);
}

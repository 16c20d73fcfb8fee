/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-vmt-errors.c - malformed programs: the exact line, column and text of each error.
 *
 * A case is one that a person could write, or a byte that no editor shows. When a message is made better, the table
 * changes with it: what users are told is reviewed like code.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "harness/program.h"
#include "harness/vmt.h"

#define INSERT "init insert 16 24 rw rwx\n"
#define ONE_THREAD INSERT "T0 wire 16 24 user noholes\n"
#define TWO_THREADS ONE_THREAD "T1 remove 16 20\n"
#define FOUR_OPS "T0 lookup 16\nT0 lookup 16\nT0 lookup 16\nT0 lookup 16\n"
#define SIXTEEN_OPS FOUR_OPS FOUR_OPS FOUR_OPS FOUR_OPS
#define SIXTY_FOUR_OPS SIXTEEN_OPS SIXTEEN_OPS SIXTEEN_OPS SIXTEEN_OPS
#define TWENTY_AS "aaaaaaaaaaaaaaaaaaaa"
#define HUNDRED_AS TWENTY_AS TWENTY_AS TWENTY_AS TWENTY_AS TWENTY_AS

/* A text, which may hold NUL bytes, and its length. */
#define TEXT(literal) (literal), sizeof(literal) - 1

static const struct {
	const char *text;
	size_t len;
	unsigned line, column;
	const char *error;
} cases[] = {
	{ TEXT("bogus\n"), 1, 1, "expected a directive, a step or an expectation, found \"bogus\"" },
	{ TEXT("  bogus 1\n"), 1, 3, "expected a directive, a step or an expectation, found \"bogus\"" },
	{ TEXT("map 16\n"), 1, 7, "expected the page behind the map, found end of line" },
	{ TEXT("map 16 16\n"), 1, 8, "expected a page above the map's first, 16, found \"16\"" },
	{ TEXT("map 80 16\n"), 1, 8, "expected a page above the map's first, 80, found \"16\"" },
	{ TEXT("map 16 80 kernal\n"), 1, 11, "expected \"kernel\" or end of line, found \"kernal\"" },
	{ TEXT("map 16 80 kernel x\n"), 1, 18, "expected end of line, found \"x\"" },
	{ TEXT("map 16 4294967297\n"), 1, 8,
	    "expected the page behind the map, at most 4294967296, found \"4294967297\"" },
	{ TEXT("map 016 80\n"), 1, 5, "expected the map's first page, found \"016\"" },
	{ TEXT("map x 80\n"), 1, 5, "expected the map's first page, found \"x\"" },
	{ TEXT("map 16 80\nmap 16 80\n"), 2, 1, "expected one \"map\" line, found another" },
	{ TEXT("profile\n"), 1, 8, "expected strict or freebsd12, found end of line" },
	{ TEXT("profile linux\n"), 1, 9, "expected strict or freebsd12, found \"linux\"" },
	{ TEXT("profile strict +Q5\n"), 1, 16, "expected +QUIRK or -QUIRK, found \"+Q5\"" },
	{ TEXT("profile strict Q1\n"), 1, 16, "expected +QUIRK or -QUIRK, found \"Q1\"" },
	{ TEXT("profile strict +Q1 -Q1\n"), 1, 20, "expected each quirk at most once, found \"-Q1\"" },
	{ TEXT("profile strict\nprofile strict\n"), 2, 1, "expected one \"profile\" line, found another" },
	{ TEXT("profile strict +\n"), 1, 16, "expected +QUIRK or -QUIRK, found \"+\"" },
	{ TEXT("mutant\n"), 1, 7, "expected the name of a mutant, found end of line" },
	{ TEXT("mutant nonesuch\n"), 1, 8, "expected the name of a mutant, found \"nonesuch\"" },
	{ TEXT("mutant canary canary\n"), 1, 15, "expected end of line, found \"canary\"" },
	{ TEXT("poison\n"), 1, 7, "expected a page number, found end of line" },
	{ TEXT("poison 20 KERN_SUCCESS\n"), 1, 11, "expected a KERN_ code of failure, found \"KERN_SUCCESS\"" },
	{ TEXT("poison 20 KERN_BAD\n"), 1, 11,
	    "expected a page number, a KERN_ code or end of line, found \"KERN_BAD\"" },
	{ TEXT("poison 20 KERN_FAILURE 21\n"), 1, 24, "expected end of line, found \"21\"" },
	{ TEXT("poison 20 KERN_FAILURE\npoison 21 20\n"), 2, 11, "expected one code for page 20, found another" },
	{ TEXT("limit\n"), 1, 6, "expected a number of pages, found end of line" },
	{ TEXT("limit -1\n"), 1, 7, "expected a number of pages, found \"-1\"" },
	{ TEXT("limit 1099511627777\n"), 1, 7,
	    "expected a number of pages, at most 1099511627776, found \"1099511627777\"" },
	{ TEXT("limit 3\nlimit 3\n"), 2, 1, "expected one \"limit\" line, found another" },
	{ TEXT("frames 0\n"), 1, 8, "expected a number of page frames above 0, found \"0\"" },
	{ TEXT("frames 4294967297\n"), 1, 8,
	    "expected a number of page frames, at most 4294967296, found \"4294967297\"" },
	{ TEXT("frames 1\nframes 2\n"), 2, 1, "expected one \"frames\" line, found another" },
	{ TEXT(INSERT "map 16 80\n"), 2, 1,
	    "expected a step or an expectation, as directives come first, found \"map\"" },
	{ TEXT("init\n"), 1, 5, "expected an operation, found end of line" },
	{ TEXT("init fork\n"), 1, 6, "expected an operation, found \"fork\", which is not supported yet" },
	{ TEXT("init cow 1 2\n"), 1, 6, "expected an operation, found \"cow\", which is not supported yet" },
	{ TEXT("T0 stack 1\n"), 1, 4, "expected an operation, found \"stack\", which is not supported yet" },
	{ TEXT("init grow\n"), 1, 6, "expected an operation, found \"grow\", which is not supported yet" },
	{ TEXT("init submap\n"), 1, 6, "expected an operation, found \"submap\", which is not supported yet" },
	{ TEXT("T0 wirefuture\n"), 1, 4, "expected an operation, found \"wirefuture\", which is not supported yet" },
	{ TEXT("init inzert 1 2\n"), 1, 6, "expected an operation, found \"inzert\"" },
	{ TEXT("init insert\n"), 1, 12, "expected a page number, found end of line" },
	{ TEXT("init insert x\n"), 1, 13, "expected a page number, found \"x\"" },
	{ TEXT("init insert 16 0x\n"), 1, 16, "expected a page number, found \"0x\"" },
	{ TEXT("init insert 16 4294967297\n"), 1, 16,
	    "expected a page number, at most 4294967296, found \"4294967297\"" },
	{ TEXT("init insert 16 24\n"), 1, 18, "expected a protection and a maximum, or \"guard\", found end of line" },
	{ TEXT("init insert 16 24 rr rwx\n"), 1, 19,
	    "expected a protection and a maximum, or \"guard\", found \"rr\"" },
	{ TEXT("init insert 16 24 rw\n"), 1, 21,
	    "expected \"none\" or letters of \"rwx\", or max=..., found end of line" },
	{ TEXT("init insert 16 24 rw max=\n"), 1, 22,
	    "expected \"none\" or letters of \"rwx\", or max=..., found \"max=\"" },
	{ TEXT("init insert 16 24 max=r r\n"), 1, 19,
	    "expected a protection and a maximum, or \"guard\", found \"max=r\"" },
	{ TEXT("init insert 16 24 guard rw\n"), 1, 25, "expected \"=>\" or end of line, found \"rw\"" },
	{ TEXT("init insert 16 24 Guard\n"), 1, 19,
	    "expected a protection and a maximum, or \"guard\", found \"Guard\"" },
	{ TEXT("init find 4 prot=q rwx\n"), 1, 13,
	    "expected \"none\" or letters of \"rwx\", or prot=..., found \"prot=q\"" },
	{ TEXT("init find 4 r prot=r\n"), 1, 15,
	    "expected \"none\" or letters of \"rwx\", or max=..., found \"prot=r\"" },
	{ TEXT("init protect 16 24 r maxset\n"), 1, 22,
	    "expected \"setmax\", \"=>\" or end of line, found \"maxset\"" },
	{ TEXT("init protect 16 24 r setmax setmax\n"), 1, 29, "expected \"=>\" or end of line, found \"setmax\"" },
	{ TEXT("init inherit 16 24 some\n"), 1, 20, "expected none, copy, share or zero, found \"some\"" },
	{ TEXT("init madvise 16 24\n"), 1, 19, "expected a kind of advice, found end of line" },
	{ TEXT("init wire 16 24 me noholes\n"), 1, 17, "expected user or system, found \"me\"" },
	{ TEXT("init wire 16 24 user holes\n"), 1, 22, "expected noholes or holesok, found \"holes\"" },
	{ TEXT("init wire 16 24 user noholes wright\n"), 1, 30,
	    "expected \"write\", \"=>\" or end of line, found \"wright\"" },
	{ TEXT("T0 wire 16 24 user noholes wright\n"), 1, 28, "expected \"write\" or end of line, found \"wright\"" },
	{ TEXT("T0 unwire 16 24 user noholes write\n"), 1, 30, "expected end of line, found \"write\"" },
	{ TEXT("init write 16 18446744073709551616\n"), 1, 15,
	    "expected a 64-bit number, at most 18446744073709551615, found \"18446744073709551616\"" },
	{ TEXT("init pageout 4294967297\n"), 1, 14,
	    "expected a number of pages, at most 4294967296, found \"4294967297\"" },
	{ TEXT("init pageout 1 # ok\ninit pageout\n"), 2, 13, "expected a number of pages, found end of line" },
	{ TEXT("init remove 16 24 =>\n"), 1, 21, "expected a KERN_ code, or BLOCKED, found end of line" },
	{ TEXT("init remove 16 24 => TRUE\n"), 1, 22, "expected a KERN_ code, or BLOCKED, found \"TRUE\"" },
	{ TEXT("init remove 16 24 => KERN_NOTHING\n"), 1, 22,
	    "expected a KERN_ code, or BLOCKED, found \"KERN_NOTHING\"" },
	{ TEXT("init remove 16 24 => KERN_SUCCESS x\n"), 1, 35, "expected end of line, found \"x\"" },
	{ TEXT("init lookup 16 => KERN_SUCCESS\n"), 1, 19,
	    "expected TRUE or FALSE, or BLOCKED, found \"KERN_SUCCESS\"" },
	{ TEXT("init find 4 r r => KERN_SUCCESS\n"), 1, 20,
	    "expected KERN_SUCCESS@PAGE or a KERN_ code of failure, or BLOCKED, found \"KERN_SUCCESS\"" },
	{ TEXT("init find 4 r r => KERN_SUCCESS@x\n"), 1, 20,
	    "expected KERN_SUCCESS@PAGE or a KERN_ code of failure, or BLOCKED, found \"KERN_SUCCESS@x\"" },
	{ TEXT("init read 16 => KERN_SUCCESS\n"), 1, 17,
	    "expected a tag or a KERN_ code of failure, or BLOCKED, found \"KERN_SUCCESS\"" },
	{ TEXT("init read 16 => -\n"), 1, 17, "expected a tag or a KERN_ code of failure, or BLOCKED, found \"-\"" },
	{ TEXT("init remove 16 24 -> KERN_SUCCESS\n"), 1, 19, "expected \"=>\" or end of line, found \"->\"" },
	{ TEXT("final remove 16 24 => BLOCKED\n"), 1, 23, "expected a KERN_ code, found \"BLOCKED\"" },
	{ TEXT("T0 remove 16 24 => KERN_SUCCESS\n"), 1, 17,
	    "expected end of line, found \"=>\": results of threads stand in outcome lines" },
	{ TEXT("T0 clip 16\ninit remove 16 24 => BLOCKED\n"), 2, 22, "expected a KERN_ code, found \"BLOCKED\"" },
	{ TEXT("init remove 16 24 => BLOCKED\ninit lookup 16\n"), 2, 1,
	    "expected nothing behind a step that blocks, found \"init\"" },
	{ TEXT("init remove 16 24 => BLOCKED\nstate (empty) uw=0\nT0 lookup 16\n"), 3, 1,
	    "expected nothing behind a step that blocks, found \"T0\"" },
	{ TEXT("init remove 16 24 => BLOCKED\nfinal lookup 16\n"), 2, 1,
	    "expected nothing behind a step that blocks, found \"final\"" },
	{ TEXT("T16 lookup 16\n"), 1, 1, "expected a thread from T0 to T15, found \"T16\"" },
	{ TEXT("T00 lookup 16\n"), 1, 1, "expected a thread from T0 to T15, found \"T00\"" },
	{ TEXT("T0\n"), 1, 3, "expected an operation, found end of line" },
	{ TEXT("T0 lookup 16\n  T2 lookup 16\n"), 2, 3, "expected operations of T1, found \"T2\" without them" },
	{ TEXT("T1 lookup 16\n"), 1, 1, "expected operations of T0, found \"T1\" without them" },
	{ TEXT(SIXTY_FOUR_OPS "T0 lookup 17\n"), 65, 1, "expected at most 64 operations of T0, found \"T0\"" },
	{ TEXT("T0x1 lookup 16\n"), 1, 1, "expected a thread from T0 to T15, found \"T0x1\"" },
	{ TEXT("state (empty) uw=0\n"), 1, 1, "expected an init or final step before a state, found \"state\"" },
	{ TEXT("T0 lookup 16\nstate (empty) uw=0\n"), 2, 1,
	    "expected an init or final step before a state, found \"state\"" },
	{ TEXT(INSERT "state (empty) uw=0\nstate (empty) uw=0\n"), 3, 1,
	    "expected an init or final step before a state, found \"state\"" },
	{ TEXT(INSERT "state\n"), 2, 6, "expected \"(empty)\" or a run of pages, found end of line" },
	{ TEXT(INSERT "state uw=0\n"), 2, 7, "expected \"(empty)\" or a run of pages, found \"uw=0\"" },
	{ TEXT(INSERT "state (empty)\n"), 2, 14, "expected a user-wire count like uw=0, found end of line" },
	{ TEXT(INSERT "state (empty) uw=x\n"), 2, 15, "expected a user-wire count like uw=0, found \"uw=x\"" },
	{ TEXT(INSERT "state (empty) uw=0 busy\n"), 2, 20, "expected the end of the state, found \"busy\"" },
	{ TEXT(INSERT "state 16-24:rw-/rwx:copy uw=0\n"), 2, 7,
	    "expected a run of pages like 16-24:rw-/rwx:copy:w0 or 24-25:guard, found \"16-24:rw-/rwx:copy\"" },
	{ TEXT(INSERT "state 16-24:rw-/rwx:copy:w0 20-28:guard uw=0\n"), 2, 29,
	    "expected runs of pages in ascending order, found \"20-28:guard\"" },
	{ TEXT(INSERT "state 16-24:guard 23-25:guard uw=0\n"), 2, 19,
	    "expected runs of pages in ascending order, found \"23-25:guard\"" },
	{ TEXT(INSERT "state 24-24:guard uw=0\n"), 2, 7,
	    "expected a run of pages that is not empty, found \"24-24:guard\"" },
	{ TEXT(INSERT "state 16-24:rw/rwx:copy:w0 uw=0\n"), 2, 7,
	    "expected a run of pages like 16-24:rw-/rwx:copy:w0 or 24-25:guard, found \"16-24:rw/rwx:copy:w0\"" },
	{ TEXT(INSERT "state (empty) uw=0 !busy 1\n"), 2, 26, "expected the end of the state, found \"1\"" },
	{ TEXT(INSERT "state 16-24:guard!Tx uw=0\n"), 2, 7,
	    "expected a run of pages like 16-24:rw-/rwx:copy:w0 or 24-25:guard, found \"16-24:guard!Tx\"" },
	{ TEXT(INSERT "outcome (empty) uw=0\n"), 2, 9,
	    "expected threads in a program with outcomes, found \"(empty)\"" },
	{ TEXT(TWO_THREADS "outcome\n"), 4, 8, "expected \"T0:\", found end of line" },
	{ TEXT(TWO_THREADS "outcome T0: KERN_SUCCESS\n"), 4, 25, "expected \"|\", found end of line" },
	{ TEXT(TWO_THREADS "outcome T0: KERN_SUCCESS,KERN_SUCCESS | T1: KERN_SUCCESS | (empty) uw=0\n"), 4, 13,
	    "expected 1 result of T0, found 2" },
	{ TEXT(TWO_THREADS "outcome T0: KERN_SUCCESS | T1: TRUE | (empty) uw=0\n"), 4, 32,
	    "expected a KERN_ code, or \"-\", found \"TRUE\"" },
	{ TEXT(TWO_THREADS "outcome T0: KERN_SUCCESS | T1:\n"), 4, 31, "expected 1 result of T1, found end of line" },
	{ TEXT(TWO_THREADS "outcome T0: KERN_SUCCESS | T1: KERN_SUCCESS |\n"), 4, 46,
	    "expected \"(empty)\" or a run of pages, found end of line" },
	{ TEXT(TWO_THREADS "outcome T0: KERN_SUCCESS | T1: KERN_SUCCESS | 16-24:x uw=0\n"), 4, 47,
	    "expected a run of pages like 16-24:rw-/rwx:copy:w0 or 24-25:guard, found \"16-24:x\"" },
	{ TEXT(TWO_THREADS "outcome T1: KERN_SUCCESS | T0: KERN_SUCCESS | (empty) uw=0\n"), 4, 9,
	    "expected \"T0:\", found \"T1:\"" },
	{ TEXT(TWO_THREADS "outcome T0: KERN_SUCCESS | T1: - | (empty) uw=0\n"), 4, 48,
	    "expected \"|\", found end of line" },
	{ TEXT(TWO_THREADS "outcome T0: KERN_SUCCESS | T1: - | (empty) uw=0 | DEADLOCK(T0.0 blocked)\n"), 4, 51,
	    "expected \"DEADLOCK(T1.0 blocked)\", as the results say, found \"DEADLOCK(T0.0\"" },
	{ TEXT(TWO_THREADS "outcome T0: KERN_SUCCESS | T1: - | (empty) uw=0 | DEADLOCK(T1.0 blocked) | x\n"), 4, 74,
	    "expected end of line, found \"|\"" },
	{ TEXT(TWO_THREADS "outcome T0: KERN_SUCCESS | T1: KERN_SUCCESS | (empty) uw=0 | DEADLOCK(T1.0 blocked)\n"), 4,
	    60, "expected end of line, found \"|\"" },
	{ TEXT(ONE_THREAD "T0 lookup 16\noutcome T0: -,TRUE | (empty) uw=0\n"), 4, 15,
	    "expected \"-\" behind \"-\", found \"TRUE\"" },
	{ TEXT(ONE_THREAD "T0 lookup 16\noutcome T0: ,TRUE | (empty) uw=0\n"), 4, 13, "expected a result, found none" },
	{ TEXT(ONE_THREAD "T0 lookup 16\noutcome T0: KERN_SUCCESS, | (empty) uw=0\n"), 4, 26,
	    "expected a result, found none" },
	{ TEXT(TWO_THREADS "outcome T0: KERN_SUCCESS | T1: KERN_SUCCESS | (empty) uw=0\nschedules 3\noutcome T0:  "
	                   "KERN_SUCCESS | T1: KERN_SUCCESS | (empty)  uw=0\n"),
	    6, 1, "expected each outcome once, found the one of line 4 again" },
	{ TEXT(TWO_THREADS "schedules\n"), 4, 10, "expected a number of schedules, found end of line" },
	{ TEXT(TWO_THREADS "schedules many\n"), 4, 11, "expected a number of schedules, found \"many\"" },
	{ TEXT(TWO_THREADS "schedules 340282366920938463463374607431768211456\n"), 4, 11,
	    "expected a number of schedules below 2^128, found \"340282366920938463463374607431768211456\"" },
	{ TEXT(TWO_THREADS "schedules 1\nschedules 1\n"), 5, 1, "expected one \"schedules\" line, found another" },
	{ TEXT(TWO_THREADS "schedules 1 2\n"), 4, 13, "expected end of line, found \"2\"" },
	{ TEXT(TWO_THREADS "schedules 1\nT0 lookup 16\n"), 5, 1,
	    "expected an expectation, as steps come before them, found \"T0\"" },
	{ TEXT(TWO_THREADS "schedules 1\nframes 2\n"), 5, 1,
	    "expected a step or an expectation, as directives come first, found \"frames\"" },
	{ TEXT(TWO_THREADS "verdict\n"), 4, 8, "expected a verdict, found end of line" },
	{ TEXT(TWO_THREADS "verdict odd thing\n"), 4, 9, "expected a verdict, found \"odd\"" },
	{ TEXT(TWO_THREADS "result T0: KERN_SUCCESS\n"), 4, 24, "expected \"|\", found end of line" },
	{ TEXT(TWO_THREADS "result T0: KERN_SUCCESS | T1: - | (empty) uw=0 | x\n"), 4, 50,
	    "expected \"DEADLOCK(T1.0 blocked)\", as the results say, found \"x\"" },
	{ TEXT(TWO_THREADS "schedule T2\n"), 4, 10, "expected a thread of the program, found \"T2\"" },
	{ TEXT(TWO_THREADS "schedule T0*0\n"), 4, 13, "expected a number of steps from 1 to 4294967295, found \"0\"" },
	{ TEXT(TWO_THREADS "schedule T0*\n"), 4, 13,
	    "expected a number of steps from 1 to 4294967295, found end of line" },
	{ TEXT(TWO_THREADS "schedule T0*4294967296\n"), 4, 13,
	    "expected a number of steps from 1 to 4294967295, found \"4294967296\"" },
	{ TEXT(TWO_THREADS "schedule T0*4294967295 T0\n"), 4, 24,
	    "expected at most 4294967295 steps of a thread in a row, found \"T0\"" },
	{ TEXT(TWO_THREADS "schedule 0\n"), 4, 10, "expected a choice like T0 or T0*3, found \"0\"" },
	{ TEXT(INSERT "schedule T0\n"), 2, 10, "expected a thread of the program, found \"T0\"" },
	{ TEXT(TWO_THREADS "schedule T0\nschedule T1\n"), 5, 1, "expected one \"schedule\" line, found another" },
	{ TEXT("map 16\00080\n"), 1, 7, "expected text, found the control byte \\0" },
	{ TEXT("map 16 80 # \033[31m\n"), 1, 13, "expected text, found the control byte \\033" },
	{ TEXT("map 16 80\r"), 1, 10, "expected text, found the control byte \\r" },
	{ TEXT("map 1\177\n"), 1, 6, "expected text, found the control byte \\177" },
	{ TEXT("\357\273\277map 16 80\n"), 1, 1,
	    "expected a directive, a step or an expectation, found \"\\357\\273\\277map\"" },
	{ TEXT("init \"q\\uote\n"), 1, 6, "expected an operation, found \"\\\"q\\\\uote\"" },
	{ TEXT("init " HUNDRED_AS "\n"), 1, 6,
	    "expected an operation, found \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...\"" },
	{ TEXT("\n\n\tmap\t16\t\tx  # c\n"), 3, 10, "expected the page behind the map, found \"x\"" },
	{ TEXT("init insert 16 24 rw rwx#c\n"), 1, 22,
	    "expected \"none\" or letters of \"rwx\", or max=..., found \"rwx#c\"" },
	{ TEXT("map 16 \377\n"), 1, 8, "expected the page behind the map, found \"\\377\"" },
};

static void
test_errors(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vmt_error e;
		struct program p;

		if (vmt_parse(cases[i].text, cases[i].len, &p, &e))
			fail_msg("no error in\n%s", cases[i].text);
		if (e.line != cases[i].line || e.column != cases[i].column || strcmp(e.text, cases[i].error) != 0)
			fail_msg("%u:%u: %s\ninstead of\n%u:%u: %s\nin\n%s", e.line, e.column, e.text, cases[i].line,
			    cases[i].column, cases[i].error, cases[i].text);
		/* Nothing of a bad program can be used. */
		assert_int_equal(p.nr_init + p.nr_threads + p.nr_outcomes + p.nr_notes, 0);
		assert_null(p.head);
	}
}

/* No two cases are the same, so the count is what it says. */
static void
test_cases_differ(void **unused)
{
	(void)unused;
	assert_true(sizeof(cases) / sizeof(cases[0]) >= 60);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t k = 0; k < i; k++) {
			if (cases[i].len == cases[k].len && memcmp(cases[i].text, cases[k].text, cases[i].len) == 0)
				fail_msg("twice:\n%s", cases[i].text);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_cases_differ),
	};

	return cmocka_run_group_tests_name("vmt-errors", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* options.c - see options.h. */
#include "harness/cli/options.h"

#include <assert.h>
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/cli/command.h"
#include "harness/expect/expect.h"
#include "harness/program/program.h"
#include "harness/run/run.h"

#define OPTIONS_MAX 32
#define NAME_MAX_LEN 24
#define OPT_FIRST 256 /* codes for getopt_long that are not letters start here */
#define OPT_HELP (OPT_FIRST + OPTIONS_MAX)
#define TEXT_COLUMN 21 /* --help: column where texts start */
#define TEXT_END 100   /* --help: column where texts end, unless a word is longer */

/* --- values --- */

long long
option_number(const char *option, const char *text, long long min, long long max)
{
	const char *problem;
	long long n = strtonum(text, min, max, &problem);

	if (problem != NULL)
		errx(EXIT_USAGE, "--%s %s: %s, expected a number from %lld to %lld", option, text, problem, min, max);
	return n;
}

double
option_seconds(const char *option, const char *text)
{
	char *end;
	double s = strtod(text, &end);

	if (end == text || *end != '\0' || !isfinite(s) || s <= 0 || s > 1e9)
		errx(EXIT_USAGE, "--%s %s: expected a number of seconds above 0", option, text);
	return s;
}

uint64_t
option_seed(const char *option, const char *text)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0)
		errx(EXIT_USAGE, "--%s %s: expected a number from 0 to %llu", option, text,
		    (unsigned long long)UINT64_MAX);
	return n;
}

void
option_set_profile(const char *option, struct cli_target *t, const char *text)
{
	const char *word;
	struct nearest n;

	if (!profile_parse(text, &t->profile, &word)) {
		nearest_begin(&n, word, strcspn(word, "+- ,"));
		profile_offer(&n);
		errx(EXIT_USAGE,
		    "--%s %s: expected %s, then +Q1 or -Q1 and so on, found \"%s\"; wirestorm help profiles "
		    "explains them%s",
		    option, text, profile_names(), word, nearest_hint(&n));
	}
	t->profile_text = text;
}

void
option_set_target(const char *option, struct cli_target *t, const char *text)
{
	struct strbuf names = { 0 };
	struct nearest n;

	nearest_begin(&n, text, strlen(text));
	for (size_t i = 0; target_at(i) != NULL; i++) {
		nearest_offer(&n, target_at(i)->name);
		strbuf_printf(&names, " %s", target_at(i)->name);
		if (strcmp(target_at(i)->name, text) == 0)
			t->target = target_at(i);
	}
	if (strcmp(t->target->name, text) != 0)
		errx(EXIT_USAGE, "--%s %s: expected one of%s%s", option, text, strbuf_text(&names), nearest_hint(&n));
	strbuf_free(&names);
}

static void
option_set_strategy(struct cli_which *w, const char *text)
{
	struct nearest n;

	w->strategy = strategy_find(text);
	w->drawn = true;
	if (w->strategy != NULL)
		return;
	nearest_begin(&n, text, strlen(text));
	strategy_offer(&n);
	errx(EXIT_USAGE, "--strategy %s: unknown strategy; wirestorm help strategies lists them%s", text,
	    nearest_hint(&n));
}

void
option_set_mutant(struct cli_target *t, const char *text)
{
	struct nearest n;

	t->mutant = vmt_mutant(text);
	t->mutant_given = true;
	if (t->mutant != NULL || strcmp(text, "none") == 0)
		return;
	nearest_begin(&n, text, strlen(text));
	vmt_offer_mutants(&n);
	errx(EXIT_USAGE, "--mutant %s: expected none or a mutant; wirestorm bugs list has them%s", text,
	    nearest_hint(&n));
}

static void
option_take(const struct option_row *row, const char *name, void *command, const char *text)
{
	assert(row->synopsis != NULL && row->kind != OPTION_IS_NONE);
	void *to = (char *)command + row->offset;

	if (row->take != NULL) {
		row->take(command, text);
		return;
	}
	switch (row->kind) {
	case OPTION_IS_NONE:
	case OPTION_IS_CALL:
		break;
	case OPTION_IS_FLAG:
		*(bool *)to = true;
		break;
	case OPTION_IS_TEXT:
	case OPTION_IS_LIST:
		*(const char **)to = text;
		break;
	case OPTION_IS_NUMBER:
		*(unsigned *)to = (unsigned)option_number(name, text, row->min, row->max);
		break;
	case OPTION_IS_COUNT:
		*(uint64_t *)to = (uint64_t)option_number(name, text, row->min, row->max);
		break;
	case OPTION_IS_SEED:
		*(uint64_t *)to = option_seed(name, text);
		break;
	case OPTION_IS_SECONDS:
		*(double *)to = option_seconds(name, text);
		break;
	case OPTION_IS_PROFILE:
		option_set_profile(name, to, text);
		break;
	case OPTION_IS_TARGET:
		option_set_target(name, to, text);
		break;
	case OPTION_IS_NO_CHECKS:
		((struct cli_target *)to)->checker = NULL;
		break;
	case OPTION_IS_MUTANT:
		option_set_mutant(to, text);
		break;
	case OPTION_IS_DRAW:
		((struct cli_which *)to)->seed = option_seed(name, text);
		((struct cli_which *)to)->drawn = true;
		break;
	case OPTION_IS_STRATEGY:
		option_set_strategy(to, text);
		break;
	}
}

/* --- --help --- */

/* What comes before the text of the row: for --profile, the names of all profiles. */
static const char *
option_names(const struct option_row *row)
{
	return row->kind == OPTION_IS_PROFILE ? profile_names() : "";
}

static void
option_print_help(const struct command_line *line)
{
	struct strbuf text = { 0 }, help = { 0 };
	char next[TEXT_COLUMN + 1];

	(void)snprintf(next, sizeof(next), "%*s", TEXT_COLUMN, "");
	strbuf_add(&text, line->head);
	for (const struct option_row *row = line->rows; row->synopsis != NULL; row++) {
		int indent = row->synopsis[1] == '-' ? 6 : 2, width = (int)strlen(row->synopsis);

		strbuf_printf(&text, "%*s%s", indent, "", row->synopsis);
		if (indent + width >= TEXT_COLUMN)
			strbuf_printf(&text, "\n%*s", TEXT_COLUMN, "");
		else
			strbuf_printf(&text, "%*s", TEXT_COLUMN - indent - width, "");
		strbuf_clear(&help);
		strbuf_printf(&help, "%s%s", option_names(row), row->help);
		strbuf_wrap(&text, strbuf_text(&help), TEXT_COLUMN, TEXT_END, next);
		strbuf_addc(&text, '\n');
	}
	strbuf_add(&text, line->tail);
	if (line->lists != NULL)
		line->lists(&text);
	fputs(strbuf_text(&text), stdout);
	strbuf_free(&text);
	strbuf_free(&help);
}

/* --- the list for completion --- */

static void
option_list_value(const struct option_row *row, const char *value)
{
	if (row->kind == OPTION_IS_PROFILE) {
		for (unsigned i = 0; profile_desc(i) != NULL; i++)
			printf("%s%s", i == 0 ? "=" : " ", profile_desc(i)->name);
	} else if (row->kind == OPTION_IS_TARGET) {
		for (size_t i = 0; target_at(i) != NULL; i++)
			printf("%s%s", i == 0 ? "=" : " ", target_at(i)->name);
	} else if (row->kind == OPTION_IS_STRATEGY) {
		for (size_t i = 0; strategy_at(i) != NULL; i++)
			printf("%s%s", i == 0 ? "=" : " ", strategy_at(i)->name);
	} else if (*value != '\0') {
		printf("%s", strcmp(value, "FILE") == 0 ? "file" : strcmp(value, "DIR") == 0 ? "directory" : "text");
	}
}

/* "verb: list, hunt or report" is "=list hunt report". */
static void
option_list_operand(const struct command_line *line)
{
	const char *words = line->operands == OPERANDS_NONE ? "" : strstr(line->operand, ": ");

	if (words == NULL) {
		printf("%s", strncmp(line->operand, "file", 4) == 0 ? "file" : "text");
		return;
	}
	for (size_t i = 0, len; *words != '\0'; words += len) {
		words += strspn(words, ": ,");
		len = strcspn(words, " ,");
		if (len > 0 && strncmp(words, "or ", 3) != 0)
			printf("%s%.*s", i++ == 0 ? "=" : " ", (int)len, words);
	}
}

static void
option_print_list(const struct command_line *line)
{
	for (const struct option_row *row = line->rows; row->synopsis != NULL; row++) {
		const char *name = strstr(row->synopsis, "--");
		size_t len = strcspn(name, " ");

		printf("%c\t%.*s\t", row->synopsis[1], (int)len, name);
		option_list_value(row, name + len + (name[len] != '\0'));
		printf("\t%s%s\n", option_names(row), row->help);
	}
	printf("-\t\t");
	option_list_operand(line);
	printf("\t\n");
}

/* --- parsing --- */

/* The table in the form for getopt_long. */
struct getopt_table {
	char names[OPTIONS_MAX][NAME_MAX_LEN];
	char letters[2 * OPTIONS_MAX + 1];
	struct option options[OPTIONS_MAX + 2];
};

static void
option_make_table(const struct option_row *rows, struct getopt_table *t)
{
	size_t nr = 0, nr_letters = 0;

	*t = (struct getopt_table){ 0 };
	for (; rows[nr].synopsis != NULL; nr++) {
		const char *name = strstr(rows[nr].synopsis, "--") + 2;
		size_t len = strcspn(name, " ");
		bool value = name[len] != '\0';

		if (nr == OPTIONS_MAX || len >= NAME_MAX_LEN)
			errx(EXIT_USAGE, "%s: the table of options is too small for it", rows[nr].synopsis);
		memcpy(t->names[nr], name, len);
		t->options[nr] =
		    (struct option){ t->names[nr], value ? required_argument : no_argument, NULL, OPT_FIRST + (int)nr };
		if (rows[nr].synopsis[1] == '-')
			continue;
		t->options[nr].val = (unsigned char)rows[nr].synopsis[1];
		t->letters[nr_letters++] = rows[nr].synopsis[1];
		if (value)
			t->letters[nr_letters++] = ':';
	}
	assert(nr <= OPTIONS_MAX && nr_letters < sizeof(t->letters));
	t->options[nr] = (struct option){ "help", no_argument, NULL, OPT_HELP };
}

/* After an unknown option, which getopt_long has reported: prints the most similar option. */
static void
option_hint(const struct getopt_table *t, const char *word)
{
	struct nearest n;

	if (strncmp(word, "--", 2) != 0)
		return;
	nearest_begin(&n, word + 2, strcspn(word + 2, "="));
	for (const struct option *o = t->options; o->name != NULL; o++)
		nearest_offer(&n, o->name);
	if (n.word != NULL)
		warnx("did you mean \"--%s\"?", n.word);
}

static int
option_check_operands(int nr, char **operands, bool listed, const struct command_line *line)
{
	if (nr > 0 && line->operands == OPERANDS_NONE)
		warnx("expected options only, found \"%s\"", operands[0]);
	else if (nr != 1 && line->operands == OPERANDS_ONE)
		warnx("expected one %s", line->operand);
	else if (nr == 0 && !listed && line->operands == OPERANDS_SOME)
		warnx("expected a %s", line->operand);
	else
		return -1;
	return cli_usage();
}

/* Ends the process if --profile is not a profile of --target. */
static void
option_check_profiles(const struct option_row *rows, void *command)
{
	for (; rows->synopsis != NULL; rows++) {
		const struct cli_target *t = (const void *)((const char *)command + rows->offset);
		const char *why = NULL;

		if (rows->kind == OPTION_IS_PROFILE && rows->take == NULL && t->profile_text != NULL &&
		    t->target != NULL)
			why = target_profile_reason(t->target, t->profile);
		if (why != NULL)
			errx(EXIT_USAGE, "--profile %s: target %s cannot have it: %s", t->profile_text, t->target->name,
			    why);
	}
}

int
options_parse(int argc, char **argv, const struct command_line *line, void *command)
{
	struct getopt_table t;
	bool listed = false;
	int opt;

	assert(argc > 0 && line->rows != NULL);
	if (argc == 2 && strcmp(argv[1], OPTIONS_LIST) == 0) {
		option_print_list(line);
		return EXIT_OK;
	}
	option_make_table(line->rows, &t);
	optind = 0; /* restarts getopt_long: another command may have used it in this process */
	while ((opt = getopt_long(argc, argv, t.letters, t.options, NULL)) != -1) {
		size_t i = 0;

		if (opt == '?' && optopt == 0)
			option_hint(&t, argv[optind - 1]);
		if (opt == OPT_HELP) {
			option_print_help(line);
			return EXIT_OK;
		}
		while (line->rows[i].synopsis != NULL && t.options[i].val != opt)
			i++;
		if (line->rows[i].synopsis == NULL)
			return cli_usage();
		listed |= line->rows[i].kind == OPTION_IS_LIST;
		option_take(&line->rows[i], t.names[i], command, optarg);
	}
	option_check_profiles(line->rows, command);
	return option_check_operands(argc - optind, argv + optind, listed, line);
}

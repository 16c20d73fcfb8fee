/* SPDX-License-Identifier: BSD-2-Clause */
/* cli-common.c - functions that the subcommands share. See command.h. */
#include "harness/base/base.h"
#include "harness/cli/command.h"

#include <assert.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/expect/expect.h"
#include "harness/program/program.h"
#include "harness/show/show.h"

volatile int cli_stop;

int
cli_usage(void)
{
	fprintf(stderr, "try: %s --help\n", program_invocation_short_name);
	return EXIT_USAGE;
}

bool
cli_stdout_tty(void)
{
	return isatty(STDOUT_FILENO) != 0;
}

void
cli_explore_progress(void *unused, uint64_t states, uint64_t schedules)
{
	(void)unused;
	if (!progress_due())
		return;
	if (states > 0)
		progress_say("%llu states", (unsigned long long)states);
	else
		progress_say("%llu schedules", (unsigned long long)schedules);
}

void
cli_shrink_progress(void *unused, uint64_t tried, uint64_t kept)
{
	(void)unused;
	if (progress_due())
		progress_say(
		    "%llu programs tried, %llu were smaller", (unsigned long long)tried, (unsigned long long)kept);
}

/* --- files --- */

bool
cli_files_take(struct inputs *files, enum inputs_kind kind, const char *list, int nr, char **operands)
{
	bool ok = list == NULL || inputs_add_list(files, list, kind, say_about);
	bool taken = list != NULL && strcmp(list, "-") == 0; /* standard input is read already */

	for (int i = 0; i < nr; i++) {
		bool again = strcmp(operands[i], "-") == 0 && taken;

		taken |= strcmp(operands[i], "-") == 0;
		if (again)
			say_about("-", 0, "it can be read only once");
		ok &= !again && inputs_add(files, operands[i], kind, say_about);
	}
	if (ok && files->nr == 0)
		warnx(kind == INPUTS_VMT ? "no .vmt file found" : "no file found");
	return ok && files->nr > 0;
}

int
cli_convert_all(struct cli_convert *c, enum inputs_kind kind, int nr, char **operands,
    int (*convert)(const struct cli_convert *c, const char *path))
{
	struct inputs files = { 0 };
	bool good = cli_files_take(&files, kind, c->files_from, nr, operands);
	int rv;

	assert(nr >= 0 && convert != NULL);
	cli_take_dash(&c->out);
	if (good && c->out == NULL && files.nr > 1) {
		warnx("expected one file, found %zu: several need --out DIR", files.nr);
		good = false;
	}
	good = good && (c->out == NULL || file_make_directory(c->out));
	rv = good ? EXIT_OK : EXIT_USAGE;
	for (size_t i = 0; good && i < files.nr; i++) {
		int one = convert(c, files.names[i]);

		rv = one > rv ? one : rv;
	}
	inputs_free(&files);
	return rv;
}

#define READ_SIZE 65536
#define FILE_MAX_SIZE ((size_t)16 << 20) /* far larger than any program in bytes */

bool
cli_read_bytes(const char *path, struct keybuf *bytes)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
	bool ok = f != NULL;

	for (size_t n = 1; ok && n > 0; bytes->len += n) {
		keybuf_reserve(bytes, READ_SIZE);
		n = fread(bytes->bytes + bytes->len, 1, READ_SIZE, f);
		ok = ferror(f) == 0;
		if (ok && bytes->len > FILE_MAX_SIZE) {
			errno = EFBIG;
			ok = false;
		}
	}
	if (!ok)
		say_about(path, 0, "%s", strerror(errno));
	if (f != NULL && f != stdin)
		(void)fclose(f);
	return ok;
}

bool
cli_read_encoded(const char *path, struct keybuf *bytes)
{
	uint8_t version;

	if (!cli_read_bytes(path, bytes))
		return false;
	version = bytes_version(bytes->bytes, bytes->len);
	if (version <= BYTES_VERSION)
		return true;
	say_about(path, 0, "expected version %d of the byte form, the only one that this wirestorm reads, found %u",
	    BYTES_VERSION, version);
	return false;
}

bool
cli_write_text(const char *path, const struct strbuf *text)
{
	bool good;

	if (file_is_stdout(path)) /* a write error is reported at the end of the program */
		escape_stdout_raw(true);
	good = file_write_text(path, text);
	if (file_is_stdout(path))
		escape_stdout_raw(false);
	if (good)
		return true;
	warn("%s: cannot be written", path);
	return false;
}

/* Does the file @path contain @text? False also if it cannot be read. */
static bool
cli_file_holds(const char *path, const struct strbuf *text)
{
	struct keybuf there = { 0 };
	bool same = cli_read_bytes(path, &there) && there.len == text->len &&
	            memcmp(there.bytes, strbuf_text(text), text->len) == 0;

	keybuf_free(&there);
	return same;
}

bool
cli_write_made(const char *dir, const char *from, const char *suffix, const char *to, const struct strbuf *text)
{
	const char *slash = strrchr(from, '/'), *name = slash != NULL ? slash + 1 : from;
	size_t len = strlen(name), cut = strlen(suffix);
	char path[PATH_MAX];

	assert(suffix[0] == '.' && to[0] == '.');
	if (dir == NULL) { /* a write error is reported at the end of the program */
		(void)fwrite(strbuf_text(text), 1, text->len, stdout);
		return true;
	}
	if (len > cut && strcmp(name + len - cut, suffix) == 0)
		len -= cut;
	if (snprintf(path, sizeof(path), "%s/%.*s%s", dir, (int)len, name, to) >= PATH_MAX) {
		say_about(from, 0, "%s: %s", dir, strerror(ENAMETOOLONG));
		return false;
	}
	if (file_write_new(path, text))
		return true;
	if (errno != EEXIST)
		warn("%s: cannot be written", path);
	else if (cli_file_holds(path, text))
		return true;
	else
		say_about(path, 0, "the file exists with other contents: it is kept, and %s is not written", from);
	return false;
}

void
cli_take_dash(const char **out)
{
	if (*out != NULL && file_is_stdout(*out))
		*out = NULL;
}

const char *
cli_split_stdout(void)
{
	static char path[32];
	int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

	if (fd < 0 || fflush(stdout) != 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		err(EXIT_USAGE, "standard output");
	(void)snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	return path;
}

bool
cli_can_write(const char *path)
{
	if (file_writable(path))
		return true;
	warn("%s: cannot be written", path);
	return false;
}

bool
cli_save_program(const char *path, const struct program *p, bool json)
{
	struct strbuf text = { 0 };
	bool good;

	vmt_print(p, &text);
	good = file_write_text(path, &text);
	if (!good)
		warn("%s: cannot be written, the program goes to standard %s", path, json ? "error" : "output");
	if (!good && json)
		fputs(strbuf_text(&text), stderr);
	else if (!good)
		cli_print_vmt(strbuf_text(&text));
	strbuf_free(&text);
	return good;
}

/* --- reports --- */

bool
cli_report_begin(struct cli_report *c, bool json)
{
	unsigned nr = json;

	assert(c->standard == NULL && c->report.nr == 0);
	for (size_t i = 0; i < REPORT_FORMATS; i++)
		nr += c->files[i] != NULL && file_is_stdout(c->files[i]);
	if (nr > 1) {
		warnx("standard output takes one of --json and the files named \"-\", found %u of them", nr);
		(void)cli_usage();
		return false;
	}
	for (size_t i = 0; i < REPORT_FORMATS; i++) {
		if (c->files[i] == NULL)
			continue;
		if (file_is_stdout(c->files[i]))
			c->standard = cli_split_stdout();
		else if (!cli_can_write(c->files[i]))
			return false;
	}
	return true;
}

void
cli_print_report(const struct report *r)
{
	struct strbuf text = { 0 };

	report_text(r, &text);
	fputs(strbuf_text(&text), stdout);
	strbuf_free(&text);
}

bool
cli_report_asked(const struct cli_report *c)
{
	bool asked = false;

	for (size_t i = 0; i < REPORT_FORMATS; i++)
		asked |= c->files[i] != NULL;
	return asked;
}

bool
cli_report_end(struct cli_report *c)
{
	struct strbuf text = { 0 };
	bool all = true;

	for (size_t i = 0; i < REPORT_FORMATS; i++) {
		const char *path = c->files[i];
		bool dash = path != NULL && file_is_stdout(path);

		if (path == NULL)
			continue;
		strbuf_clear(&text);
		report_formats[i](&c->report, &text);
		if (file_write_text(dash ? c->standard : path, &text))
			continue;
		if (dash)
			warn("standard output");
		else
			warn("%s: cannot be written", path);
		all = false;
	}
	strbuf_free(&text);
	report_free(&c->report);
	return all;
}

json_t *
cli_json_way(const struct schedule *path)
{
	struct strbuf text = { 0 };
	json_t *j;

	if (!schedule_exists(path))
		return json_null();
	schedule_print(path, &text);
	j = json_pack("{s:s, s:i}", "schedule", strbuf_text(&text), "preemptions", (int)path->preemptions);
	strbuf_free(&text);
	return j;
}

/* --- signals --- */

static void
cli_on_signal(int sig)
{
	if (cli_stop != 0)
		_exit(128 + sig);
	cli_stop = sig;
}

void
cli_catch_signals(void)
{
	struct sigaction sa = { .sa_handler = cli_on_signal }, hangup;

	(void)sigaction(SIGINT, &sa, NULL);
	(void)sigaction(SIGTERM, &sa, NULL);
	(void)sigaction(SIGHUP, NULL, &hangup);
	if (hangup.sa_handler != SIG_IGN) /* nohup(1) makes SIGHUP ignored; leave it so */
		(void)sigaction(SIGHUP, &sa, NULL);
}

/* --- targets --- */

int
cli_engine_only(const struct cli_target *t, const char *does)
{
	if (t->target == &target_engine)
		return -1;
	warnx("%s the target %s only, not %s: add --target %s", does, target_engine.name, t->target->name,
	    target_engine.name);
	return EXIT_USAGE;
}

void
cli_configure(const struct cli_target *t, struct program_config *config)
{
	if (t->profile_text != NULL)
		config->profile = t->profile;
	if (t->mutant_given)
		config->mutant = t->mutant;
}

void
cli_configure_checks(const struct cli_target *t, struct checkfile_options *o)
{
	o->target = t->target;
	o->target_named = t->target != target_at(0);
	o->profile_text = t->profile_text;
	o->profile = t->profile;
	o->mutant = t->mutant;
	o->no_mutant = t->mutant_given && t->mutant == NULL;
	o->stop = &cli_stop;
}

int
cli_which_check(const struct cli_which *w)
{
	if (w->schedule == NULL || !w->drawn)
		return -1;
	warnx("--schedule excludes --seed and --strategy");
	return cli_usage();
}

/* --- programs --- */

bool
cli_open_program(const struct cli_target *t, const char *path, const struct program *p, struct run *r)
{
	struct sim *sim = sim_create();

	if (run_open_checked(r, p, t->target, sim, t->checker) == RUN_OPENED)
		return true;
	say_about(path, r->error_line, "%s", strbuf_text(&r->error));
	return false;
}

void
cli_close_program(struct run *r)
{
	struct sim *sim = r->sim;

	run_close(r);
	if (sim != NULL)
		sim_destroy(sim);
	r->sim = NULL;
}

bool
cli_save_new_program(const char *path, const struct program *p)
{
	struct strbuf text = { 0 };
	bool good, taken;

	vmt_print(p, &text);
	good = file_write_new(path, &text);
	taken = !good && errno == EEXIST;
	if (!good && !taken) {
		warn("%s: cannot be written, the program goes to standard output", path);
		cli_print_vmt(strbuf_text(&text));
	} else if (taken && !cli_file_holds(path, &text)) {
		warnx("%s: the file exists with different contents", path);
	} else {
		good = true; /* an earlier run of the same command may have written it */
	}
	strbuf_free(&text);
	return good;
}

void
cli_print_program(const struct program *p)
{
	struct strbuf text = { 0 };

	vmt_print(p, &text);
	cli_print_vmt(strbuf_text(&text));
	strbuf_free(&text);
}

void
cli_print_vmt(const char *text)
{
	escape_stdout_raw(!cli_stdout_tty());
	fputs(text, stdout);
	escape_stdout_raw(false);
}

#define NOTES_SHOWN_MAX 3 /* programs; recorded ones have dozens of init steps that fail */

void
cli_notes_print(size_t *nr, const char *notes)
{
	if (notes == NULL || notes[0] == '\0' || (*nr)++ >= NOTES_SHOWN_MAX)
		return;
	progress_erase();
	fputs(notes, stderr);
}

void
cli_notes_end(size_t nr)
{
	if (nr > NOTES_SHOWN_MAX)
		warnx(
		    "%zu more file%s with init steps that fail or do nothing although no result is expected: give one "
		    "file alone to see them",
		    nr - NOTES_SHOWN_MAX, plural(nr - NOTES_SHOWN_MAX));
}

void
cli_notes_say(size_t *nr, const struct cli_target *t, const char *path, const struct program *p)
{
	struct sim *sim = sim_create();
	struct strbuf notes = { 0 };

	run_init_notes(path, p, t->target, sim, &notes);
	cli_notes_print(nr, strbuf_text(&notes));
	strbuf_free(&notes);
	sim_destroy(sim);
}

bool
cli_open_run(const struct cli_target *t, const char *path, struct program *p, struct run *r)
{
	*r = (struct run){ 0 };
	if (!vmt_read(path, p))
		return false;
	cli_configure(t, &p->config);
	cli_notes_say(&(size_t){ 0 }, t, path, p);
	if (cli_open_program(t, path, p, r))
		return true;
	cli_close_run(t, p, r);
	return false;
}

void
cli_close_run(const struct cli_target *t, struct program *p, struct run *r)
{
	cli_close_program(r);
	program_free(p);
	if (t->checker != NULL)
		checker_free(t->checker);
}

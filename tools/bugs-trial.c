/* SPDX-License-Identifier: BSD-2-Clause */
/* bugs-trial.c - runs the process of a trial, and judges how it ended. */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/annotate.h"
#include "harness/base/base.h"
#include "harness/cli/cli.h"
#include "tools/bugs.h"

#define TSAN_STATUS 66       /* ThreadSanitizer's exit status after a report */
#define OUTPUT_MAX (1 << 20) /* bytes of a process's output that are read */

const struct bugs_engine_desc bugs_engine_table[BUGS_ENGINE_END] = {
#define BUGS_ENGINE(id, threads, what) [BUGS_ENGINE_##id] = { #id, (what), (threads) },
#include "tools/bug-engines.def"
#undef BUGS_ENGINE
};

enum bugs_engine
bugs_engine_by_name(const char *name)
{
	unsigned i = 0;

	while (i < BUGS_ENGINE_END && strcmp(bugs_engine_table[i].name, name) != 0)
		i++;
	return (enum bugs_engine)i;
}

enum vm_mutant
bugs_next(enum vm_mutant after)
{
	for (unsigned m = after + 1u; m < VM_MUTANT_END; m++)
		if (vm_mutant_table[m].class != VM_MUTANT_CLASS_CANARY)
			return (enum vm_mutant)m;
	return VM_MUTANT_none;
}

static VM_NORETURN void
trial_main(const struct bugs_process *p)
{
	(void)signal(SIGABRT, SIG_DFL); /* the parent reports which process died, and of what signal */
	(void)dup2(p->output, STDOUT_FILENO);
	(void)dup2(p->output, STDERR_FILENO);
	bugs_loop(&p->trial, p->shared);
	_exit(0);
}

bool
bugs_start(struct bugs_process *p, const struct bugs_trial *trial)
{
	assert(trial->mutant < VM_MUTANT_END && trial->engine < BUGS_ENGINE_END);
	*p = (struct bugs_process){ .trial = *trial };
	p->shared = mmap(NULL, sizeof(*p->shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p->shared == MAP_FAILED)
		return false;
	p->output = memfd_create("trial", MFD_CLOEXEC);
	if (p->output < 0) {
		(void)munmap(p->shared, sizeof(*p->shared));
		return false;
	}
	(void)fflush(NULL);
	p->began = clock_seconds();
	p->pid = fork();
	if (p->pid == 0) {
		(void)signal(SIGINT, SIG_IGN); /* the parent handles interrupts */
		(void)signal(SIGHUP, SIG_IGN);
		trial_main(p);
	}
	if (p->pid < 0) {
		(void)munmap(p->shared, sizeof(*p->shared));
		(void)close(p->output);
		p->pid = 0;
		return false;
	}
	return true;
}

/* Reads what the process has printed, and terminates it with a NUL. */
static char *
trial_read_output(int fd)
{
	char *text = memory_new(1, OUTPUT_MAX + 1, "the output of a trial");
	size_t len = 0;
	ssize_t n;

	while (len < OUTPUT_MAX && (n = pread(fd, text + len, OUTPUT_MAX - len, (off_t)len)) > 0)
		len += (size_t)n;
	return text;
}

/* Copies the line of @output that contains @word; all of @output if there is none. */
static void
trial_take_line(const char *output, const char *word, char *to, size_t size)
{
	const char *at = strstr(output, word);
	size_t len;

	if (at == NULL)
		at = output;
	while (at > output && at[-1] != '\n')
		at--;
	len = strcspn(at, "\n");
	(void)strlcpy(to, at, len + 1 < size ? len + 1 : size);
}

static void
trial_set_found(struct bugs_record *r, const char *check)
{
	r->end = BUGS_FOUND;
	(void)strlcpy(r->check, check, sizeof(r->check));
}

/* Judges a process of real threads that exited by itself. */
static void
trial_judge_stress(const char *output, int status, struct bugs_record *r)
{
	const char *brace = strchr(output, '{');
	json_t *j = brace == NULL ? NULL : json_loads(brace, JSON_DISABLE_EOF_CHECK, NULL);
	const char *broken = json_string_value(json_object_get(j, "broken"));

	r->programs = (uint64_t)json_integer_value(json_object_get(j, "operations"));
	if (status == EXIT_FINDING) {
		trial_set_found(r, broken == NULL ? "?" : broken);
		r->check[strcspn(r->check, ":")] = '\0';
		(void)strlcpy(r->text, broken == NULL ? "?" : broken, sizeof(r->text));
	} else if (status == EXIT_HANG) {
		trial_set_found(r, "hang");
	} else if (status == TSAN_STATUS) {
		trial_set_found(r, "race");
		trial_take_line(output, "WARNING: ThreadSanitizer", r->text, sizeof(r->text));
	} else if (status != 0) {
		r->end = BUGS_FAILED;
		trial_take_line(output, "wirestorm", r->text, sizeof(r->text));
	}
	json_decref(j);
}

static void
trial_judge_signal(const char *output, int sig, struct bugs_record *r)
{
	if (sig == SIGABRT) {
		trial_set_found(r, "panic");
		trial_take_line(output, "panic:", r->text, sizeof(r->text));
	} else if (sig == SIGPROF) {
		trial_set_found(r, "endless");
		(void)strlcpy(r->text, "a step does not end", sizeof(r->text));
	} else if (sig == SIGKILL || sig == SIGTERM) {
		r->end = BUGS_FAILED;
		(void)strlcpy(r->text, "interrupted", sizeof(r->text));
	} else {
		trial_set_found(r, "crash");
		(void)strlcpy(r->text, strsignal(sig), sizeof(r->text));
	}
}

/* The number after @word in @output; 0: there is none. */
static uint64_t
trial_number_behind(const char *output, const char *word)
{
	const char *at = strstr(output, word);

	return at == NULL ? 0 : strtoull(at + strlen(word), NULL, 10);
}

/*
 * Judges a fuzzer. One that finds something prints the program and a line about the finding, and dies of a signal or
 * error.
 */
static void
trial_judge_fuzzer(const char *output, int status, struct bugs_record *r)
{
	const char *end = strstr(output, "ERROR: libFuzzer"), *line, *check;

	r->programs = trial_number_behind(output, "stat::number_of_executed_units:");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	if (end == NULL) {
		r->end = BUGS_FAILED;
		trial_take_line(output, "", r->text, sizeof(r->text));
		return;
	}
	trial_set_found(r, "crash");
	while (end > output && *end != '\n')
		end--;
	for (line = end; line > output && line[-1] != '\n';)
		line--;
	(void)strlcpy(r->text, line, sizeof(r->text));
	r->text[strcspn(r->text, "\n")] = '\0';
	check = strchr(r->text, ' '); /* the text is "spurious unfounded: ..." */
	if (check != NULL && r->text[strcspn(r->text, ":")] == ':')
		(void)snprintf(r->check, sizeof(r->check), "%.*s", (int)strcspn(check + 1, ":"), check + 1);
}

void
bugs_finish(struct bugs_process *p, int status, double cpu, struct bugs_record *r)
{
	const struct bugs_shared *s = p->shared;
	char *output = trial_read_output(p->output);

	assert(p->shared != NULL);
	*r = (struct bugs_record){ .programs = s->programs, .transitions = s->transitions };
	r->seconds = bugs_engine_table[p->trial.engine].clock ? clock_seconds() - p->began : cpu;
	if (s->found && s->found_at > 0)
		r->seconds = s->found_at;
	(void)strlcpy(r->where, s->where, sizeof(r->where));
	if (s->found) {
		trial_set_found(r, s->check);
		(void)strlcpy(r->text, s->text, sizeof(r->text));
		r->text[strcspn(r->text, "\n")] = '\0';
	} else if (p->trial.engine == BUGS_ENGINE_fuzz_sched) {
		trial_judge_fuzzer(output, status, r);
	} else if (WIFSIGNALED(status)) {
		trial_judge_signal(output, WTERMSIG(status), r);
	} else if (p->trial.engine == BUGS_ENGINE_stress) {
		trial_judge_stress(output, WEXITSTATUS(status), r);
	} else if (WEXITSTATUS(status) == TSAN_STATUS || strstr(output, "ERROR: AddressSanitizer") != NULL) {
		trial_set_found(r, "sanitizer");
		trial_take_line(output, "Sanitizer", r->text, sizeof(r->text));
	} else if (WEXITSTATUS(status) != 0 || s->failed) {
		r->end = BUGS_FAILED;
		trial_take_line(output, "", r->text, sizeof(r->text));
	}
	free(output);
	(void)munmap(p->shared, sizeof(*p->shared));
	(void)close(p->output);
	p->pid = 0;
}

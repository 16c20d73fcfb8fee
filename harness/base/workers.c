/* SPDX-License-Identifier: BSD-2-Clause */
/* workers.c - see workers.h. */
#include "harness/base/workers.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "engine/annotate.h"
#include "harness/base/clock.h"
#include "harness/base/heartbeat.h"
#include "harness/base/memory.h"

#define TICK_MS 100

/* The length of a message from a worker that has no memory left; a text of OUT_TEXT bytes follows. */
#define OUT_OF_MEMORY UINT64_MAX
#define OUT_TEXT 64

struct worker {
	pid_t pid; /* 0: not running */
	int fd;
	struct work *work; /* NULL: idle */
	uint64_t beat;     /* of its heartbeat, when it last moved */
	double used;       /* processor seconds at that time */
	double used_last;  /* at the last look */
	double asleep;     /* seconds of our own ticks since then, in which it slept and used no processor time */
};

/* Memory that the parent and the workers share. */
struct shared {
	volatile int over;                   /* tick has said so: what is under way comes to its end early */
	_Atomic uint64_t beats[WORKERS_MAX]; /* heartbeat.h */
};

static const volatile int never;
const volatile int *worker_over = &never;

struct workers {
	struct workers_options options;
	struct worker all[WORKERS_MAX];
	struct shared *shared;
	double looked; /* when wait_for_some last looked at them */
};

/* --- messages: a length, then so many bytes --- */

static bool
receive(int fd, void *buf, size_t size)
{
	for (char *p = buf; size > 0;) {
		ssize_t n = read(fd, p, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		size -= (size_t)n;
	}
	return true;
}

static bool
transmit(int fd, const void *buf, size_t size)
{
	for (const char *p = buf; size > 0;) {
		ssize_t n = send(fd, p, size, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		size -= (size_t)n;
	}
	return true;
}

static bool
receive_message(int fd, struct keybuf *k)
{
	uint64_t len;

	k->len = 0;
	if (!receive(fd, &len, sizeof(len)))
		return false;
	if (len == OUT_OF_MEMORY) {
		char what[OUT_TEXT + 1] = "";

		(void)receive(fd, what, OUT_TEXT);
		memory_out(what);
	}
	keybuf_reserve(k, len + 1);
	if (!receive(fd, k->bytes, len))
		return false;
	k->len = len;
	return true;
}

static bool
transmit_message(int fd, const struct keybuf *k)
{
	uint64_t len = k->len;

	return transmit(fd, &len, sizeof(len)) && transmit(fd, k->bytes, k->len);
}

/* --- the worker's side --- */

static int out_fd; /* of this process, if it is a worker */

/* The parent ends in place of the worker, so what the worker was doing does not count as a crash. */
static void
worker_out(const char *what)
{
	const uint64_t len = OUT_OF_MEMORY;
	char text[OUT_TEXT] = "";

	(void)snprintf(text, sizeof(text), "%s", what);
	/* If that fails, the parent has ended already: another worker has told it. */
	if (transmit(out_fd, &len, sizeof(len)))
		(void)transmit(out_fd, text, sizeof(text));
	_exit(EXIT_FAILURE);
}

VM_NORETURN static void
worker_main(const struct workers_options *o, int fd)
{
	struct keybuf in = { 0 }, out = { 0 };
	void *state;

#ifdef __linux__
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* whoever is busy when the parent is killed need not go on */
#endif
	(void)signal(SIGABRT, SIG_DFL); /* the parent says who died of what */
	out_fd = fd;
	memory_on_out(worker_out);
	state = o->begin(o->begin_arg);
	while (receive_message(fd, &in)) {
		out.len = 0;
		o->work(state, &in, &out);
		if (!transmit_message(fd, &out))
			break;
	}
	_exit(0);
}

/* --- the parent's side --- */

/*
 * The child never sees an interrupt, from its first instruction on: whether to stop is the parent's decision. Terminals
 * send SIGINT or SIGHUP, and timeout(1) and job schedulers SIGTERM, to all processes of a job; that is no crash of a
 * worker's.
 */
static pid_t
fork_without_interrupts(void)
{
	sigset_t interrupts, before;
	pid_t pid;

	(void)sigemptyset(&interrupts);
	(void)sigaddset(&interrupts, SIGINT);
	(void)sigaddset(&interrupts, SIGTERM);
	(void)sigaddset(&interrupts, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &interrupts, &before);
	pid = fork();
	if (pid == 0) {
		(void)signal(SIGINT, SIG_IGN);
		(void)signal(SIGTERM, SIG_IGN);
		(void)signal(SIGHUP, SIG_IGN);
	}
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return pid;
}

static void
start(struct workers *w, struct worker *one)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		err(2, "socketpair");
	(void)fflush(NULL);
	one->pid = fork_without_interrupts();
	if (one->pid < 0)
		err(2, "fork");
	if (one->pid == 0) {
		for (unsigned i = 0; i < w->options.nr; i++)
			if (&w->all[i] != one && w->all[i].pid > 0)
				(void)close(w->all[i].fd);
		(void)close(pair[0]);
		heartbeat_counter = &w->shared->beats[one - w->all];
		worker_over = &w->shared->over;
		worker_main(&w->options, pair[1]);
	}
	(void)close(pair[1]);
	one->fd = pair[0];
	one->work = NULL;
}

unsigned
workers_nr_default(void)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	return processors < 1 ? 1 : processors > WORKERS_MAX ? WORKERS_MAX : (unsigned)processors;
}

struct workers *
workers_start(const struct workers_options *options)
{
	struct workers *w = memory_new(1, sizeof(*w), "the workers");

	w->shared = mmap(NULL, sizeof(*w->shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (w->shared == MAP_FAILED)
		memory_out("the workers");
	w->options = *options;
	if (w->options.nr > WORKERS_MAX)
		w->options.nr = WORKERS_MAX;
	for (unsigned i = 0; i < w->options.nr; i++)
		start(w, &w->all[i]);
	return w;
}

/* The worker is idle again. */
static void
end_work(struct workers *w, struct worker *one, enum work_end end, int status)
{
	struct work *work = one->work;

	one->work = NULL;
	if (work == NULL)
		return;
	work->end = end;
	work->status = status;
	if (end != WORK_DONE)
		work->out.len = 0;
	if (w->options.done != NULL)
		w->options.done(w->options.arg, work);
}

/* It has gone, or is made to go; another takes its place. */
static void
replace(struct workers *w, struct worker *one, enum work_end end)
{
	int status = 0;

	(void)close(one->fd);
	if (end == WORK_HUNG)
		(void)kill(one->pid, SIGKILL);
	(void)waitpid(one->pid, &status, 0);
	end_work(w, one, end, status);
	start(w, one);
}

static void
give(struct worker *one, struct work *work)
{
	one->work = work;
	one->asleep = 0;
	one->used = one->used_last = clock_processor_seconds(one->pid);
	/* If the worker has gone, the next read says so. */
	(void)transmit_message(one->fd, &work->in);
}

static void
take(struct workers *w, struct worker *one)
{
	struct keybuf ignored = { 0 };

	if (!receive_message(one->fd, one->work != NULL ? &one->work->out : &ignored))
		replace(w, one, WORK_DIED);
	else
		end_work(w, one, WORK_DONE, 0);
	keybuf_free(&ignored);
}

/* Does the process wait for something? One that is stopped does not, nor one that waits for a processor. */
static bool
sleeps(pid_t pid)
{
	char path[40], text[256], *state = NULL;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	if (fgets(text, sizeof(text), f) != NULL)
		state = strrchr(text, ')'); /* the name before it may hold anything */
	(void)fclose(f);
	return state != NULL && strncmp(state, ") S", 3) == 0;
}

/*
 * Judged by processor time, not by the clock on the wall: a worker that was stopped, or on a slow machine, does not
 * hang. It hangs if it makes no progress in hang_seconds of processor time, or sleeps for so long, in our own ticks.
 * @passed: since the last look, at most a tick: we may have been stopped, too.
 */
static bool
hangs(const struct workers *w, struct worker *one, double passed)
{
	uint64_t beat = atomic_load_explicit(&w->shared->beats[one - w->all], memory_order_relaxed);
	double used = clock_processor_seconds(one->pid), last = one->used_last;

	one->used_last = used;
	if (beat != one->beat) {
		one->beat = beat;
		one->used = used;
		one->asleep = 0;
		return false;
	}
	if (used > last || !sleeps(one->pid))
		one->asleep = 0;
	else
		one->asleep += passed;
	return w->options.hang_seconds > 0 &&
	       (used - one->used > w->options.hang_seconds || one->asleep > w->options.hang_seconds);
}

/* Waits for any of them. */
static void
wait_for_some(struct workers *w)
{
	struct pollfd fds[WORKERS_MAX];
	double now, passed;

	for (unsigned i = 0; i < w->options.nr; i++)
		fds[i] = (struct pollfd){ .fd = w->all[i].fd, .events = POLLIN };
	if (poll(fds, w->options.nr, TICK_MS) < 0)
		return; /* a signal: the tick says what of it */
	now = clock_seconds();
	passed = now - w->looked < TICK_MS * 1e-3 ? now - w->looked : TICK_MS * 1e-3;
	w->looked = now;
	for (unsigned i = 0; i < w->options.nr; i++) {
		struct worker *one = &w->all[i];

		if ((fds[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
			take(w, one);
		else if (one->work != NULL && hangs(w, one, passed))
			replace(w, one, WORK_HUNG);
	}
}

bool
workers_do(struct workers *w, struct work *work, size_t nr)
{
	size_t next = 0, busy = 1;
	bool over = false;

	for (size_t i = 0; i < nr; i++)
		work[i].end = WORK_LEFT;
	w->shared->over = 0;
	while (busy > 0 || (next < nr && !over)) {
		over = over || (w->options.tick != NULL && w->options.tick(w->options.arg));
		w->shared->over = over;
		if (over && w->options.stop_at_once)
			return false;
		busy = 0;
		for (unsigned i = 0; i < w->options.nr; i++) {
			if (w->all[i].work == NULL && next < nr && !over)
				give(&w->all[i], &work[next++]);
			busy += w->all[i].work != NULL;
		}
		if (busy > 0)
			wait_for_some(w);
	}
	return next == nr;
}

double
workers_processor_seconds(const struct workers *w)
{
	double seconds = 0;

	for (unsigned i = 0; i < w->options.nr; i++)
		seconds += w->all[i].pid > 0 ? clock_processor_seconds(w->all[i].pid) : 0;
	return seconds;
}

void
workers_stop(struct workers *w)
{
	for (unsigned i = 0; i < w->options.nr; i++) {
		(void)close(w->all[i].fd);
		(void)kill(w->all[i].pid, SIGKILL);
		(void)waitpid(w->all[i].pid, NULL, 0);
	}
	(void)munmap(w->shared, sizeof(*w->shared));
	free(w);
}

void
work_free(struct work *work)
{
	keybuf_free(&work->in);
	keybuf_free(&work->out);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* workers.c - see workers.h. */
#include "harness/base/workers.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <assert.h>
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

/* Sent as a message length by a worker that has no memory left. A text of OUT_TEXT bytes follows. */
#define OUT_OF_MEMORY UINT64_MAX
#define OUT_TEXT 64

struct worker {
	pid_t pid; /* 0: not running */
	int fd;
	struct work *work; /* NULL: idle */
	uint64_t beat;     /* the worker's heartbeat when it last moved */
	double used;       /* the worker's processor seconds at that time */
	double used_last;  /* the worker's processor seconds at the last look */
	double asleep;     /* seconds of the parent's ticks since then, in which the worker slept and used no
	                    * processor time */
};

/* Memory that the parent and the workers share. */
struct shared {
	volatile int over;                   /* tick returned true: workers end their pieces early */
	_Atomic uint64_t beats[WORKERS_MAX]; /* heartbeat.h */
};

static const volatile int never;
const volatile int *worker_over = &never;

struct workers {
	struct workers_options options;
	struct worker all[WORKERS_MAX];
	struct shared *shared;
	double looked; /* when workers_wait_for_some last looked at the workers */
};

/* --- messages: a length, then that many bytes --- */

static bool
workers_receive(int fd, void *buf, size_t size)
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
workers_transmit(int fd, const void *buf, size_t size)
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
workers_receive_message(int fd, struct keybuf *k)
{
	uint64_t len;

	k->len = 0;
	if (!workers_receive(fd, &len, sizeof(len)))
		return false;
	if (len == OUT_OF_MEMORY) {
		char what[OUT_TEXT + 1] = "";

		(void)workers_receive(fd, what, OUT_TEXT);
		memory_out(what);
	}
	keybuf_reserve(k, len + 1);
	if (!workers_receive(fd, k->bytes, len))
		return false;
	k->len = len;
	return true;
}

static bool
workers_transmit_message(int fd, const struct keybuf *k)
{
	uint64_t len = k->len;

	return workers_transmit(fd, &len, sizeof(len)) && workers_transmit(fd, k->bytes, k->len);
}

/* --- the worker's side --- */

static int out_fd; /* the worker's descriptor for results */

/* The parent ends in place of the worker, so that the lack of memory does not count as a crash. */
static void
worker_out(const char *what)
{
	const uint64_t len = OUT_OF_MEMORY;
	char text[OUT_TEXT] = "";

	(void)snprintf(text, sizeof(text), "%s", what);
	/* If this fails, the parent has ended already because another worker ran out of memory. */
	if (workers_transmit(out_fd, &len, sizeof(len)))
		(void)workers_transmit(out_fd, text, sizeof(text));
	_exit(EXIT_FAILURE);
}

VM_NORETURN static void
worker_main(const struct workers_options *o, int fd)
{
	struct keybuf in = { 0 }, out = { 0 };
	void *state;

#ifdef __linux__
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* end with the parent, even in the middle of a piece */
#endif
	(void)signal(SIGABRT, SIG_DFL); /* the parent reports which worker died, and of what signal */
	out_fd = fd;
	memory_on_out(worker_out);
	state = o->begin(o->begin_arg);
	while (workers_receive_message(fd, &in)) {
		out.len = 0;
		o->work(state, &in, &out);
		if (!workers_transmit_message(fd, &out))
			break;
	}
	_exit(0);
}

/* --- the parent's side --- */

/*
 * Blocks interrupts in the child from its first instruction: the parent alone decides when to stop. Terminals send
 * SIGINT or SIGHUP, and timeout(1) and job schedulers SIGTERM, to all processes of a job. That must not look like a
 * crash of the worker.
 */
static pid_t
workers_fork_without_interrupts(void)
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
workers_start_one(struct workers *w, struct worker *one)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		err(2, "socketpair");
	(void)fflush(NULL);
	one->pid = workers_fork_without_interrupts();
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

	assert(options->begin != NULL && options->work != NULL);
	w->shared = mmap(NULL, sizeof(*w->shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (w->shared == MAP_FAILED)
		memory_out("the workers");
	w->options = *options;
	if (w->options.nr > WORKERS_MAX)
		w->options.nr = WORKERS_MAX;
	for (unsigned i = 0; i < w->options.nr; i++)
		workers_start_one(w, &w->all[i]);
	return w;
}

/* Ends the piece of a worker, and makes the worker idle. */
static void
workers_end_work(struct workers *w, struct worker *one, enum work_end end, int status)
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

/* Replaces a worker that has died or is to be killed. */
static void
workers_replace(struct workers *w, struct worker *one, enum work_end end)
{
	int status = 0;

	assert(one->pid > 0);
	(void)close(one->fd);
	if (end == WORK_HUNG)
		(void)kill(one->pid, SIGKILL);
	(void)waitpid(one->pid, &status, 0);
	workers_end_work(w, one, end, status);
	assert(one->work == NULL);
	workers_start_one(w, one);
}

static void
worker_give(struct worker *one, struct work *work)
{
	assert(one->pid > 0 && one->work == NULL);
	one->work = work;
	one->asleep = 0;
	one->used = one->used_last = clock_processor_seconds(one->pid);
	/* If the worker has died, the next read from it fails. */
	(void)workers_transmit_message(one->fd, &work->in);
}

static void
worker_take(struct workers *w, struct worker *one)
{
	struct keybuf ignored = { 0 };

	assert(one->pid > 0);
	if (!workers_receive_message(one->fd, one->work != NULL ? &one->work->out : &ignored))
		workers_replace(w, one, WORK_DIED);
	else
		workers_end_work(w, one, WORK_DONE, 0);
	keybuf_free(&ignored);
}

/* Is the process asleep? A stopped process is not, and a process that waits for a processor is not. */
static bool
workers_sleeps(pid_t pid)
{
	char path[40], text[256], *state = NULL;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	if (fgets(text, sizeof(text), f) != NULL)
		state = strrchr(text, ')'); /* the name may contain any character: find the last ')' */
	(void)fclose(f);
	return state != NULL && strncmp(state, ") S", 3) == 0;
}

/*
 * Does the worker hang? It does if it makes no progress in hang_seconds of its own processor time, or sleeps for as
 * long in ticks of the parent. Wall-clock time does not count: the worker may have been stopped, or the machine slow.
 * @passed is the time since the last look, at most one tick, because the parent may have been stopped, too.
 */
static bool
workers_hangs(const struct workers *w, struct worker *one, double passed)
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
	if (used > last || !workers_sleeps(one->pid))
		one->asleep = 0;
	else
		one->asleep += passed;
	return w->options.hang_seconds > 0 &&
	       (used - one->used > w->options.hang_seconds || one->asleep > w->options.hang_seconds);
}

/* Waits until a worker answers or a tick passes. */
static void
workers_wait_for_some(struct workers *w)
{
	struct pollfd fds[WORKERS_MAX];
	double now, passed;

	for (unsigned i = 0; i < w->options.nr; i++)
		fds[i] = (struct pollfd){ .fd = w->all[i].fd, .events = POLLIN };
	if (poll(fds, w->options.nr, TICK_MS) < 0)
		return; /* a signal: the next tick handles it */
	now = clock_seconds();
	passed = now - w->looked < TICK_MS * 1e-3 ? now - w->looked : TICK_MS * 1e-3;
	w->looked = now;
	for (unsigned i = 0; i < w->options.nr; i++) {
		struct worker *one = &w->all[i];

		if ((fds[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
			worker_take(w, one);
		else if (one->work != NULL && workers_hangs(w, one, passed))
			workers_replace(w, one, WORK_HUNG);
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
				worker_give(&w->all[i], &work[next++]);
			busy += w->all[i].work != NULL;
		}
		if (busy > 0)
			workers_wait_for_some(w);
	}
	assert(next <= nr);
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

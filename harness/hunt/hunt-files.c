/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hunt-files.c - the directories of a hunt: one for findings, one file each, and those with known findings.
 *
 * A file appears under its name when it is complete (vmt_write). Numbers in names continue after the highest one, and a
 * hunt locks its directory, so no file is ever overwritten.
 */
#include <assert.h>
#include <sys/stat.h>

#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <libutil.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/hunt/hunt-inside.h"
#include "harness/program/program.h"

struct known {
	char *key, *path;
	bool baseline;
};

struct hunt_files {
	bool against;    /* the findings are differences, which no verdict line names */
	const char *out; /* NULL: findings are not written */
	int lock;
	unsigned next; /* next number */
	size_t nr;
	struct known *known;
};

/* --- known findings --- */

static void
hunt_files_know(struct hunt_files *files, const char *key, const char *path, bool baseline)
{
	struct known *k = memory_resize(files->known, files->nr + 1, sizeof(*k), "what is known");

	files->known = k;
	k += files->nr++;
	*k = (struct known){ .key = memory_text(key, "what is known"),
		.path = memory_text(path, "what is known"),
		.baseline = baseline };
}

/* The key of a program that killed a process. It has no verdict, so the whole program is the key, except its head. */
void
hunt_lost_key(const struct program *p, struct strbuf *out)
{
	struct program bare = *p;

	bare.head = NULL;
	strbuf_add(out, "lost: ");
	vmt_print(&bare, out);
}

/*
 * Makes work for a known program. One with a verdict is a known finding. One without a verdict is known only if it
 * kills a process again.
 */
static bool
hunt_files_make_work(struct hunt_files *files, const char *path, bool baseline, struct work *work)
{
	struct strbuf text = { 0 };
	struct program p;
	bool good = vmt_read(path, &p);

	if (good && p.nr_verdicts == 0 && !files->against) {
		hunt_lost_key(&p, &text);
		hunt_files_know(files, strbuf_text(&text), path, baseline);
	} else if (good) {
		vmt_print(&p, &text);
		keybuf_num(&work->in, JOB_KEY);
		message_text(&work->in, strbuf_text(&text), text.len);
	}
	strbuf_free(&text);
	program_free(&p);
	return good;
}

/* A worker replays each program, because it may crash. */
static bool
hunt_files_read_known(struct hunt_files *files, struct workers *workers, const char *directory, bool baseline)
{
	struct inputs list = { 0 };
	struct work *work;
	bool good = inputs_add(&list, directory, INPUTS_VMT, say_about);
	size_t nr = 0;

	work = memory_new(list.nr + 1, sizeof(*work), "what is known");
	for (size_t i = 0; i < list.nr && good; i++) {
		good = hunt_files_make_work(files, list.names[i], baseline, &work[nr]);
		if (good && work[nr].in.len > 0) {
			char *name = list.names[nr];

			list.names[nr++] = list.names[i];
			list.names[i] = name;
		}
	}
	assert(nr <= list.nr);
	if (good)
		(void)workers_do(workers, work, nr);
	for (size_t i = 0; i < nr && good; i++) {
		struct hunt_finding f;

		if (work[i].end != WORK_DONE)
			continue;
		hunt_read_small(&work[i], &f);
		if (f.key[0] != '\0')
			hunt_files_know(files, f.key, list.names[i], baseline);
		hunt_finding_free(&f);
	}
	for (size_t i = 0; i < list.nr + 1; i++)
		work_free(&work[i]);
	free(work);
	inputs_free(&list);
	return good;
}

/* --- writing findings --- */

/* The number after the highest one that starts a file name in the directory. */
static unsigned
hunt_files_next_number(const char *directory)
{
	struct inputs list = { 0 };
	unsigned next = 1;

	(void)inputs_add(&list, directory, INPUTS_VMT, say_about);
	for (size_t i = 0; i < list.nr; i++) {
		const char *base = strrchr(list.names[i], '/');
		unsigned long number = strtoul(base != NULL ? base + 1 : list.names[i], NULL, 10);

		if (number >= next && number < UINT_MAX)
			next = (unsigned)number + 1;
	}
	inputs_free(&list);
	return next;
}

static bool
hunt_files_has_programs(const char *directory)
{
	struct inputs list = { 0 };
	struct stat st;
	bool any;

	if (stat(directory, &st) != 0)
		return false;
	any = inputs_add(&list, directory, INPUTS_VMT, say_about) && list.nr > 0;
	inputs_free(&list);
	return any;
}

static bool
hunt_files_open_out(struct hunt_files *files)
{
	char path[PATH_MAX];

	if (mkdir(files->out, 0777) != 0 && errno != EEXIST) {
		warn("%s", files->out);
		return false;
	}
	(void)snprintf(path, sizeof(path), "%s/.lock", files->out);
	files->lock = flopen(path, O_CREAT | O_RDWR | O_NONBLOCK | O_CLOEXEC, 0666);
	if (files->lock < 0) {
		if (errno == EWOULDBLOCK)
			warnx("%s: another hunt is writing to this directory", files->out);
		else
			warn("%s", path);
		return false;
	}
	files->next = hunt_files_next_number(files->out);
	return true;
}

struct hunt_files *
hunt_files_open(const struct hunt_options *o, struct workers *workers)
{
	struct hunt_files *files = memory_new(1, sizeof(*files), "what is known");
	bool good = true;

	files->lock = -1;
	files->against = o->against != NULL;
	files->out = o->out;
	if (o->out != NULL)
		good = hunt_files_open_out(files);
	if (good && o->baseline != NULL)
		good = hunt_files_read_known(files, workers, o->baseline, true);
	if (good && o->known != NULL)
		good = hunt_files_read_known(files, workers, o->known, false);
	/* Findings of earlier hunts are not written again. */
	if (good && o->out != NULL && hunt_files_has_programs(o->out))
		good = hunt_files_read_known(files, workers, o->out, false);
	if (good)
		return files;
	hunt_files_close(files);
	return NULL;
}

void
hunt_files_retry(const struct hunt_files *files, struct hunt_finding *f)
{
	char path[PATH_MAX];
	struct program p;

	assert(files->out != NULL);
	vmt_parse_own(f->text, f->name, &p); /* the file gets the canonical text */
	if (snprintf(path, sizeof(path), "%s/%s", files->out, f->name) >= PATH_MAX)
		f->error = ENAMETOOLONG;
	else
		f->error = vmt_write(path, &p) ? 0 : errno;
	program_free(&p);
}

void
hunt_files_keep(struct hunt_files *files, struct hunt_finding *f)
{
	struct strbuf name = { 0 };

	assert(f->known == NULL && f->key != NULL);
	for (size_t i = 0; i < files->nr && f->known == NULL; i++) {
		if (strcmp(files->known[i].key, f->key) != 0)
			continue;
		f->known = memory_text(files->known[i].path, "what is known");
		f->baseline = files->known[i].baseline;
	}
	if (f->known != NULL)
		return;
	strbuf_printf(&name, "%03u-%s.vmt", files->out != NULL ? files->next++ : f->number, f->name);
	free(f->name);
	f->name = strbuf_take(&name);
	if (files->out != NULL)
		hunt_files_retry(files, f);
}

void
hunt_files_close(struct hunt_files *files)
{
	if (files == NULL)
		return;
	if (files->lock >= 0)
		(void)close(files->lock);
	for (size_t i = 0; i < files->nr; i++) {
		free(files->known[i].key);
		free(files->known[i].path);
	}
	free(files->known);
	free(files);
}

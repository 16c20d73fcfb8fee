/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vmt.h - the text form of programs: docs/vmt.md has the grammar.
 *
 * print(parse(x)) is canonical, and parse(print(p)) equals p for every program. The parser is strict: an error gives
 * line, column, what was expected and what was found; the program is then empty.
 */
#ifndef HARNESS_PROGRAM_VMT_H
#define HARNESS_PROGRAM_VMT_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/program/program-data.h"

struct nearest;
struct strbuf;
struct vm_state;

#define VMT_VERSION 1 /* the version of the text form: "vmt 1" */

struct vmt_error {
	unsigned line, column; /* 1-based; the column counts bytes */
	char text[400];        /* "expected ..., found ...", and what was probably meant */
};

/* Parses @len bytes of @text into *p, which is program_init'ed here. False: *p is empty, and *e has the error. */
bool vmt_parse(const char *text, size_t len, struct program *p, struct vmt_error *e);
/* Parses a program that this process printed. Ends the process if it does not parse: @what names it in the message. */
void vmt_parse_own(const char *text, const char *what, struct program *p);
/*
 * Reads and parses a file ("-": standard input), and appends its text to *text. False: *p is empty, and
 * "FILE:LINE:COLUMN: ..." or "FILE: reason" with a line end is appended to *error.
 */
bool vmt_load(const char *path, struct program *p, struct strbuf *text, struct strbuf *error);
/* As vmt_load, with the error on standard error. */
bool vmt_read(const char *path, struct program *p);
/* Appends the canonical text. */
void vmt_print(const struct program *p, struct strbuf *out);
/* Write the canonical text as file_write and file_write_new do (files.h). False with errno set. */
bool vmt_write(const char *path, const struct program *p);
bool vmt_write_new(const char *path, const struct program *p);

/* The word for a verdict; NULL for no verdict. */
const char *vmt_verdict_word(enum program_verdict verdict);
/* Appends "spurious unfounded: ...", as it stands after the word "verdict" in a program. */
void vmt_print_verdict(const struct program_verdict_line *v, struct strbuf *out);
/* Offer the words that may stand at a place, for an error about another word. */
void vmt_offer_ops(struct nearest *n);
void vmt_offer_mutants(struct nearest *n);
/* The operation number @i, from 0, that has this name elsewhere (op-aliases.def); VM_OP_INVALID: none. */
uint8_t vmt_op_alias(const char *text, size_t len, unsigned i);
/* The static name of a mutant (mutants.def), as in a program's config; NULL: no such mutant. */
const char *vmt_mutant(const char *name);

/* Print and parse parts of a program. */
void vmt_print_op(const struct vm_op *op, struct strbuf *out); /* "wire 20 24 user noholes" */
void vmt_print_result(const struct vm_op *op, const struct vm_result *r, struct strbuf *out); /* "KERN_SUCCESS@16" */
void vmt_print_config(const struct program_config *cfg, struct strbuf *out);                  /* the directive lines */
/*
 * Appends an outcome: "T0: R,R | T1: R | STATE". With @deadlock it ends with " | DEADLOCK(T1.0 blocked)", which lists
 * each thread that has a result VM_OUTCOME_NONE. results[t] are the nr_ops results of thread t.
 */
void vmt_print_outcome(const struct program *p, const struct vm_result *const results[], const struct vm_state *state,
    bool deadlock, struct strbuf *out);
/* Parse one operation, or one finished result of @op, from a NUL-terminated text. The line of an error is 1. */
bool vmt_parse_op(const char *text, struct vm_op *op, struct vmt_error *e);
bool vmt_parse_op_result(const char *text, const struct vm_op *op, struct vm_result *r);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lex.h - a .vmt text as lines of words. Private to the text files of this room (vmt-*.c, optext.c).
 *
 * A word is a run of bytes that are not blanks. A '#' at the start of a word starts a comment. Control bytes other than
 * the tab and the line end are rejected, so words contain none. Nothing is copied: words point into the text.
 */
#ifndef HARNESS_PROGRAM_LEX_H
#define HARNESS_PROGRAM_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nearest;
struct vmt_error;

typedef unsigned __int128 lex_wide;

enum lex_status {
	LEX_BAD = 0, /* the error is set */
	LEX_LINE,
	LEX_END,
};

struct lex {
	const char *next, *end; /* the bytes that have not been read yet */
	const char *line_at;    /* the current line ... */
	const char *line_end;   /* ... and the end of its last word */
	const char *word;       /* the current word; at line_end if there is none */
	size_t word_len;        /* 0: end of line */
	const char *comment;    /* from its '#' on, without trailing blanks; NULL: none */
	size_t comment_len;
	unsigned line; /* 1-based */
	struct vmt_error *error;
};

/* Starts at the first line, after a byte order mark if there is one. */
void lex_begin(struct lex *l, const char *text, size_t len, struct vmt_error *e);
/* Goes to the next line and its first word. */
enum lex_status lex_line(struct lex *l);
/* Goes to the next word of the line. */
void lex_next(struct lex *l);
bool lex_is(const struct lex *l, const char *word);
bool lex_at_end(const struct lex *l);

/* Sets the error "expected <format>, found <the current word>", and returns false. */
bool lex_fail(const struct lex *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* As lex_fail, for the @len bytes at @at. @len 0 is the end of the line. */
bool lex_fail_at(const struct lex *l, const char *at, size_t len, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/*
 * Appends to the error that was just set: the word that was probably meant, and @more, unless it is NULL. Returns
 * false.
 */
bool lex_hint(const struct lex *l, struct nearest *n, const char *more);
/* Sets the error "expected <format>" at the column of @at; @format says what was found. Returns false. */
bool lex_complain(const struct lex *l, const char *at, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* As lex_complain, about an earlier line. */
bool lex_complain_of(const struct lex *l, unsigned line, unsigned column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

enum lex_number {
	LEX_NUMBER_BAD = 0,
	LEX_NUMBER_OK,
	LEX_NUMBER_LARGE, /* a number, but above the maximum */
	LEX_NUMBER_ZERO,  /* decimal digits with a leading zero, which could be read as octal */
};

/* Reads a number: decimal without leading zeros, or 0x and hexadecimal digits. */
enum lex_number lex_number(const char *text, size_t len, lex_wide max, lex_wide *ret);
/* Sets the error about a word that is not @what, a number; @number says why. Returns false. */
bool lex_fail_number(const struct lex *l, enum lex_number number, const char *what, const char *max);
/* Reads the current word as a number, and goes to the next word. @what is for the message: "a page number". */
bool lex_take_number(struct lex *l, const char *what, uint64_t max, uint64_t *ret);
bool lex_equal(const char *text, size_t len, const char *word);
bool lex_is_blank(char c);

/* Starts on a text that must be a single line. False: the error is set. */
bool lex_begin_piece(struct lex *l, const char *text, struct vmt_error *e);
/* Is that line read, and the last one? False: the error is set. */
bool lex_end_piece(const struct lex *l);

/* The number in "T7", if it is below PROGRAM_THREADS_MAX; otherwise -1. */
int vmt_thread_number(const char *text, size_t len);

#endif

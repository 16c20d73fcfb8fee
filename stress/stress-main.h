/* SPDX-License-Identifier: BSD-2-Clause */
/* stress-main.h - `wirestorm stress`. argv[0] is the word "stress". Returns the exit status, enum stress_end. */
#ifndef STRESS_STRESS_MAIN_H
#define STRESS_STRESS_MAIN_H

struct cli_command;

int stress_main(int argc, char **argv);
/* The same as a command of the tool. */
extern const struct cli_command stress_command;

#endif

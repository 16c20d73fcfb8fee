/* SPDX-License-Identifier: BSD-2-Clause */
/* stress-main.h - `wirestorm stress`. argv[0] is the word "stress". Returns the exit status, enum stress_end. */
#ifndef STRESS_STRESS_MAIN_H
#define STRESS_STRESS_MAIN_H

int stress_main(int argc, char **argv);

#endif

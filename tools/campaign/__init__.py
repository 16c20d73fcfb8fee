# SPDX-License-Identifier: BSD-2-Clause
"""campaign - `wirestorm campaign`: runs every way of looking for bugs through a night, and reports.

The files, from the lowest up; each imports only those before it:

    durable    files that survive a kill: written, fsynced, renamed
    options    the table of options, --help, the configuration of a campaign
    ledger     the database: slices, findings, sightings, canaries, metrics
    watchdog   runs one child, and judges by processor time whether it hangs
    program    reads a program as far as its findings are compared
    triage     a raw finding becomes a program with a key and a replay rate
    engines    the table of engines: what a slice runs, and what it has found
    builds     the builds that the engines need
    schedule   which job gets the next slice
    disk       the disk budget
    worker     one slice, a process of its own
    words      numbers and times as people read them
    python     runs a part of the report in a Python that has its modules
    lanes      the pictures of findings
    plots      the curves as pictures (with matplotlib)
    exports    the report as Markdown, JUnit and SARIF
    render     fills page.html, the page's template (with jinja2)
    page       what the page shows
    report     the report of a campaign
    status     one screen about a campaign
    verify     whether ledger and files agree
    merge      several campaigns become one
    coordinator  the campaign itself
    cli        the subcommands
"""

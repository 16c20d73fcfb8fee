# SPDX-License-Identifier: BSD-2-Clause
"""ledger - the database of a campaign: what it says is done is done.

Files are on the disk before the row that names them is committed. docs/campaigns.md describes the tables for users, who
query them; a change that breaks a query raises SCHEMA_VERSION.
"""

import json
import sqlite3
import time
from pathlib import Path

NAME = "ledger.sqlite"
SCHEMA_VERSION = 1
BUSY_SECONDS = 30

SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE run (
    id INTEGER PRIMARY KEY, campaign TEXT NOT NULL, host TEXT NOT NULL, pid INTEGER NOT NULL, commit_id TEXT NOT NULL,
    begun TEXT NOT NULL, ended TEXT, how TEXT, seconds REAL NOT NULL DEFAULT 0);
CREATE TABLE slice (
    id INTEGER PRIMARY KEY, campaign TEXT NOT NULL, number INTEGER NOT NULL, run INTEGER NOT NULL, job TEXT NOT NULL,
    engine TEXT NOT NULL, profile TEXT, mutant TEXT, seed_begin INTEGER NOT NULL, seed_end INTEGER NOT NULL,
    commit_id TEXT NOT NULL, cores INTEGER NOT NULL, begun TEXT NOT NULL, at REAL NOT NULL, ended TEXT,
    state TEXT NOT NULL, how TEXT, status INTEGER, seconds REAL, cpu_seconds REAL, executions INTEGER,
    coverage INTEGER, features INTEGER, new_features INTEGER, interleavings INTEGER, corpus INTEGER, note TEXT,
    UNIQUE (campaign, number));
CREATE TABLE finding (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, section TEXT NOT NULL,
    verdict TEXT NOT NULL, check_name TEXT NOT NULL, edges TEXT NOT NULL, operations TEXT NOT NULL,
    race TEXT NOT NULL, quirks TEXT NOT NULL, mutant TEXT NOT NULL, what TEXT NOT NULL, profile TEXT, engine TEXT NOT
    NULL, commit_id TEXT NOT NULL, slice INTEGER NOT NULL, first_seen TEXT NOT NULL, first_at REAL NOT NULL,
    file TEXT, sha256 TEXT, evidence TEXT NOT NULL, replays INTEGER NOT NULL, replays_shown INTEGER NOT NULL,
    replay TEXT NOT NULL, known_as TEXT);
CREATE TABLE sighting (
    finding INTEGER NOT NULL REFERENCES finding (id), slice INTEGER NOT NULL REFERENCES slice (id),
    times INTEGER NOT NULL, PRIMARY KEY (finding, slice));
CREATE TABLE metric (campaign TEXT NOT NULL, at REAL NOT NULL, wall TEXT NOT NULL, name TEXT NOT NULL,
    job TEXT NOT NULL, value REAL NOT NULL);
CREATE TABLE canary (
    slice INTEGER PRIMARY KEY REFERENCES slice (id), mutant TEXT NOT NULL, found INTEGER NOT NULL,
    seconds REAL NOT NULL, note TEXT NOT NULL);
CREATE TABLE edge (
    campaign TEXT NOT NULL, profile TEXT NOT NULL, edge TEXT NOT NULL, source TEXT NOT NULL, code TEXT NOT NULL,
    times INTEGER NOT NULL, invalid_address INTEGER NOT NULL, programs INTEGER NOT NULL, man_page TEXT NOT NULL,
    program TEXT, schedule TEXT, PRIMARY KEY (campaign, profile, edge, source));
CREATE TABLE event (id INTEGER PRIMARY KEY, campaign TEXT NOT NULL, at REAL NOT NULL, wall TEXT NOT NULL,
    kind TEXT NOT NULL, text TEXT NOT NULL);
CREATE INDEX metric_by_name ON metric (name, job, at);
CREATE VIEW found AS
    SELECT finding.*, sum(sighting.times) AS count, max(slice.ended) AS last_seen
    FROM finding JOIN sighting ON sighting.finding = finding.id JOIN slice ON slice.id = sighting.slice
    GROUP BY finding.id;
"""


class LedgerError(Exception):
    """The ledger cannot be used; the text says why."""


def wall():
    """The time of day, only for people: nothing is computed from it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def is_full(error):
    """Does the error say that the disk is full?"""
    return "full" in str(error) or "disk I/O" in str(error)


class Ledger:
    """The open database. All rows are sqlite3.Row."""

    def __init__(self, folder, write=False):
        path = Path(folder, NAME)
        if not write and not path.exists():
            raise LedgerError(f"{folder}: expected a campaign's directory, found no {NAME}")
        self.base = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        self.base.row_factory = sqlite3.Row
        try:
            if write:
                self.base.execute("PRAGMA journal_mode=WAL")
                self.base.execute("PRAGMA synchronous=FULL")
                self.base.execute("PRAGMA wal_autocheckpoint=200")
            if not self.rows("SELECT name FROM sqlite_master"):
                if not write:
                    raise LedgerError(f"{path}: the ledger is empty")
                self.base.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version={SCHEMA_VERSION}; COMMIT;")
            found = self.one("PRAGMA user_version")[0]
        except sqlite3.DatabaseError as e:
            if is_full(e):
                raise
            raise LedgerError(f"{path}: expected a ledger: {e}") from e
        if found != SCHEMA_VERSION:
            raise LedgerError(f"{path}: expected schema {SCHEMA_VERSION}, found {found}")

    def close(self):
        self.base.close()

    def rows(self, sql, *values):
        return self.base.execute(sql, values).fetchall()

    def one(self, sql, *values):
        return self.base.execute(sql, values).fetchone()

    def insert(self, table, **values):
        """Gives the id of the row."""
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        return self.base.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(values.values())).lastrowid

    def __enter__(self):
        """A transaction: committed as a whole when the block ends, or not at all."""
        self.base.execute("BEGIN IMMEDIATE")
        return self

    def __exit__(self, kind, error, trace):
        if kind is None:
            try:
                self.base.execute("COMMIT")
                return
            except sqlite3.Error:
                self.roll_back()
                raise
        self.roll_back()

    def roll_back(self):
        if self.base.in_transaction:
            self.base.execute("ROLLBACK")

    def meta(self, name, default=None):
        row = self.one("SELECT value FROM meta WHERE name = ?", name)
        return default if row is None else json.loads(row[0])

    def set_meta(self, name, value):
        self.base.execute("INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, json.dumps(value)))


def end_slice(ledger, slice_id, result):
    """Within a transaction: the slice is done. False: it was done before, and nothing may be counted."""
    changed = ledger.base.execute("UPDATE slice SET state = 'done', ended = ?, how = ?, status = ?, seconds = ?,"
        " cpu_seconds = ?, executions = ?, coverage = ?, features = ?, new_features = ?, interleavings = ?,"
        " corpus = ?, note = ? WHERE id = ? AND state = 'running'", (wall(), result["how"], result["status"],
        result["seconds"], result["cpu_seconds"], result["executions"], result["coverage"], result["features"],
        result["new_features"], result["interleavings"], result["corpus"], result["note"], slice_id)).rowcount
    return changed == 1


def sight(ledger, finding_id, slice_id, times):
    ledger.base.execute("INSERT INTO sighting VALUES (?, ?, ?) ON CONFLICT (finding, slice) DO UPDATE SET"
        " times = times + excluded.times", (finding_id, slice_id, times))

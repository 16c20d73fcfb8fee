# SPDX-License-Identifier: BSD-2-Clause
"""schedule - which job gets the next slice: pure functions of what the jobs have had and brought.

Half of the time is shared by the given weights, so no job falls below half of its share. The other half goes where
something new comes: by the gain per core second, where the gain of a slice is the growth of its features, and 5 percent
more for each new finding. Old slices fade.
"""

from dataclasses import dataclass

FINDING_GAIN = 0.05
FADE = 0.8  # what a slice counts, each time its job ends another one
BAD_SLICES_MAX = 1  # so many in a row are no crash loop
REST_SECONDS_MIN = 2
REST_SECONDS_MAX = 1800


@dataclass
class Job:
    name: str
    engine: str
    profile: str | None
    mutant: str | None
    weight: float
    cores: int
    command: list | None = None
    grace: float = 30.0  # processor seconds after the end of a slice that count as a hang
    core_seconds: float = 0.0  # all that it has had
    recent_seconds: float = 0.0
    recent_gain: float = 0.0
    features: int = 0  # the most that a slice has shown
    bad: int = 0  # slices in a row that ended early and brought nothing
    rest_until: float = 0.0
    why: str = ""  # the reason of the rest
    running: int = 0

    def took(self, seconds, features, new_findings):
        """Counts a slice."""
        new = max(0, (features or 0) - self.features)
        gain = new / max(self.features, 1) if self.features else 0.0
        self.features = max(self.features, features or 0)
        core_seconds = seconds * self.cores
        self.core_seconds += core_seconds
        self.recent_seconds = self.recent_seconds * FADE + core_seconds
        self.recent_gain = self.recent_gain * FADE + min(gain, 1.0) + FINDING_GAIN * new_findings

    def judge(self, now, is_bad, slice_seconds, why):
        """After a slice: a job that fails again and again rests longer each time."""
        if not is_bad:
            self.bad, self.why = 0, ""
            return
        self.bad += 1
        if self.bad > BAD_SLICES_MAX:
            rest = max(REST_SECONDS_MIN, slice_seconds / 4) * 2.0 ** min(self.bad - BAD_SLICES_MAX, 20)
            self.rest_until = now + min(REST_SECONDS_MAX, rest)
            self.why = why


def shares(jobs):
    """{name: share of the core seconds}; the sum is 1."""
    total = sum(job.weight for job in jobs) or 1.0
    pays = {job.name: job.weight * job.recent_gain / job.recent_seconds if job.recent_seconds > 0 else 0.0
        for job in jobs}
    paid = sum(pays.values())
    return {job.name: job.weight / total if paid <= 0 else 0.5 * job.weight / total + 0.5 * pays[job.name] / paid
        for job in jobs}


def choose(jobs, free, now, soon_free):
    """
    The job for the next slice, of those that are not at rest: the one furthest below its share. None: wait. @soon_free:
    cores that come free in a moment, for which a job that needs several may wait.
    """
    share = shares(jobs)
    ready = [job for job in jobs if job.rest_until <= now]
    had = sum(job.core_seconds for job in ready) or 1.0
    total = sum(share[job.name] for job in ready) or 1.0
    running = sum(job.running for job in ready)

    def deficit(job):
        """Running slices count as if they had ended: else one job would get all cores at once."""
        return share[job.name] / total * (had + running) - job.core_seconds - job.running

    def order(job):
        """Each job runs once at the start, so that what cannot run is known early."""
        return job.core_seconds > 0 or job.running > 0, -deficit(job), job.name

    for job in sorted(ready, key=order):
        if job.cores <= free:
            return job
        if job.cores <= free + soon_free:
            return None
    return None


def slice_seconds(now, length, left):
    """Slices end at multiples of their length, so that a job that needs several cores finds them free together."""
    seconds = length - now % length
    if seconds < length / 2:
        seconds += length
    return min(seconds, left)

"""What all paid calls of one run share."""

from dataclasses import dataclass, field

from tasks.spending.in_flight import CallsInFlight
from tasks.spending.rate_limiter import RateLimiter
from tasks.spending.resume_command import ResumeCommand


@dataclass(slots=True)
class RunCalls:
    """One for each run, made with its session and handed down."""

    limiter: RateLimiter = field(default_factory=RateLimiter)
    in_flight: CallsInFlight = field(default_factory=CallsInFlight)
    resume: ResumeCommand = field(default_factory=ResumeCommand)
    """set once it is known what was typed"""

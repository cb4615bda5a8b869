"""The one base class for what the person at the terminal can mend."""


class Mistake(Exception):  # noqa: N818 - it is the person's, and is shown as such
    """Something that the person at the terminal can mend: its text says what, where and how.

    It is shown as it is, without a traceback. Anything else that is raised is a bug.
    """


def line_of(error: Mistake | OSError) -> str:
    """What went wrong, in one line for the person at the terminal."""
    if isinstance(error, OSError):
        return f"{error.filename or 'a file'}: {error.strerror or error}"
    return str(error)

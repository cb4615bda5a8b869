"""The variables that single targets alone read: `doit previews format=mp4`."""

from tasks.graph.variables import Variable, one_of, yes_no

VARIABLES = (
    Variable(
        "format",
        "of what a command prints (`json`), of films (`webp`, `apng`, `mp4`, `webm`),"
        " and of the contact sheet (`pdf`: pages of A4)",
        one_of("format", "text", "json", "webp", "apng", "mp4", "webm", "pdf"),
    ),
    Variable("find", "of `face`: yes finds the landmarks", yes_no),
    Variable("write", "of `face`: yes writes what was found into the config", yes_no),
    Variable("costume", "of `face` and `import_layers`: the costume that is meant"),
    Variable(
        "serve",
        "of `face`: yes serves a page on which landmarks are dragged to their places",
        yes_no,
    ),
)

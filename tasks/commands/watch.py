"""`doit watch`: the served page, whose drafts follow every save of the config or of a portrait."""

from tasks.commands.serve import PORT_OPTION, Serve


class Watch(Serve):
    """As `serve`; what a save changed is drawn anew before the page is looked at again."""

    name = "watch"
    doc_purpose = "serve the review page, and draw what each save of config or portrait changed"
    doc_usage = "[--port NUMBER]"
    doc_description = (
        "Drafts by the puppet, which never replace finals; with engine=NAME by that engine, all"
        " saves together within the budget. A mistake in the config is shown, and ends nothing."
    )
    cmd_options = (PORT_OPTION,)
    watches = True

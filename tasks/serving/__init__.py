"""The review page on loopback: its buttons do what the commands do, and it shows what comes.

`site` is the server: who may ask, and a table of routes. `board` tells open pages what changed,
`live` keeps what they show up to date with the disk, `runs` runs `doit` for them, `deciding`
approves, rejects, picks and takes back, `timelines` plans and saves what is edited. `served` holds
these together for one project.

Another view of the page brings its routes itself:

    def add(site: Site, served: ServedProject) -> None:
        site.get("timeline.json", lambda asked: as_json(...))
        site.post("timeline", lambda asked: as_json(save(served.project, asked.document)))

and is named in `VIEWS` of `serve`, its scripts in `SERVED_SCRIPTS` of `pages`.
`asked.query` and `asked.document` are as the browser sent them: whoever reads them checks them. A
`Mistake` or an OSError that a route raises is told to the page as `{"error": ...}`.
`served.board.put("timeline", content)` reaches every open page, where
`Review.serve.on("timeline", function (content) {...})` gets it; there
`Review.serve.post("timeline", content)` asks, and promises the answer. `Review.addView("timeline",
"Timelines", {show, hide, key})` gives it a section and a link. A picture is served under
`Review.source(address)` once `served.pictures.allow(path)` named it.
"""

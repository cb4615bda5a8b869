"""The review page: all that the build knows, to look at and to decide on, from disk or served.

`document` is what the page shows as plain data, `thumbnails` are its small pictures, `write` puts
the page together from `assets`: a template, a style sheet and classic scripts.
"""

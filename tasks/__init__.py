"""The program: rooms by stage, from the config to what is looked at and exported.

A room is a stage of the data's path. Imports go down this list only; rooms on one line do not know
each other. The order is checked with the tests (`[tool.importlinter]` in `pyproject.toml`).

    targets             what doit builds, one task creator a file
    commands            what can be typed beside `run`
    running             doit's run as a paid build needs it
    serving             the review page on loopback, whose buttons do what the commands do
    build               one frame made, or foretold
    batch               the provider's half-price batches
    engines             what draws: loaded by name, imported by nobody
    review | exports    what is looked at, and what other programs use
    spending            budget, calls, estimates, ledger, the rate limiter
    graph               every frame as a node with what it is made from
    sequences | timelines   in-betweens; and from a voice to keyframes on a clock
    requests            what an engine is asked, and the port of the engines
    takes               what was paid for, picks, and the frames made of it
    finish | morph | puppet | landmarks   pure pixels
    pictures            the one decoder, PNG chunks, distances
    character           the config, checked and frozen
    models              facts and prices of models
    ground              errors, files, digests, ids, wording

`ARCHITECTURE.md` follows one frame from the command to the PNG.
"""

"""Finishing: from a take to a frame in which only the face moves, and the checks that it does.

A take is paid for once; finishing it is free, pure and can be tuned for ever. The steps are in
`steps`, their settings in `settings`, what is measured in `measure`, what is said in `flags`.

Start reading at `steps`. Pure pixels. May import: pictures and below.
"""

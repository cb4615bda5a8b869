"""Talking: from when each sound is heard to what is shown at a time.

`readers/` bring every timing file to one form (`timing`); `phones` and `mouth` say which shape the
mouth has; `visemes` which frame shows it; `layers` merge mouth, mood, pose and blinks; `roads`
find the way over the sequences that exist; `timeline` is the finished plan, and what it shows at a
time. Pure: values in, values out. Sound is read and written in `sound`, words are aligned in
`align`. Whole microseconds are the clock, so that no sum of times is ever off.
"""

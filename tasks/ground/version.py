"""The version of the program."""

VERSION = "0.1.0"
"""as in `pyproject.toml`; said in every frame, and decides nothing"""

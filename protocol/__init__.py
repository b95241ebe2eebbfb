"""The Comity protocol, version 1: pure functions over bytes, keys and `now`.

Nothing here does I/O, reads a clock, an environment or a file that is not part of this package.
The rules are in SPEC.md beside this file; each check cites its section.
"""

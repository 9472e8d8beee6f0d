"""Puts measured text into a document, between two marks."""

import sys


def put_into(document, mark, text):
    """Replaces what stands between the lines <!-- MARK --> and <!-- /MARK --> of the file at the path `document`.

    Ends the program with a message, and leaves the file as it is, where it lacks either.
    """
    before, begin, rest = document.read_text(encoding="utf-8").partition(f"<!-- {mark} -->\n")
    _, end, after = rest.partition(f"<!-- /{mark} -->")
    if not begin or not end:
        sys.exit(f"{document} has no block between <!-- {mark} --> and <!-- /{mark} -->")
    document.write_text(before + begin + text + end + after, encoding="utf-8")

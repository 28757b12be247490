"""Finding personal data and secrets in text: one detector for the operators that count and the one that redacts.

Every pattern is bounded, so the cost of a text grows linearly with its length, and every form that has a check digit is
checked. Nothing here logs, raises or returns a found value other than as a span of the text it was given.
"""

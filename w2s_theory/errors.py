"""What can be wrong with an input, and with a question."""


class InputError(ValueError):
    """Unusable input; the message is one sentence naming the file, field, row and value at fault."""


class UnresolvedError(Exception):
    """The instance does not determine the quantity asked for: a conditional expectation without its table."""

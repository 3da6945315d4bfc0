"""The one exception that carries a message for the person at the keyboard."""


class UserError(Exception):
    """A mistake or fault that its user can mend: one line that says what, where and what to do.

    The command line prints the message alone and exits with status 2; a traceback is never shown for it.
    """

"""Who is at the terminal, by the operating system: no option and no variable can say otherwise."""

import getpass
import os


def login() -> str:
    """The login name of the user that this process runs as."""
    if os.name != "posix":
        return getpass.getuser()
    import pwd

    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:  # a container's user that no one has named
        return f"uid{number}"


def is_known(name: str) -> bool:
    """Whether this computer has a user of that login name, as far as can be told."""
    if os.name != "posix":
        return True
    import pwd

    try:
        pwd.getpwnam(name)
    except KeyError:
        return name == login()
    return True

"""Where a connection's settings come from: a flag, else the environment, else the profile in `config.toml`.

The API key comes from the environment, the operating system's keyring, a file, or a question; never from an
argument, where everybody on the machine could read it.
"""

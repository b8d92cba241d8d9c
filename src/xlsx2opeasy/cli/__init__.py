"""Commands: arguments in, words out. The only room that prints or exits; the command path is the file path."""

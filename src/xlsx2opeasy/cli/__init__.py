"""Commands: arguments in, words out. The only room that prints or exits; command path = file path."""

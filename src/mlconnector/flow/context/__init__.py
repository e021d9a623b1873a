"""The context of a connection: settings, rules, source, sink, login and state, as every step finds them."""

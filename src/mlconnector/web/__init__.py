"""One ASGI application: webhook receivers, the OAuth callback, health, metrics and the JSON API."""

"""The HTTP server: sockets, the requests and their log, the control routes."""

"""The sandbox's HTTP server: sockets, requests, the control routes and the request log."""

"""The sandbox: a national e-ID, four agencies that hold data and a benefits office, each a process of its own.

They stand in for the outside world in the demo and in the tests, and speak to Aurora over HTTP only. See README.md.
"""

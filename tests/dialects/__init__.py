"""Local servers that speak a chat platform's dialect, faults included; each can also be started by hand."""

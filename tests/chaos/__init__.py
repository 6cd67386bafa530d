"""What is left when processes are killed, stopped and cut off from their database."""

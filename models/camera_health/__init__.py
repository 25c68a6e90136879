"""What is kept of cameras' condition: faults as events, minutes of activity, days of online and sound time."""

"""What stands on both sides of the wall: functions/ and src/ import nothing of each other.

What must be equal on both sides, and in the template and the state machines between them, is
held equal here.
"""

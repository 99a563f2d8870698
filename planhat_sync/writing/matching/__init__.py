"""What Planhat has already, and so whether a payload creates, updates or changes nothing."""

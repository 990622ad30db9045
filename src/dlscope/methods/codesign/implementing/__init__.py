"""What a device makes of a design: lanes, time and resources, of one or of thousands at once."""

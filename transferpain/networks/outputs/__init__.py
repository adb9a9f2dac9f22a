"""What stands on a network's last features: how it says a class, or a level on an ordered scale."""

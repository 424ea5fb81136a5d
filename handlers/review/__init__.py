"""What staff do with what founders asked, and with what the bot knows."""

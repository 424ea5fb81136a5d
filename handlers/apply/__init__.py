"""The application in the chat: an interview from the first question to the receipt, and what follows."""

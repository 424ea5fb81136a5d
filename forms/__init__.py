"""The application form as program content: what is asked and what an answer means; no network, no SQL."""

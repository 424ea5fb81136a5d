"""The application form as program content: what is asked, of whom, and what an answer means. Pure: no network, no SQL."""

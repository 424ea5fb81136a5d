"""Documents in, cited answers out: the only room that knows LangChain and Chroma."""

import os

# Products of one question are small, and numpy's threads spin while they wait; read when numpy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

"""One request, one answer: connections, the closed lists of what may leave, and what an answer says."""

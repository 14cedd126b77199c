"""Questions to the cloud and their answers: views, what they are made of, and what is kept of them."""

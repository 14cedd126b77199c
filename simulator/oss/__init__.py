"""OSS: turns a request to the data plane into a response. Start reading at handle.py."""

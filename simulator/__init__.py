"""A local Alibaba Cloud: OSS and the account APIs around it, in memory, for the real SDKs. Start reading at serve.py."""

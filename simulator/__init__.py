"""A local Alibaba Cloud: OSS and the account APIs around it, in memory, for the real SDKs. Start at serve.py."""

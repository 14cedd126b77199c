"""ossmend: finds out why Alibaba Cloud OSS answered 403, and repairs what can safely be repaired."""

__version__ = "0.1.0"

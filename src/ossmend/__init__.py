"""ossmend: finds out why Alibaba Cloud OSS answered 403, and mends what can safely be mended."""

__version__ = "0.1.0"

"""S3 as OSS speaks it: what an S3 client signed, answered by the operations in simulator/oss; begin with dialect.py."""

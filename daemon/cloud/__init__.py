"""The only place that knows oss2 and aliyunsdkcore: questions go out as a View, writes through an Executor.

Empty on purpose: importing the package must not import an SDK. Start reading at accounts.py.
"""
